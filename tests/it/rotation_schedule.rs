//! `rotation-schedule`, and what its CronJob runs, on real control planes.

mod applying;
pub mod case;
mod renewing;
mod taking_back;
mod thefts;
