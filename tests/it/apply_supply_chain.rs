//! `apply-supply-chain`: what it reads, changes, keeps and refuses.

mod bad_input;
pub mod case;
mod changing;
mod faults;
mod interruptions;
mod refusals;
