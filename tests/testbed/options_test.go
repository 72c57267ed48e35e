package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestOptionsOfStart(t *testing.T) {
	got, err := parseOptions(strings.Fields(
		"--dir /d --cluster build --cluster run-a --apiserver-flag run-a=--max=1h --apiserver-flag run-a=--on " +
			"--crds build=/c/one --crds build=/c/two --controllers build"))
	want := Options{
		Folder:         "/d",
		Clusters:       []string{"build", "run-a"},
		APIServerFlags: map[string][]string{"run-a": {"--max=1h", "--on"}},
		CRDs:           map[string][]string{"build": {"/c/one", "/c/two"}},
		Controllers:    map[string]bool{"build": true},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for arguments, want := range map[string]string{
		"":                                      "no command",
		"stop":                                  `"stop" is not a command`,
		"start --cluster a":                     "--dir is missing",
		"start --dir d":                         "--cluster is missing",
		"start --dir d --cluster A":             "lower-case",
		"start --dir d --cluster ../a":          "lower-case",
		"start --dir d --cluster a extra":       `"extra" is not understood`,
		"start --dir d --cluster a --cluster a": "named before",
		"start --dir d --cluster a --apiserver-flag b=--x":     `cluster "b"`,
		"start --dir d --cluster a --apiserver-flag --x=true":  "NAME=--flag=value",
		"start --dir d --cluster a --apiserver-flag a=without": "NAME=--flag=value",
		"start --dir d --cluster a --crds b=d":                 `cluster "b"`,
		"start --dir d --cluster a --crds a":                   "NAME=DIR",
		"start --dir d --cluster a --controllers b":            `cluster "b"`,
		"flux --dir d --kubeconfig k":                          "--context is missing",
		"flux --dir d --context build":                         "--kubeconfig is missing",
		"flux --kubeconfig k --context build":                  "--dir is missing",
		"flux --dir d --kubeconfig k --context build more":     `"more" is not understood`,
	} {
		if _, err := parseCommand(strings.Fields(arguments)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("testbed %s: got %v, want %q", arguments, err, want)
		}
	}
}
