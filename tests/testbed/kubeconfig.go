package main

import (
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Kubeconfig is a kubeconfig that needs no other file: authorities and tokens are inline.
type Kubeconfig struct {
	config *api.Config
}

// NewKubeconfig makes one without clusters.
func NewKubeconfig() Kubeconfig {
	return Kubeconfig{api.NewConfig()}
}

// Add adds a cluster, a user and a context, all of one name. The context names no namespace, and does not become the
// current one: a test that forgets to say where it goes should fail.
func (k Kubeconfig) Add(name, server string, authority []byte, token string) {
	k.config.Clusters[name] = &api.Cluster{Server: server, CertificateAuthorityData: authority}
	k.config.AuthInfos[name] = &api.AuthInfo{Token: token}
	k.config.Contexts[name] = &api.Context{Cluster: name, AuthInfo: name}
}

// Use makes a context the current one.
func (k Kubeconfig) Use(name string) {
	k.config.CurrentContext = name
}

// Write writes it to a file that only its owner can read.
func (k Kubeconfig) Write(path string) error {
	return clientcmd.WriteToFile(*k.config, path)
}
