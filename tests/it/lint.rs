//! `lint`: what readers would leave out, refuse or not find, in files and on clusters.

mod case;
mod files;
mod forms;
mod hostile;
mod samples;
mod secrets;
