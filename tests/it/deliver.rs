//! `deliver` and `undeliver`: from a registration to what a reader delivers, and back.

mod bad_input;
mod carvel_app;
pub mod case;
mod fleet;
mod flux;
mod given;
mod on_run_cluster;
mod repository;
mod two_run_clusters;
mod undeliver;
