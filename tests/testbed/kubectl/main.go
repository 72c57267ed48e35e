// Kubectl is kubectl, as Kubernetes publishes it, at the release of the test bed's control planes.
//
// It is a binary of its own: as one more name of the test bed's, it would take twice as long to start, and so make
// the kubectl script that the benchmarks compare with look slower than it is.
package main

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
)

func main() {
	// As in Kubernetes' own main: the verbosity must hold while the command is built, before flags are parsed.
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args))
	if err := cli.RunNoErrOutput(cmd.NewDefaultKubectlCommand()); err != nil {
		util.CheckErr(err)
	}
}
