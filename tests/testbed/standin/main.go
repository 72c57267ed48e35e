// Package standin behaves, to those who look at the API server, as two controllers do that cannot be had as Go modules:
//
//   - kapp-controller (github.com/carvel-dev/kapp-controller): App, PackageInstall, PackageRepository, and what the
//     kapp inside it leaves on the objects that it deploys;
//   - Cartographer (github.com/vmware-tanzu/cartographer): ClusterSupplyChain and Workload.
//
// Only the behaviour that the plugin's tests need is here, as it was measured with the real controllers, in code of its
// own. What it does otherwise than they do:
//
//   - time is compressed: an App is synced every second, where kapp-controller takes 30 s at the least;
//   - an App's content is its inline files as they stand: neither ytt nor kbld nor values are evaluated, and everything
//     is written with the stand-in's own rights, whatever service account is named; an App with spec.cluster deploys
//     with the kubeconfig of its Secret and nothing else;
//   - a version constraint is one exact version;
//   - Cartographer's ytt templates are not evaluated and stamp nothing, and what was stamped is looked at once a second
//     instead of being watched. Deliverables and Runnables are left alone.
package standin

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
)

// Run is the stand-in's main function: it returns its exit code when it is told to stop.
func Run(arguments []string) int {
	flags := flag.NewFlagSet("stand-in", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "the cluster to work on")
	ready := flags.String("ready-file", "", "is written when everything is being watched")
	if err := flags.Parse(arguments); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx, *kubeconfig, *ready); err != nil {
		log.Print(err)
		return 1
	}
	return 0
}

func run(ctx context.Context, kubeconfig, ready string) error {
	cluster, err := Connect(kubeconfig)
	if err != nil {
		return err
	}
	watches := NewWatches(cluster)
	watchCarvel(ctx, cluster, watches)
	watchCartographer(ctx, cluster, watches)
	if err := watches.Start(ctx); err != nil {
		return err
	}
	if err := os.WriteFile(ready, fmt.Appendln(nil, os.Getpid()), 0o600); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
