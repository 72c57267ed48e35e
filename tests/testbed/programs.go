package main

import (
	"os"
	_ "time/tzdata" // for the time zones of CronJobs, as in Kubernetes' own programs

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"

	"kubectl-tapmc/testbed/standin"
)

// The names that the binary is called by.
const (
	etcd              = "etcd"
	kubeAPIServer     = "kube-apiserver"
	controllerManager = "kube-controller-manager"
	standIn           = "stand-in"
)

// programs are the parts of Kubernetes that this binary can be, by name, and the stand-in for what runs on it.
// Each returns its exit code, unless it ends the process itself.
var programs = map[string]func() int{
	etcd: func() int {
		etcdmain.Main(os.Args)
		return 0
	},
	kubeAPIServer:     func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	controllerManager: func() int { return cli.Run(controllermanager.NewControllerManagerCommand()) },
	standIn:           func() int { return standin.Run(os.Args[1:]) },
}
