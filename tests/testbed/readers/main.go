// Readers reads a run cluster's credential as other systems do, each with its published Go code, and reaches the run
// cluster with what that makes of it: `readers READER --kubeconfig FILE --context CONTEXT …`. Argo CD and Karmada
// are in a program of their own (readers-1.31), since they are made for another Kubernetes.
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
		"client-go":                    readFile,
		"capact":                       readTypeInstance,
		"cluster-api":                  readClusterAPISecret,
		"sveltos":                      readSveltosCluster,
		"crossplane":                   readProviderConfig("kubernetes.crossplane.io", "v1alpha1", "ProviderConfig"),
		"crossplane-namespaced":        readProviderConfig("kubernetes.m.crossplane.io", "v1alpha1", "ProviderConfig"),
		"multicluster-runtime":         engage,
		"cluster-profile-secretreader": readClusterProfile("secretreader"),
		"cluster-profile-kubeconfig-secretreader": readClusterProfile("kubeconfig-secretreader"),
	}))
}
