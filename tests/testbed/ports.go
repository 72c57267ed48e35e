package main

import "net"

// FreePort finds a loopback port that nobody listens on. Somebody else may take it before its program does:
// whoever uses it must be ready to try again with another.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
