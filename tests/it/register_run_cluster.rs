//! `register-run-cluster` on two real control planes.

mod main_job;
