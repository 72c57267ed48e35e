//! `register-run-cluster` on real control planes.

mod again;
mod bad_input;
pub mod case;
mod dry_run;
mod faults;
pub mod fleet;
mod fleet_input;
mod main_job;
mod moved;
mod operators;
mod ownership;
mod profiles;
mod real_input;
mod renamed;
mod requests;
mod several;
