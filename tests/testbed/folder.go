package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockName is the file that marks a folder as one of ours, and is locked while its owner lives.
const lockName = ".testbed"

// Folder is the place on disk that one owner has to itself.
type Folder struct {
	path string
	lock *os.File
}

// ClaimFolder makes path an empty folder that belongs to this process. What a killed owner left there is removed;
// a folder that holds anything else is refused, because it is deleted at the end.
func ClaimFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	lockPath := filepath.Join(path, lockName)
	if _, err := os.Lstat(lockPath); len(entries) > 0 && errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is not empty and not a test bed's", path)
	}
	lock, err := os.OpenFile(lockPath, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("%s is in use by another test bed", path)
	}
	for _, entry := range entries {
		if entry.Name() == lockName {
			continue
		}
		if err := os.RemoveAll(filepath.Join(path, entry.Name())); err != nil {
			lock.Close()
			return nil, err
		}
	}
	return &Folder{path, lock}, os.Chmod(path, 0o700)
}

// Remove deletes the folder and all that is in it.
func (f *Folder) Remove() error {
	defer f.lock.Close()
	return os.RemoveAll(f.path)
}
