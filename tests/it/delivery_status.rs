//! `delivery-status`: what is delivered to run clusters, and what became of it there.

mod seen;
mod told;
