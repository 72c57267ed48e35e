package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

const (
	checkInterval = 25 * time.Millisecond
	// patience is generous: a busy machine with two cores may start several test beds at once.
	patience = 3 * time.Minute
)

// Check returns an error that says what is not ready yet.
type Check func(context.Context) error

// Await returns when each of the checks in turn has passed.
func Await(ctx context.Context, checks ...Check) error {
	deadline := time.Now().Add(patience)
	for _, check := range checks {
		for err := check(ctx); err != nil; err = check(ctx) {
			if time.Now().After(deadline) {
				return fmt.Errorf("not ready after %s: %w", patience, err)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(checkInterval):
			}
		}
	}
	return nil
}

// FileExists checks that there is a file.
func FileExists(path string) Check {
	return func(context.Context) error {
		_, err := os.Stat(path)
		return err
	}
}

// AnswersPlainly checks that what is at this URL of loopback answers with 200, over plain HTTP.
func AnswersPlainly(url string) Check {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, response.Status)
		}
		return nil
	}
}

// Probe asks an API server for its state.
type Probe struct {
	server string
	token  string
	client *http.Client
}

// NewProbe makes a probe that trusts an authority and shows a token.
func NewProbe(server string, authority []byte, token string) (*Probe, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("the server's authority is no certificate")
	}
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
	}
	return &Probe{server, token, &http.Client{Transport: transport, Timeout: 5 * time.Second}}, nil
}

// Close gives the probe's connections back.
func (p *Probe) Close() {
	p.client.CloseIdleConnections()
}

// Answers checks that the API server has something to say at this path.
func (p *Probe) Answers(path string) Check {
	return p.Says(path, "")
}

// Says checks that the API server's answer at this path contains a text.
func (p *Probe) Says(path, wanted string) Check {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.server+path, nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+p.token)
		response, err := p.client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", request.URL, response.Status)
		}
		answer, err := io.ReadAll(response.Body)
		if err != nil {
			return err
		}
		if !bytes.Contains(answer, []byte(wanted)) {
			return fmt.Errorf("%s does not say %s", request.URL, wanted)
		}
		return nil
	}
}
