package main

import "syscall"

// childAttributes ties a child to its owner: the kernel kills it when the thread that started it ends, and it has a
// process group of its own, so that Ctrl-C reaches the owner only, which then stops its children in order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// endWithOwner has nothing to do where the kernel does it.
func endWithOwner() {}
