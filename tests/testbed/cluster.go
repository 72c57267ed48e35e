package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Files of a cluster's folder that are not credentials.
const (
	etcdData                 = "data"
	controllerKubeconfigFile = "controller-manager.kubeconfig"
	standInReadyFile         = "stand-in.ready"
)

// Cluster is one control plane.
type Cluster struct {
	name           string
	folder         string
	apiServerFlags []string
	crds           []string
	controllers    bool
	credentials    *Credentials
	port           int
	processes      []*Process
}

// StartCluster starts a control plane whose files are in a new folder of its name, and returns when it is ready.
func StartCluster(ctx context.Context, options Options, name string) (*Cluster, error) {
	c := &Cluster{
		name:           name,
		folder:         filepath.Join(options.Folder, name),
		apiServerFlags: options.APIServerFlags[name],
		crds:           options.CRDs[name],
		controllers:    options.Controllers[name],
	}
	if err := os.Mkdir(c.folder, 0o700); err != nil {
		return nil, err
	}
	credentials, err := NewCredentials(c.folder, name)
	if err != nil {
		return nil, err
	}
	c.credentials = credentials
	for attempt := 1; ; attempt++ {
		err := c.start(ctx)
		if err == nil {
			return c, nil
		}
		StopProcesses(c.processes)
		if !errors.Is(err, errPortTaken) || attempt == attempts {
			return nil, err
		}
		if err := os.RemoveAll(c.credentials.Path(etcdData)); err != nil {
			return nil, err
		}
	}
}

// Server is the URL of the API server.
func (c *Cluster) Server() string {
	return fmt.Sprintf("https://127.0.0.1:%d", c.port)
}

// start starts the programs on a new port, each when the one that it needs is there: left alone, they find out by
// trying once a second.
func (c *Cluster) start(ctx context.Context) error {
	c.processes = nil
	port, err := FreePort()
	if err != nil {
		return err
	}
	c.port = port
	if err := c.writeControllerKubeconfig(); err != nil {
		return err
	}
	api, err := NewProbe(c.Server(), c.credentials.ServerCA, c.credentials.Token)
	if err != nil {
		return err
	}
	defer api.Close()

	assets, err := kubebuilderAssets()
	if err != nil {
		return err
	}
	if err := c.run(ctx, etcd, assets, etcdArguments(), FileExists(c.credentials.Path(etcdSocket))); err != nil {
		return err
	}
	if err := c.run(ctx, kubeAPIServer, assets, c.apiServerArguments(), api.Answers("/readyz")); err != nil {
		return err
	}
	crdContext, giveUp := context.WithCancel(ctx)
	defer giveUp()
	made := make(chan error, 1)
	go func() { made <- c.createCRDs(crdContext, c.crds, api) }()
	err = c.run(ctx, controllerManager, "", c.controllerManagerArguments(),
		api.Answers("/api/v1/namespaces/kube-system"),
		// The API server makes the namespace, the controller manager its account.
		api.Answers("/api/v1/namespaces/default/serviceaccounts/default"))
	if err != nil {
		return err
	}
	if err := <-made; err != nil || !c.controllers {
		return err
	}
	return c.run(ctx, standIn, "", c.standInArguments(), FileExists(c.credentials.Path(standInReadyFile)))
}

// kubebuilderAssets is the folder of the etcd and the kube-apiserver to use in place of our own; empty if there is none.
// The programs run in other folders than this one does.
func kubebuilderAssets() (string, error) {
	assets := os.Getenv("KUBEBUILDER_ASSETS")
	if assets == "" {
		return "", nil
	}
	return filepath.Abs(assets)
}

func (c *Cluster) writeControllerKubeconfig() error {
	kubeconfig := NewKubeconfig()
	kubeconfig.Add(c.name, c.Server(), c.credentials.ServerCA, c.credentials.ControllerToken)
	kubeconfig.Use(c.name)
	return kubeconfig.Write(c.credentials.Path(controllerKubeconfigFile))
}

// run starts a program and returns when the checks have passed, or one of the programs has ended.
func (c *Cluster) run(ctx context.Context, program, assets string, arguments []string, checks ...Check) error {
	process, err := StartProcess(program, assets, c.folder, arguments, tuning[program])
	if err != nil {
		return err
	}
	c.processes = append(c.processes, process)
	return AwaitWhileRunning(ctx, c.processes, checks...)
}
