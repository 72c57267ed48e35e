//! The plugin's tests: the real binary against real control planes, all in one process, so that
//! the control planes are started once. Each test has names and namespaces of its own.

#![expect(unreachable_pub, reason = "the support module is written as the small library it is")]

mod support;

mod register_run_cluster;
