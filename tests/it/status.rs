//! `status`: what the build cluster records, and what is seen of it live.

mod case;
mod drift;
mod fleet;
mod live;
mod moved;
mod readers;
mod record;
mod renewal;
mod watching;
