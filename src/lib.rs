//! kubectl-tapmc, from what is typed to what is done.
//!
//! - [`cli`]: what can be typed; clap's types and nothing else.
//! - [`commands`]: what each verb does; the only place where the parts meet.
//! - [`registration`]: the decided facts of one run cluster and everything that follows; pure.
//! - [`supply_chain`]: Cartographer's chains and their Workloads; pure.
//! - [`package_install`]: what can be paused, who owns it, and the memory of a pause; pure.
//! - [`delivery`]: what a Git repository holds for run clusters, and what readers are told to deliver where; pure.
//! - [`readers`]: the table of the systems that read a credential, and in what form; pure.
//! - [`lint`]: what is wrong with a credential for its readers; pure.
//! - [`former`]: credentials that were made by hand or by another tool, and how they become registrations; pure.
//! - [`kind`]: a kind of object. [`listing`]: its objects, as far as they could be seen. [`diff`]: how two objects differ.
//! - [`plan`]: a plan as a value. [`report`]: what was done, as a value.
//! - [`cluster`]: the only module that calls an API server.
//! - [`output`]: the only module that writes to a terminal or a pipe.
//! - [`error`]: what can go wrong, its hint and its exit code. [`words`]: counts and lists.

pub mod cli;
pub mod cluster;
pub mod commands;
pub mod delivery;
pub mod diff;
pub mod error;
pub mod former;
pub mod kind;
pub mod lint;
pub mod listing;
pub mod output;
pub mod package_install;
pub mod plan;
pub mod readers;
pub mod registration;
pub mod report;
pub mod supply_chain;
pub mod words;
