package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
)

// administrators is the group that may do everything, whatever RBAC says.
const administrators = "system:masters"

// Credentials are the files by which the programs of one cluster, and its users, know each other.
type Credentials struct {
	folder string
	// ServerCA signs the API server's certificate.
	ServerCA []byte
	// Token is the administrator's.
	Token string
	// ControllerToken is kube-controller-manager's own, so that logs tell it from the administrator.
	ControllerToken string
}

// Files of a cluster's folder.
const (
	serverCAFile          = "server-ca.crt"
	serverCertificateFile = "server.crt"
	serverKeyFile         = "server.key"
	clientCAFile          = "client-ca.crt"
	clientCertificateFile = "client.crt"
	clientKeyFile         = "client.key"
	serviceAccountKeyFile = "service-account.key"
	// The API server reads the public key from a certificate, that of a private key only from a format of its own.
	serviceAccountCertificateFile = "service-account.crt"
	tokenFile                     = "token"
	tokensFile                    = "tokens.csv"
)

// NewCredentials makes the credentials of the cluster of this name and writes them into its folder.
func NewCredentials(folder, name string) (*Credentials, error) {
	c := &Credentials{folder: folder, Token: rand.Text(), ControllerToken: rand.Text()}
	serverCA, err := NewAuthority("testbed " + name + " server CA")
	if err != nil {
		return nil, err
	}
	clientCA, err := NewAuthority("testbed " + name + " client CA")
	if err != nil {
		return nil, err
	}
	server, err := serverCA.IssueServer()
	if err != nil {
		return nil, err
	}
	client, err := clientCA.IssueClient("certificate-admin", administrators)
	if err != nil {
		return nil, err
	}
	serviceAccounts, err := NewAuthority("testbed " + name + " service accounts")
	if err != nil {
		return nil, err
	}
	c.ServerCA = serverCA.CertificatePEM()
	return c, c.write(server, clientCA, client, serviceAccounts)
}

func (c *Credentials) write(server, clientCA, client, serviceAccounts *Identity) error {
	keys := map[string]*Identity{serverKeyFile: server, clientKeyFile: client, serviceAccountKeyFile: serviceAccounts}
	contents := map[string][]byte{
		serverCAFile:                  c.ServerCA,
		serverCertificateFile:         server.CertificatePEM(),
		clientCAFile:                  clientCA.CertificatePEM(),
		clientCertificateFile:         client.CertificatePEM(),
		serviceAccountCertificateFile: serviceAccounts.CertificatePEM(),
		tokenFile:                     []byte(c.Token),
		tokensFile: fmt.Appendf(nil, "%s,admin,admin,%q\n%s,system:kube-controller-manager,controller-manager,%q\n",
			c.Token, administrators, c.ControllerToken, administrators),
	}
	for name, identity := range keys {
		key, err := identity.KeyPEM()
		if err != nil {
			return err
		}
		contents[name] = key
	}
	for name, content := range contents {
		if err := os.WriteFile(c.Path(name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Path is where the file of this name is.
func (c *Credentials) Path(name string) string {
	return filepath.Join(c.folder, name)
}
