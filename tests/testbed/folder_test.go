package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFolderOfSomebodyElseIsLeftAlone(t *testing.T) {
	path := t.TempDir()
	precious := filepath.Join(path, "precious")
	if err := os.WriteFile(precious, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimFolder(path); err == nil {
		t.Error("a folder with a foreign file was claimed")
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestFolderOfDeadOwnerIsEmptied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new")
	folder, err := ClaimFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(path, "left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimFolder(path); err == nil {
		t.Error("the folder of a living owner was claimed")
	}
	folder.lock.Close() // which is all that the kernel does for an owner that was killed
	if folder, err = ClaimFolder(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("what the dead owner left is still there")
	}
	if err := folder.Remove(); err != nil {
		t.Error(err)
	}
}
