package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Flux's controllers: programs of their own beside this one, since each is built from dependencies of its own.
const (
	sourceController    = "source-controller"
	kustomizeController = "kustomize-controller"
)

// artifacts is the folder of what source-controller has fetched.
const artifacts = "artifacts"

// FluxOptions is what `testbed flux` was asked for. Paths are absolute.
type FluxOptions struct {
	// Folder holds everything that the controllers and the Git server write.
	Folder string
	// Kubeconfig is the file, and Context its context, of the cluster.
	Kubeconfig, Context string
	// LogFolder is where the logs are kept; empty if they are not.
	LogFolder string
}

func parseFluxOptions(arguments []string) (FluxOptions, error) {
	var options FluxOptions
	flags := flag.NewFlagSet("flux", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.Folder, "dir", "", "")
	flags.StringVar(&options.Kubeconfig, "kubeconfig", "", "")
	flags.StringVar(&options.Context, "context", "", "")
	flags.StringVar(&options.LogFolder, "keep-logs", "", "")
	if err := parseFlags(flags, arguments); err != nil {
		return options, err
	}
	for name, value := range map[string]string{
		"dir": options.Folder, "kubeconfig": options.Kubeconfig, "context": options.Context,
	} {
		if value == "" {
			return options, fmt.Errorf("--%s is missing", name)
		}
	}
	for _, path := range []*string{&options.Folder, &options.Kubeconfig, &options.LogFolder} {
		if *path == "" {
			continue
		}
		absolute, err := filepath.Abs(*path)
		if err != nil {
			return options, err
		}
		*path = absolute
	}
	return options, nil
}

// startFlux runs Flux's controllers on a cluster, and a Git server that they can fetch from, until it is told to stop.
func startFlux(options FluxOptions) error {
	return live(options.Folder, options.LogFolder, func(ctx context.Context) ([]*Process, error) {
		git, err := ServeGit(filepath.Join(options.Folder, "git"))
		if err != nil {
			return nil, err
		}
		processes, err := startControllers(ctx, options)
		if err != nil {
			return processes, err
		}
		return processes, json.NewEncoder(os.Stdout).Encode(map[string]any{"git": git})
	})
}

// startControllers starts both at once, and anew when somebody else took one of their ports.
func startControllers(ctx context.Context, options FluxOptions) ([]*Process, error) {
	kubeconfig := filepath.Join(options.Folder, "flux.kubeconfig")
	if err := writeCurrentContext(options, kubeconfig); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(options.Folder, artifacts), 0o700); err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		processes, err := tryControllers(ctx, options.Folder, kubeconfig)
		if err == nil || !errors.Is(err, errPortTaken) || attempt == attempts {
			return processes, err
		}
		StopProcesses(processes)
	}
}

func tryControllers(ctx context.Context, folder, kubeconfig string) ([]*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	// RUNTIME_NAMESPACE is where a controller's own Pod would be; that namespace must exist.
	environment := []string{"KUBECONFIG=" + kubeconfig, "RUNTIME_NAMESPACE=default"}
	var processes []*Process
	var checks []Check
	for _, controller := range []string{sourceController, kustomizeController} {
		health, err := FreePort()
		if err != nil {
			return processes, err
		}
		arguments := []string{
			fmt.Sprintf("--health-addr=127.0.0.1:%d", health),
			"--metrics-addr=127.0.0.1:0",
			"--enable-leader-election=false",
			"--concurrent=8",
			// What waits for something else looks again after this time, by default half a minute.
			"--requeue-dependency=1s",
		}
		if controller == sourceController {
			port, err := FreePort()
			if err != nil {
				return processes, err
			}
			storage := fmt.Sprintf("127.0.0.1:%d", port)
			arguments = append(arguments, "--storage-path="+filepath.Join(folder, artifacts),
				"--storage-addr="+storage, "--storage-adv-addr="+storage)
		}
		process, err := StartProcess(controller, filepath.Dir(self), folder, arguments, environment)
		if err != nil {
			return processes, fmt.Errorf("%w; `build flux` makes it", err)
		}
		processes = append(processes, process)
		checks = append(checks, AnswersPlainly(fmt.Sprintf("http://127.0.0.1:%d/readyz", health)))
	}
	return processes, AwaitWhileRunning(ctx, processes, checks...)
}

// writeCurrentContext writes a kubeconfig of one context, the current one: the controllers take no other.
func writeCurrentContext(options FluxOptions, path string) error {
	config, err := clientcmd.LoadFromFile(options.Kubeconfig)
	if err != nil {
		return err
	}
	config.CurrentContext = options.Context
	if err := api.MinifyConfig(config); err != nil {
		return err
	}
	return clientcmd.WriteToFile(*config, path)
}
