//! `unregister-run-cluster` on real control planes.

mod bad_input;
pub mod case;
mod faults;
mod fleet;
mod gone;
mod main_job;
mod others;
mod readers;
mod run_namespaces;
mod several;
