//! `import`: credentials that were made by hand or by another tool become registrations.

mod argocd;
mod bad_input;
mod case;
mod in_place;
mod kubeconfigs;
mod managed_service_account;
mod objects;
mod others;
