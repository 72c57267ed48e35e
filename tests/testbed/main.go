// Testbed runs throw-away Kubernetes control planes for the tests and benchmarks of kubectl-tapmc.
//
// It is one binary for all of them: called as etcd, kube-apiserver or kube-controller-manager it is that program,
// unchanged; called as stand-in it does what the tests need of other controllers; under any other name it is the owner, which starts control planes, says how to reach them, and lets none of
// them outlive it.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if program, ok := programs[filepath.Base(os.Args[0])]; ok {
		endWithOwner()
		os.Exit(program())
	}
	os.Exit(own(os.Args[1:]))
}

// own runs the owner's command line and returns its exit code.
func own(arguments []string) int {
	run, err := parseCommand(arguments)
	switch {
	case err == errHelp:
		fmt.Print(usage)
		return 0
	case err != nil:
		fmt.Fprintf(os.Stderr, "error: %v\nhint: testbed --help\n", err)
		return 2
	}
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}
