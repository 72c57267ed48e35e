// Readers-1.31 is readers (..) for what is made for Kubernetes 1.31.
package main

import (
	"os"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"kubectl-tapmc/testbed/readers/clusters"
)

func main() {
	log.SetLogger(logr.Discard())
	os.Exit(clusters.Run(map[string]clusters.Reader{
		"argocd":  readArgoSecret,
		"karmada": readKarmadaCluster,
	}))
}
