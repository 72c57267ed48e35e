// Package clusters is what every reader here needs of the clusters: its credential is found on the build cluster, and
// with what the reader makes of it the run cluster is asked for ConfigMaps. It is a module of its own since the readers
// are built with different versions of Kubernetes' client.
package clusters

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// patience bounds everything that one reader does.
const patience = 60 * time.Second

// Asked is what a reader was told.
type Asked struct {
	// Kubeconfig is the file, and Context its context, of the build cluster.
	Kubeconfig, Context string
	// Namespace and Name are those of the reader's Secret, or of its own object.
	Namespace, Name string
	// File is what a reader of files reads.
	File string
	// Folder is where a reader may write what its programs need.
	Folder string
	// RunNamespace is where ConfigMaps are listed.
	RunNamespace string
}

// Reached is what a run cluster answered.
type Reached struct {
	// Cluster is the name by which the reader knows it; empty where it has none.
	Cluster string `json:"cluster,omitempty"`
	// Server is its address.
	Server string `json:"server"`
	// ConfigMaps are the names of those in the run namespace.
	ConfigMaps []string `json:"configMaps"`
}

// Reader reads a credential as a system does, and gives how it would reach the run cluster, which it knows by that name.
type Reader func(ctx context.Context, asked Asked) (name string, config *rest.Config, err error)

// Run has the reader that the first argument names read, and prints what the run cluster answers. It returns the exit
// code.
func Run(readers map[string]Reader) int {
	if err := run(readers, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "error: %v\n", err)
		return 1
	}
	return 0
}

func run(readers map[string]Reader, arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("no reader is named")
	}
	read, ok := readers[arguments[0]]
	if !ok {
		return fmt.Errorf("there is no reader %q here", arguments[0])
	}
	asked, err := parse(arguments[1:])
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	name, config, err := read(ctx, asked)
	if err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	reached, err := reach(ctx, name, config, asked.RunNamespace)
	if err != nil {
		return fmt.Errorf("reaching: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(reached)
}

func parse(arguments []string) (Asked, error) {
	var asked Asked
	flags := flag.NewFlagSet("reader", flag.ContinueOnError)
	flags.StringVar(&asked.Kubeconfig, "kubeconfig", "", "")
	flags.StringVar(&asked.Context, "context", "", "")
	flags.StringVar(&asked.Namespace, "namespace", "", "")
	flags.StringVar(&asked.Name, "name", "", "")
	flags.StringVar(&asked.File, "file", "", "")
	flags.StringVar(&asked.Folder, "folder", "", "")
	flags.StringVar(&asked.RunNamespace, "run-namespace", "", "")
	return asked, flags.Parse(arguments)
}

// Build is how the build cluster is reached.
func (a Asked) Build() (*rest.Config, error) {
	return a.buildContext().ClientConfig()
}

func (a Asked) buildContext() clientcmd.ClientConfig {
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: a.Kubeconfig},
		&clientcmd.ConfigOverrides{CurrentContext: a.Context})
}

// WriteCurrent writes a kubeconfig for programs that take no context: the build cluster's is the current one, with the
// reader's namespace. It gives the file, which stands in the folder.
func (a Asked) WriteCurrent() (string, error) {
	all, err := a.buildContext().RawConfig()
	if err != nil {
		return "", err
	}
	named, ok := all.Contexts[a.Context]
	if !ok {
		return "", fmt.Errorf("the kubeconfig has no context %q", a.Context)
	}
	named.Namespace = a.Namespace
	all.CurrentContext = a.Context
	path := filepath.Join(a.Folder, "kubeconfig")
	return path, clientcmd.WriteToFile(all, path)
}

// reach lists the ConfigMaps of the run namespace.
func reach(ctx context.Context, name string, config *rest.Config, namespace string) (Reached, error) {
	reached := Reached{Cluster: name, Server: config.Host, ConfigMaps: []string{}}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return reached, err
	}
	found, err := client.CoreV1().ConfigMaps(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return reached, err
	}
	for _, configMap := range found.Items {
		reached.ConfigMaps = append(reached.ConfigMaps, configMap.Name)
	}
	return reached, nil
}
