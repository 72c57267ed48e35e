package standin

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// remoteTimeout bounds a request to a cluster that may not be there.
const remoteTimeout = 5 * time.Second

var secrets = Resource{Version: "v1", Resource: "secrets"}

// remote is the cluster to which an App with spec.cluster deploys, and the namespace of its content and its record: by
// the Secret as it is now, read from the App's own namespace.
func remote(ctx context.Context, home *Cluster, app *Object) (*Cluster, string, error) {
	reference := nested(app, "spec", "cluster", "kubeconfigSecretRef")
	name, key := text(reference, "name"), cmp.Or(text(reference, "key"), "value")
	secret, err := home.Get(ctx, secrets, Name{Namespace: app.GetNamespace(), Name: name})
	if err != nil {
		return nil, "", fmt.Errorf("Preparing kapp: Getting kubeconfig secret: %w", err)
	}
	content, err := secretValue(secret, key)
	if err != nil {
		return nil, "", fmt.Errorf("Preparing kapp: %w", err)
	}
	config, namespace, err := restricted(content)
	if err != nil {
		return nil, "", fmt.Errorf("Preparing kapp: Building kubeconfig: %w", err)
	}
	cluster, err := connect(config)
	if err != nil {
		return nil, "", fmt.Errorf("Preparing kapp: Building kubeconfig: %w", err)
	}
	return cluster, cmp.Or(text(app.Object, "spec", "cluster", "namespace"), namespace), nil
}

func secretValue(secret *Object, key string) ([]byte, error) {
	data, _, _ := unstructured.NestedStringMap(secret.Object, "data")
	encoded, found := data[key]
	if !found {
		keys := strings.Join(slices.Sorted(maps.Keys(data)), ", ")
		return nil, fmt.Errorf("Expected to find key '%s' in secret (keys: %s)", key, keys)
	}
	return base64.StdEncoding.DecodeString(encoded)
}

// restricted is what kapp-controller makes of a kubeconfig (pkg/kubeconfig/kubeconfig_restricted.go there): credential
// plugins and everything that names a file are dropped.
func restricted(content []byte) (*rest.Config, string, error) {
	given, err := clientcmd.Load(content)
	if err != nil {
		return nil, "", err
	}
	if len(given.Clusters) == 0 {
		return nil, "", fmt.Errorf("Expected to find at least one cluster")
	}
	kept := clientcmdapi.NewConfig()
	kept.CurrentContext = given.CurrentContext
	for name, cluster := range given.Clusters {
		kept.Clusters[name] = &clientcmdapi.Cluster{
			Server: cluster.Server, TLSServerName: cluster.TLSServerName,
			InsecureSkipTLSVerify:    cluster.InsecureSkipTLSVerify,
			CertificateAuthorityData: cluster.CertificateAuthorityData, ProxyURL: cluster.ProxyURL,
		}
	}
	for name, user := range given.AuthInfos {
		kept.AuthInfos[name] = &clientcmdapi.AuthInfo{
			ClientCertificateData: user.ClientCertificateData, ClientKeyData: user.ClientKeyData, Token: user.Token,
			Impersonate: user.Impersonate, ImpersonateGroups: user.ImpersonateGroups,
			ImpersonateUserExtra: user.ImpersonateUserExtra,
			Username:             user.Username, Password: user.Password, AuthProvider: user.AuthProvider,
		}
	}
	for name, context := range given.Contexts {
		kept.Contexts[name] = &clientcmdapi.Context{
			Cluster: context.Cluster, AuthInfo: context.AuthInfo, Namespace: context.Namespace,
		}
	}
	client := clientcmd.NewDefaultClientConfig(*kept, &clientcmd.ConfigOverrides{})
	config, err := client.ClientConfig()
	if err != nil {
		return nil, "", err
	}
	config.Timeout = remoteTimeout
	namespace, _, err := client.Namespace()
	return config, namespace, err
}
