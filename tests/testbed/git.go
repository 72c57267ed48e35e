package main

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// GitServer says where bare repositories are laid, and where they can be fetched from then: the repository
// FOLDER/public/a.git by URL/public/a.git. Those under FOLDER/private need the user and the password.
type GitServer struct {
	Folder   string `json:"folder"`
	URL      string `json:"url"`
	User     string `json:"user"`
	Password string `json:"password"`
}

// ServeGit serves the repositories of a new folder over Git's smart HTTP protocol on loopback, as long as this process
// lives, for fetching only.
func ServeGit(folder string) (*GitServer, error) {
	git, err := exec.LookPath("git")
	if err != nil {
		return nil, fmt.Errorf("the Git server needs git: %w", err)
	}
	for _, name := range []string{"public", "private"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			return nil, err
		}
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &GitServer{Folder: folder, URL: "http://" + listener.Addr().String(), User: "git", Password: rand.Text()}
	backend := &cgi.Handler{
		Path: git,
		Args: []string{"http-backend"},
		Root: "/",
		Dir:  folder,
		Env: []string{
			"GIT_PROJECT_ROOT=" + folder,
			"GIT_HTTP_EXPORT_ALL=1",
			// The machine's and the user's settings must not change what is served.
			"GIT_CONFIG_NOSYSTEM=1",
			"GIT_CONFIG_GLOBAL=/dev/null",
		},
	}
	go func() { _ = http.Serve(listener, server.guard(backend)) }()
	return server, nil
}

// guard asks for the user and the password where a repository is private.
func (s *GitServer) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if !strings.HasPrefix(r.URL.Path, "/public/") && (user != s.User || password != s.Password) {
			w.Header().Set("WWW-Authenticate", `Basic realm="testbed"`)
			http.Error(w, "a user and a password are needed", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}
