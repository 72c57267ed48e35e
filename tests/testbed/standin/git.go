package standin

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// checkout reads the files of one folder of a public Git repository, as kapp-controller fetches them: by url, ref and
// subPath.
func checkout(ctx context.Context, fetch map[string]any) (map[string]string, error) {
	folder, err := os.MkdirTemp("", "stand-in-git-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for _, arguments := range [][]string{
		{"clone", "--quiet", text(fetch, "git", "url"), folder},
		{"-C", folder, "checkout", "--quiet", text(fetch, "git", "ref")},
	} {
		command := exec.CommandContext(ctx, "git", arguments...)
		command.Env = append(os.Environ(), "GIT_TERMINAL_PROMPT=0", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
		if said, err := command.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("Fetching resources: Error (see .status.usefulErrorMessage for details): git: %s: %w",
				strings.TrimSpace(string(said)), err)
		}
	}
	files := map[string]string{}
	root := filepath.Join(folder, filepath.FromSlash(text(fetch, "git", "subPath")))
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			if err == nil && entry.Name() == ".git" {
				return fs.SkipDir
			}
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("Fetching resources: %w", err)
	}
	return files, nil
}

// fetched are the files of one entry of an App's fetch.
func fetched(ctx context.Context, fetch map[string]any) (map[string]string, error) {
	if _, found := fetch["git"]; found {
		return checkout(ctx, fetch)
	}
	files, found, err := unstructured.NestedStringMap(fetch, "inline", "paths")
	if err != nil || !found {
		return nil, fmt.Errorf("Fetching: the stand-in knows inline.paths and git only")
	}
	return files, nil
}
