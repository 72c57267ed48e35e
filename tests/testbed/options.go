package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const usage = `Starts throw-away Kubernetes control planes, and Flux for one of them, and stops them when its standard input ends.

Usage:
  testbed start --dir DIR --cluster NAME [--cluster NAME ...] [--apiserver-flag NAME=--flag=value ...]
                [--crds NAME=DIR ...] [--controllers NAME ...]
  testbed flux --dir DIR --kubeconfig FILE --context NAME [--keep-logs DIR]

Flags of start:
  --dir DIR                           where everything is kept while it runs; must be empty or missing; removed at the end
  --cluster NAME                      starts a control plane of this name (repeat it for more)
  --apiserver-flag NAME=--flag=value  one more flag for the kube-apiserver of the cluster NAME (repeat it for more)
  --crds NAME=DIR                     creates the CustomResourceDefinitions of DIR's .yaml files on the cluster NAME
                                      (repeat it for more)
  --controllers NAME                  runs the stand-in for kapp-controller and Cartographer on the cluster NAME, which
                                      needs their CustomResourceDefinitions (repeat it for more)

Flags of flux, which runs Flux's source-controller and kustomize-controller and a Git server:
  --dir DIR                           as above
  --kubeconfig FILE, --context NAME   the cluster, which needs their CustomResourceDefinitions
  --keep-logs DIR                     where their logs are moved to at the end

When everything is ready, one line of JSON on standard output says how to reach it.
KUBEBUILDER_ASSETS names a folder whose etcd and kube-apiserver are used in place of the built-in ones.
`

// errHelp is returned where the usage was asked for.
var errHelp = errors.New("help")

var clusterName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$`)

// Options is what `testbed start` was asked for.
type Options struct {
	// Folder holds everything that the clusters write; absolute.
	Folder string
	// Clusters are the names of the control planes, in the order given.
	Clusters []string
	// APIServerFlags are further flags of kube-apiserver, by cluster.
	APIServerFlags map[string][]string
	// CRDs are folders with CustomResourceDefinitions, by cluster; absolute.
	CRDs map[string][]string
	// Controllers are the clusters on which the stand-in runs.
	Controllers map[string]bool
}

// parseCommand gives what a command line asks for, ready to be run.
func parseCommand(arguments []string) (func() error, error) {
	if len(arguments) == 0 {
		return nil, errors.New("no command was given")
	}
	switch command, rest := arguments[0], arguments[1:]; command {
	case "start":
		options, err := parseOptions(rest)
		return func() error { return start(options) }, err
	case "flux":
		options, err := parseFluxOptions(rest)
		return func() error { return startFlux(options) }, err
	case "help", "-h", "-help", "--help":
		return nil, errHelp
	default:
		return nil, fmt.Errorf("%q is not a command of testbed", command)
	}
}

// parseOptions reads the arguments of `testbed start`.
func parseOptions(arguments []string) (Options, error) {
	options := Options{
		APIServerFlags: map[string][]string{},
		CRDs:           map[string][]string{},
		Controllers:    map[string]bool{},
	}
	flags := flag.NewFlagSet("start", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.Folder, "dir", "", "")
	flags.Func("cluster", "", options.addCluster)
	flags.Func("apiserver-flag", "", options.addAPIServerFlag)
	flags.Func("crds", "", options.addCRDs)
	flags.Func("controllers", "", func(name string) error {
		options.Controllers[name] = true
		return nil
	})
	if err := parseFlags(flags, arguments); err != nil {
		return Options{}, err
	}
	return options, options.complete()
}

// parseFlags reads a command line that has flags only.
func parseFlags(flags *flag.FlagSet, arguments []string) error {
	if err := flags.Parse(arguments); errors.Is(err, flag.ErrHelp) {
		return errHelp
	} else if err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("the argument %q is not understood", flags.Arg(0))
	}
	return nil
}

func (o *Options) addCluster(name string) error {
	if !clusterName.MatchString(name) {
		return errors.New("a name has at most 40 lower-case letters, digits and dashes, and no dash at its ends")
	}
	for _, other := range o.Clusters {
		if other == name {
			return errors.New("it was named before")
		}
	}
	o.Clusters = append(o.Clusters, name)
	return nil
}

func (o *Options) addAPIServerFlag(value string) error {
	name, extra, _ := strings.Cut(value, "=")
	if !strings.HasPrefix(extra, "--") {
		return errors.New("it must look like NAME=--flag=value")
	}
	o.APIServerFlags[name] = append(o.APIServerFlags[name], extra)
	return nil
}

func (o *Options) addCRDs(value string) error {
	name, folder, _ := strings.Cut(value, "=")
	if folder == "" {
		return errors.New("it must look like NAME=DIR")
	}
	// The programs run in other folders than this one does.
	folder, err := filepath.Abs(folder)
	o.CRDs[name] = append(o.CRDs[name], folder)
	return err
}

// complete checks what only the whole command line can tell.
func (o *Options) complete() error {
	switch {
	case o.Folder == "":
		return errors.New("--dir is missing")
	case len(o.Clusters) == 0:
		return errors.New("--cluster is missing")
	}
	for flag, names := range map[string][]string{
		"apiserver-flag": slices.Collect(maps.Keys(o.APIServerFlags)),
		"crds":           slices.Collect(maps.Keys(o.CRDs)),
		"controllers":    slices.Collect(maps.Keys(o.Controllers)),
	} {
		for _, name := range names {
			if !slices.Contains(o.Clusters, name) {
				return fmt.Errorf("--%s is for the cluster %q, which no --cluster names", flag, name)
			}
		}
	}
	folder, err := filepath.Abs(o.Folder)
	o.Folder = folder
	return err
}
