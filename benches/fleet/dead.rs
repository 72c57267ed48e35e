//! What dead run clusters cost the others.

use anyhow::Result;

use super::{
    fleet::{Fleet, Step},
    ground::Ground,
    measured::Measured,
    run,
};

/// How many run clusters.
pub const FLEET: usize = 200;
/// One in so many is dead: what is sent to it is lost.
pub const ONE_IN: usize = 20;
/// What is done with them.
pub const STEPS: [Step; 4] = [Step::Register, Step::Rotate, Step::LiveStatus, Step::Verify];

/// One step, without a dead run cluster and with some.
pub struct Burdened {
    /// The step.
    pub step: Step,
    /// Without.
    pub without: Measured,
    /// With.
    pub with: Measured,
}

/// Measures both.
pub fn measure(ground: &Ground) -> Result<Vec<Burdened>> {
    let whole = Fleet::new(ground, "whole", FLEET, None)?;
    let burdened = Fleet::new(ground, "burdened", FLEET, Some(ONE_IN))?;
    let mut measured = Vec::new();
    for step in STEPS {
        ground.simulator.bury()?;
        let with = run(ground, &burdened, step)?;
        ground.simulator.unbury()?;
        if step == Step::Register {
            // What died while it was registered is registered by now, and dies again in the later steps.
            run(ground, &burdened, step)?;
        }
        measured.push(Burdened { step, without: run(ground, &whole, step)?, with });
    }
    Ok(measured)
}
