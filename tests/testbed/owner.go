package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

// start runs the clusters until it is told to stop, and leaves nothing behind.
func start(options Options) error {
	folder, err := ClaimFolder(options.Folder)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go stopWhenTold(stop)

	clusters, err := startAll(ctx, options)
	if err == nil {
		if err = announce(os.Stdout, options.Folder, clusters); err == nil {
			err = watch(ctx, clusters)
		}
	}
	StopProcesses(allProcesses(clusters))
	if err != nil && ctx.Err() == nil {
		// The folder stays: it holds the logs, and the next test bed may have it.
		return fmt.Errorf("%w\nthe logs are in %s", err, options.Folder)
	}
	return folder.Remove()
}

// stopWhenTold stops at the end of standard input, which also comes when the process that started this one is killed,
// and on the signals that ask for it. A broken pipe is one: whoever was to read the answer is gone.
func stopWhenTold(stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	<-signals
	stop()
}

// startAll starts the clusters at once. When one fails the rest is given up and its error is returned, with those
// clusters that run already.
func startAll(ctx context.Context, options Options) ([]*Cluster, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clusters := make([]*Cluster, len(options.Clusters))
	var group sync.WaitGroup
	for i, name := range options.Clusters {
		group.Go(func() {
			var err error
			if clusters[i], err = StartCluster(ctx, options, name); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	clusters = slices.DeleteFunc(clusters, func(c *Cluster) bool { return c == nil })
	return clusters, context.Cause(ctx)
}

// watch returns when it is time to stop: an error when a program ended by itself.
func watch(ctx context.Context, clusters []*Cluster) error {
	select {
	case <-ctx.Done():
		return nil
	case dead := <-FirstEnded(ctx, allProcesses(clusters)):
		return dead.Obituary()
	}
}

func allProcesses(clusters []*Cluster) []*Process {
	var processes []*Process
	for _, cluster := range clusters {
		processes = append(processes, cluster.processes...)
	}
	return processes
}

// announcement is the line that says how to reach the clusters.
type announcement struct {
	Kubeconfig string             `json:"kubeconfig"`
	Clusters   []announcedCluster `json:"clusters"`
}

type announcedCluster struct {
	Name                 string `json:"name"`
	Server               string `json:"server"`
	CertificateAuthority string `json:"certificateAuthority"`
	ClientCertificate    string `json:"clientCertificate"`
	ClientKey            string `json:"clientKey"`
	Token                string `json:"token"`
}

// announce writes the kubeconfig of all clusters and the line that names it.
func announce(out io.Writer, folder string, clusters []*Cluster) error {
	kubeconfig := NewKubeconfig()
	line := announcement{Kubeconfig: filepath.Join(folder, "kubeconfig")}
	for _, cluster := range clusters {
		credentials := cluster.credentials
		kubeconfig.Add(cluster.name, cluster.Server(), credentials.ServerCA, credentials.Token)
		line.Clusters = append(line.Clusters, announcedCluster{
			Name:                 cluster.name,
			Server:               cluster.Server(),
			CertificateAuthority: credentials.Path(serverCAFile),
			ClientCertificate:    credentials.Path(clientCertificateFile),
			ClientKey:            credentials.Path(clientKeyFile),
			Token:                credentials.Token,
		})
	}
	if err := kubeconfig.Write(line.Kubeconfig); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(line)
}
