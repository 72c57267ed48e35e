//! The plugin's tests: the real binary against real control planes, all in one process, so that
//! the control planes are started once. Each test has names and namespaces of its own.
//!
//! None on Windows: the test bed's Kubernetes does not run there, and the tests play the user of a Unix shell.

#![cfg(unix)]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test that cannot go on fails"
)]
#![expect(unreachable_pub, reason = "the support module is written as the small library it is")]

#[expect(dead_code, reason = "tests/faults uses the rest of it")]
mod support;

mod apply_supply_chain;
mod check;
mod command_lines;
mod completion;
mod deliver;
mod delivery_status;
mod export;
mod fixtures;
mod flux;
mod fuzz;
mod handover;
mod house;
mod import;
mod krew;
mod lint;
mod pause_supply_chain;
mod readme;
mod register_run_cluster;
mod resume_supply_chain;
mod rotate_token;
mod rotation_schedule;
mod scaffold;
mod status;
mod supply_chain_status;
mod terminal;
mod two_administrators;
mod undo_supply_chain;
mod unregister_run_cluster;
mod verify;
mod version;
mod workflows;
