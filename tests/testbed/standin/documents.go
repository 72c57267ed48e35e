package standin

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/util/yaml"
)

// documents reads the objects of an App's files, file by file in the order of their names.
func documents(ctx context.Context, app *Object) ([]*Object, error) {
	var objects []*Object
	for _, fetch := range list(app.Object, "spec", "fetch") {
		files, err := fetched(ctx, fetch)
		if err != nil {
			return nil, err
		}
		for _, file := range slices.Sorted(maps.Keys(files)) {
			if ending := path.Ext(file); ending != ".yml" && ending != ".yaml" {
				continue
			}
			read, err := ReadObjects([]byte(files[file]))
			if err != nil {
				return nil, fmt.Errorf("Templating: %s: %w", file, err)
			}
			objects = append(objects, read...)
		}
	}
	return objects, nil
}

// ReadObjects reads the documents of a YAML file; empty ones are left out.
func ReadObjects(content []byte) ([]*Object, error) {
	var objects []*Object
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		asJSON, err := yaml.ToJSON(document)
		if err != nil {
			return nil, err
		}
		if string(asJSON) == "null" {
			continue
		}
		object := &Object{}
		if err := object.UnmarshalJSON(asJSON); err != nil {
			return nil, err
		}
		objects = append(objects, object)
	}
}
