package standin

import (
	"encoding/base64"
	"strings"
	"testing"
)

const kubeconfig = `
apiVersion: v1
kind: Config
clusters:
- name: run
  cluster: {server: "https://run:6443", certificate-authority: /canary, tls-server-name: name, proxy-url: "http://proxy:3128"}
users:
- name: delivery
  user: {token: good, tokenFile: /canary, client-certificate: /canary, exec: {apiVersion: client.authentication.k8s.io/v1, command: canary, interactiveMode: Never}}
contexts:
- name: run
  context: {cluster: run, user: delivery, namespace: apps}
current-context: run
`

func TestWhatKappControllerDropsOfAKubeconfig(t *testing.T) {
	config, namespace, err := restricted([]byte(kubeconfig))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != "https://run:6443" || config.BearerToken != "good" || config.ServerName != "name" || namespace != "apps" {
		t.Errorf("lost: %s %q %q %q", config.Host, config.BearerToken, config.ServerName, namespace)
	}
	if config.Proxy == nil {
		t.Error("the proxy is lost")
	}
	if config.ExecProvider != nil || config.BearerTokenFile != "" || config.CertFile != "" || config.CAFile != "" {
		t.Error("a program or a file is kept")
	}
	if _, _, err := restricted([]byte("apiVersion: v1\nkind: Config\n")); err == nil {
		t.Error("no cluster is no error")
	}
}

func TestTheKeyOfTheSecret(t *testing.T) {
	data := map[string]any{"value": base64.StdEncoding.EncodeToString([]byte("x")), "other": ""}
	secret := &Object{Object: map[string]any{"data": data}}
	if value, err := secretValue(secret, "value"); err != nil || string(value) != "x" {
		t.Errorf("%q %v", value, err)
	}
	_, err := secretValue(secret, "value.yaml")
	if err == nil || !strings.Contains(err.Error(), "Expected to find key 'value.yaml' in secret (keys: other, value)") {
		t.Error(err)
	}
}
