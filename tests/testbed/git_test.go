package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestGitServerAsksForAPasswordWherePrivate(t *testing.T) {
	server, err := ServeGit(filepath.Join(t.TempDir(), "git"))
	if err != nil {
		t.Fatal(err)
	}
	git := func(arguments ...string) error {
		command := exec.Command("git", append([]string{"-c", "credential.helper=", "-c", "core.askPass=true"}, arguments...)...)
		command.Env = append(command.Environ(), "GIT_TERMINAL_PROMPT=0")
		return command.Run()
	}
	for _, access := range []string{"public", "private"} {
		if err := git("init", "--quiet", "--bare", filepath.Join(server.Folder, access, "a.git")); err != nil {
			t.Fatal(err)
		}
	}
	known := strings.Replace(server.URL, "http://", "http://"+server.User+":"+server.Password+"@", 1)
	for url, served := range map[string]bool{
		server.URL + "/public/a.git":                true,
		server.URL + "/private/a.git":               false,
		server.URL + "/public/../private/a.git":     false,
		server.URL + "/public/%2e%2e/private/a.git": false,
		known + "/private/a.git":                    true,
		known + "/private/b.git":                    false,
	} {
		if err := git("ls-remote", url); (err == nil) != served {
			t.Errorf("%s: %v", url, err)
		}
	}
}
