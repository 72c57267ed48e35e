//! What can be typed: clap's types and nothing else. One file a verb, named as the verb; what
//! several verbs share stands in [`cluster`], [`registrations`], [`output`] and [`changing`].

pub mod apply_supply_chain;
pub mod changing;
pub mod check;
pub mod cluster;
pub mod completion;
pub mod deliver;
pub mod delivery_status;
pub mod export;
pub mod fleet;
pub mod fleet_file;
pub mod handover;
pub mod import;
pub mod lint;
pub mod output;
pub mod pause_supply_chain;
pub mod register_run_cluster;
pub mod registrations;
pub mod resume_supply_chain;
pub mod rotate_token;
pub mod rotation_schedule;
pub mod scaffold;
pub mod sides;
pub mod status;
pub mod supply_chain_status;
pub mod undeliver;
pub mod undo_supply_chain;
pub mod unregister_run_cluster;
pub mod verify;
pub mod version;

use clap::{Parser, Subcommand};

use crate::error::EXIT_CODES;

/// Register run clusters with a build cluster: least privilege, tokens that end, proof before
/// anything is stored.
#[derive(Debug, Parser)]
#[command(
    name = "kubectl-tapmc",
    bin_name = "kubectl tapmc",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = exit_codes_help()
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// Say what is sent to the clusters: -v 1 names each step, -v 6 each request
    #[arg(
        short = 'v',
        long = "v",
        value_name = "LEVEL",
        global = true,
        default_value_t = 0,
        hide_default_value = true
    )]
    pub verbosity: u8,
}

/// The verbs.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a doc comment would hide the long help of the arguments, and each has its sentence below"
)]
pub enum Command {
    #[command(about = "Make the credential for a run cluster, and store it, proven")]
    RegisterRunCluster(Box<register_run_cluster::RegisterRunClusterArgs>),
    #[command(about = "Show the registrations that a build cluster holds")]
    Status(status::StatusArgs),
    #[command(about = "Prove stored credentials again, from here or through their reader")]
    Verify(Box<verify::VerifyArgs>),
    #[command(about = "Make a credential for one reader, in the form that it takes")]
    Export(Box<export::ExportArgs>),
    #[command(about = "Issue a new token for registrations, and end the former one")]
    RotateToken(Box<rotate_token::RotateTokenArgs>),
    #[command(about = "Remove registrations, and prove that their tokens are dead")]
    UnregisterRunCluster(Box<unregister_run_cluster::UnregisterRunClusterArgs>),
    #[command(about = "Have a CronJob on the build cluster renew the tokens of registrations")]
    RotationSchedule(Box<rotation_schedule::RotationScheduleArgs>),
    #[command(about = "Have controllers leave the supply chain alone, so that it can be changed")]
    PauseSupplyChain(pause_supply_chain::PauseSupplyChainArgs),
    #[command(about = "Let controllers go on with what was paused")]
    ResumeSupplyChain(resume_supply_chain::ResumeSupplyChainArgs),
    #[command(about = "Show what is paused, the chains, their Workloads and what was stamped")]
    SupplyChainStatus(supply_chain_status::SupplyChainStatusArgs),
    #[command(about = "Change supply chains and templates so that it can be undone")]
    ApplySupplyChain(Box<apply_supply_chain::ApplySupplyChainArgs>),
    #[command(about = "List the changes of supply chains, and take one back")]
    UndoSupplyChain(Box<undo_supply_chain::UndoSupplyChainArgs>),
    #[command(about = "Make chains, templates, and the files that install a package")]
    Scaffold(scaffold::ScaffoldArgs),
    #[command(about = "Hand the Deliverable of a Workload over to a run cluster")]
    Handover(Box<handover::HandoverArgs>),
    #[command(about = "Have kapp-controller or Flux deliver from Git to run clusters")]
    Deliver(deliver::DeliverArgs),
    #[command(about = "Show what is delivered to run clusters, and how it fares there")]
    DeliveryStatus(Box<delivery_status::DeliveryStatusArgs>),
    #[command(about = "Check what the clusters need for deliveries, and lack")]
    Check(Box<check::CheckArgs>),
    #[command(about = "Check kubeconfigs and cluster Secrets against what their readers accept")]
    Lint(Box<lint::LintArgs>),
    #[command(about = "Take over credentials that were made by hand or by another tool")]
    Import(Box<import::ImportArgs>),
    #[command(about = "End a delivery, and have its reader take back what it delivered")]
    Undeliver(Box<undeliver::UndeliverArgs>),
    #[command(about = "Print the version of this plugin")]
    Version(version::VersionArgs),
    #[command(about = "Print the completion script of a shell, or of kubectl")]
    Completion(completion::CompletionArgs),
    #[command(about = "What kubectl's completion asks for")]
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Complete(completion::CompleteArgs),
}

fn exit_codes_help() -> String {
    let mut text = String::from("Exit codes: 0 done");
    for (_, code, meaning) in EXIT_CODES {
        text.push_str(&format!(" · {code} {}", meaning.replace('`', "")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
