//go:build unix && !linux

package main

import (
	"os"
	"syscall"
	"time"
)

// childAttributes gives a child a process group of its own, so that Ctrl-C reaches the owner only, which then stops its
// children in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// endWithOwner ends a child when its owner is gone, where no kernel does it: an orphan gets another parent.
func endWithOwner() {
	if os.Getenv(ownedVariable) == "" {
		return
	}
	owner := os.Getppid()
	go func() {
		for os.Getppid() == owner {
			time.Sleep(500 * time.Millisecond)
		}
		os.Exit(1)
	}()
}
