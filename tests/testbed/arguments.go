package main

import (
	"fmt"
	"strings"
)

// controllers are those that the plugin's tests need: tokens, namespaces, garbage collection, CronJobs.
var controllers = strings.Join([]string{
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"namespace-controller",
	"garbage-collector-controller",
	"root-ca-certificate-publisher-controller",
	"cronjob-controller",
	"job-controller",
	"clusterrole-aggregation-controller",
}, ",")

// Sockets of etcd in the cluster's folder, which is where its programs run: they need no ports, and nobody else can
// reach a store that asks for no password. A relative name is never too long for a socket.
const (
	etcdSocket     = "etcd.socket"
	etcdPeerSocket = "etcd-peer.socket"
)

func etcdArguments() []string {
	// What is advertised must be a network address, but there is no other member that would use it.
	const nowhere = "http://127.0.0.1:1"
	return []string{
		"--data-dir=" + etcdData,
		"--listen-client-urls=unix://" + etcdSocket,
		"--advertise-client-urls=" + nowhere,
		"--listen-peer-urls=unix://" + etcdPeerSocket,
		"--initial-advertise-peer-urls=" + nowhere,
		"--initial-cluster=default=" + nowhere,
		"--unsafe-no-fsync",
		// A member alone elects itself after some heartbeats: with the defaults that takes most of a second.
		"--heartbeat-interval=25",
		"--election-timeout=125",
	}
}

func (c *Cluster) apiServerArguments() []string {
	return append([]string{
		"--etcd-servers=unix://" + etcdSocket,
		"--bind-address=127.0.0.1",
		"--advertise-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", c.port),
		"--tls-cert-file=" + c.credentials.Path(serverCertificateFile),
		"--tls-private-key-file=" + c.credentials.Path(serverKeyFile),
		"--client-ca-file=" + c.credentials.Path(clientCAFile),
		"--token-auth-file=" + c.credentials.Path(tokensFile),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.credentials.Path(serviceAccountCertificateFile),
		"--service-account-signing-key-file=" + c.credentials.Path(serviceAccountKeyFile),
		"--service-cluster-ip-range=10.0.0.0/24",
		"--authorization-mode=RBAC",
		"--allow-privileged=true",
		// Loopback is no address for an Endpoints object, and nothing would use it.
		"--endpoint-reconciler-type=none",
		"--profiling=false",
	}, c.apiServerFlags...)
}

func (c *Cluster) standInArguments() []string {
	return []string{
		"--kubeconfig=" + c.credentials.Path(controllerKubeconfigFile),
		"--ready-file=" + c.credentials.Path(standInReadyFile),
	}
}

// tuning is what the programs' environments say to the Go runtime: the API server's garbage is collected half as often,
// which takes a tenth from the CPU time of its start and adds a tenth to its memory.
var tuning = map[string][]string{kubeAPIServer: {"GOGC=200"}}

func (c *Cluster) controllerManagerArguments() []string {
	return []string{
		"--kubeconfig=" + c.credentials.Path(controllerKubeconfigFile),
		"--service-account-private-key-file=" + c.credentials.Path(serviceAccountKeyFile),
		"--root-ca-file=" + c.credentials.Path(serverCAFile),
		"--controllers=" + controllers,
		"--leader-elect=false",
		"--secure-port=0",
		"--profiling=false",
		// The default of 20 requests a second makes every namespace take seconds to go.
		"--kube-api-qps=1000",
		"--kube-api-burst=1000",
	}
}
