package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// grace is how long a program may take to stop by itself: there is no data that deserves more.
const grace = 200 * time.Millisecond

// Process is a running program of a control plane.
type Process struct {
	name    string
	log     string
	command *exec.Cmd
	ended   chan struct{}
	outcome string
}

// StartProcess starts a program in a folder, where a log file takes its output.
// The binary is this one, which becomes the program that it is called as, unless assets names another folder.
// To the few variables that every program gets, environment adds more.
func StartProcess(program, assets, folder string, arguments, environment []string) (*Process, error) {
	binary, err := os.Executable()
	if assets != "" {
		binary = filepath.Join(assets, program)
	}
	if err != nil {
		return nil, err
	}
	log, err := os.OpenFile(filepath.Join(folder, program+".log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &Process{
		name: filepath.Base(folder) + ": " + program,
		log:  log.Name(),
		command: &exec.Cmd{
			Path:        binary,
			Args:        append([]string{program}, arguments...),
			Env:         append(childEnvironment(), environment...),
			Dir:         folder,
			Stdout:      log,
			Stderr:      log,
			SysProcAttr: childAttributes(),
		},
		ended: make(chan struct{}),
	}
	if err := startOnLastingThread(p.command); err != nil {
		return nil, fmt.Errorf("cannot start %s: %w", p.name, err)
	}
	go func() {
		_ = p.command.Wait()
		p.outcome = p.command.ProcessState.String()
		close(p.ended)
	}()
	return p, nil
}

// ownedVariable tells a child that it has an owner.
const ownedVariable = "TESTBED_OWNED"

// childEnvironment leaves out what would change the programs: etcd alone reads every ETCD_ variable.
func childEnvironment() []string {
	environment := []string{ownedVariable + "=true"}
	for _, name := range []string{"HOME", "PATH", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// lastingThread runs functions on one operating system thread that ends with the process.
var lastingThread = sync.OnceValue(func() chan<- func() {
	functions := make(chan func())
	go func() {
		runtime.LockOSThread()
		for function := range functions {
			function()
		}
	}()
	return functions
})

// startOnLastingThread starts a child whose life Linux ties to the thread that started it, not to the process.
func startOnLastingThread(command *exec.Cmd) error {
	started := make(chan error)
	lastingThread() <- func() { started <- command.Start() }
	return <-started
}

// Obituary says how a program ended and shows the last lines of its log.
func (p *Process) Obituary() error {
	return fmt.Errorf("%s ended early (%s); the end of its log:\n%s", p.name, p.outcome, lastLines(p.log, 15))
}

// LogContains tells whether the program's log holds a text.
func (p *Process) LogContains(text string) bool {
	content, _ := os.ReadFile(p.log)
	return strings.Contains(string(content), text)
}

func lastLines(path string, count int) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return "  " + strings.Join(lines[max(0, len(lines)-count):], "\n  ")
}

// StopProcesses ends all of them, kindly at first, and returns when the last has ended.
func StopProcesses(processes []*Process) {
	for _, p := range processes {
		p.signal(syscall.SIGTERM)
	}
	graceIsOver := time.After(grace)
	for _, p := range processes {
		select {
		case <-p.ended:
			continue
		case <-graceIsOver:
		}
		break
	}
	for _, p := range processes {
		p.signal(syscall.SIGKILL)
	}
	for _, p := range processes {
		<-p.ended
	}
}

// signal reaches the whole process group, for a program that is really a script which starts it. An ended process has
// been waited for, so its number may belong to somebody else by now.
func (p *Process) signal(signal syscall.Signal) {
	select {
	case <-p.ended:
	default:
		_ = syscall.Kill(-p.command.Process.Pid, signal)
	}
}

// attempts is how often programs are started anew when somebody else took their port.
const attempts = 5

var errPortTaken = errors.New("another program took the port")

// AwaitWhileRunning returns when the checks have passed, or one of the programs has ended, with errPortTaken where that
// was the reason.
func AwaitWhileRunning(ctx context.Context, processes []*Process, checks ...Check) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	passed := make(chan error, 1)
	go func() { passed <- Await(ctx, checks...) }()
	select {
	case err := <-passed:
		return err
	case dead := <-FirstEnded(ctx, processes):
		if dead.LogContains("address already in use") {
			return fmt.Errorf("%w: %w", errPortTaken, dead.Obituary())
		}
		return dead.Obituary()
	}
}

// FirstEnded delivers the first of the processes to end, until ctx is done.
func FirstEnded(ctx context.Context, processes []*Process) <-chan *Process {
	first := make(chan *Process, len(processes))
	for _, p := range processes {
		go func() {
			select {
			case <-p.ended:
				first <- p
			case <-ctx.Done():
			}
		}()
	}
	return first
}
