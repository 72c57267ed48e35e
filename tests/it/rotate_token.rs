//! `rotate-token` on real control planes.

mod faults;
mod fleet;
mod lost;
mod tokens;

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Tapmc},
};

/// The rotation of a registration, with consent.
fn rotate(case: &Case) -> Tapmc {
    Tapmc::new(["rotate-token", &case.name, "--context", BUILD, "--yes"])
}

/// May the stored credential be used?
fn works(case: &Case) {
    case.as_reader(&["get", "configmaps", "-n", &case.apps]).unwrap();
}
