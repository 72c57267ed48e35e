package main

import (
	"context"
	"encoding/json"
	"errors"
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
	return live(options.Folder, "", func(ctx context.Context) ([]*Process, error) {
		clusters, err := startAll(ctx, options)
		if err == nil {
			err = announce(os.Stdout, options.Folder, clusters)
		}
		return allProcesses(clusters), err
	})
}

// live has begin start programs in a folder of theirs, stops them when it is told to, and removes the folder; where
// another folder is named, it gets the logs.
func live(path, logs string, begin func(context.Context) ([]*Process, error)) error {
	folder, err := ClaimFolder(path)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go stopWhenTold(stop)

	processes, err := begin(ctx)
	if err == nil {
		err = watch(ctx, processes)
	}
	StopProcesses(processes)
	if logs != "" {
		err = errors.Join(err, keepLogs(processes, logs))
	}
	if err != nil && ctx.Err() == nil {
		// The folder stays: it holds the logs, and the next test bed may have it.
		return fmt.Errorf("%w\nthe logs are in %s", err, path)
	}
	return folder.Remove()
}

// keepLogs lays the logs where they outlive their folder; those of an earlier run give way.
func keepLogs(processes []*Process, folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, p := range processes {
		content, err := os.ReadFile(p.log)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(p.log)), content, 0o600); err != nil {
			return err
		}
	}
	return nil
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
func watch(ctx context.Context, processes []*Process) error {
	select {
	case <-ctx.Done():
		return nil
	case dead := <-FirstEnded(ctx, processes):
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
