//! `verify`: the stored bytes are proven again, from here and through their reader; a Secret that was
//! changed is told exactly, and not used.

mod clocks;
mod flux;
mod hostile;
mod many;
mod proof;
mod through_reader;

use crate::{
    register_run_cluster::case::Case,
    support::{BUILD, Tapmc},
};

/// Verifies a registration of the usual build cluster.
fn verify(case: &Case) -> Tapmc {
    Tapmc::new(["verify", &case.name, "--context", BUILD, "-n", "default"])
}
