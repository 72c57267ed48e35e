//! What each verb does: the only place where the parts meet. One file a verb; each reads top to
//! bottom as a recipe.

mod apply_supply_chain;
mod await_gone;
mod build_cluster;
mod check;
mod complete;
mod completion;
mod deliver;
mod delivery_status;
mod destination;
mod export;
mod fleet;
mod handover;
mod import;
mod last_of;
mod lint;
mod object_files;
mod open_files;
mod patching;
mod pause_supply_chain;
mod proof;
mod reader_cluster;
mod register_run_cluster;
mod registering;
mod renewal_namespace;
mod renewing;
mod resume_supply_chain;
mod rotate_token;
mod rotation_schedule;
mod run_cluster;
mod run_context;
mod scaffold;
mod status;
mod supply_chain_status;
mod undeliver;
mod undo_supply_chain;
mod unregister_run_cluster;
mod verify;
mod version;
mod whole_objects;

use std::future::Future;

use crate::{
    cli::{
        Cli, Command,
        cluster::KubeconfigArgs,
        output::OutputFormat,
        sides::{OutputOrFileArgs, SidesArgs},
    },
    cluster::Limits,
    error::{Error, Kind, Result},
    output::Printer,
    report::Journal,
};

/// Runs what was typed; gives the exit code.
#[must_use]
pub fn run(cli: Cli) -> u8 {
    crate::output::init_trace(cli.verbosity);
    let journal = Journal::default();
    let (printer, result) = dispatch(cli.command, &journal);
    match result {
        Ok(()) => 0,
        Err(error) => {
            printer.error(&error, &journal.done());
            error.kind().exit_code()
        }
    }
}

fn dispatch(command: Command, journal: &Journal) -> (Printer, Result<()>) {
    match command {
        Command::RegisterRunCluster(args) => {
            let (printer, format) = sided_printer(&args.output, &args.sides);
            (
                printer,
                format.and_then(|()| {
                    to_the_end(register_run_cluster::register_run_cluster(*args, printer, journal.clone()))
                }),
            )
        }
        Command::Status(args) => {
            let printer = Printer::new(args.output.format());
            let watches = args.watch;
            (printer, status::ended(watches, to_the_end(status::status(args, printer))))
        }
        Command::Verify(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, drive(verify::verify(*args, printer, journal.clone())))
        }
        Command::Export(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, drive(export::export(*args, printer, journal.clone())))
        }
        Command::RotateToken(args) => {
            let (printer, format) = sided_printer(&args.output, &args.sides);
            (printer, format.and_then(|()| to_the_end(rotate_token::rotate_token(*args, printer, journal.clone()))))
        }
        Command::UnregisterRunCluster(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(unregister_run_cluster::unregister_run_cluster(*args, printer, journal.clone())))
        }
        Command::RotationSchedule(args) => {
            let printer = Printer::new(args.output.format());
            (printer, to_the_end(rotation_schedule::rotation_schedule(*args, printer, journal.clone())))
        }
        Command::PauseSupplyChain(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(pause_supply_chain::pause_supply_chain(args, printer, journal.clone())))
        }
        Command::ResumeSupplyChain(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(resume_supply_chain::resume_supply_chain(args, printer, journal.clone())))
        }
        Command::SupplyChainStatus(args) => {
            let printer = Printer::new(args.output.format());
            (printer, to_the_end(supply_chain_status::supply_chain_status(args, printer)))
        }
        Command::ApplySupplyChain(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(apply_supply_chain::apply_supply_chain(*args, printer, journal.clone())))
        }
        Command::UndoSupplyChain(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(undo_supply_chain::undo_supply_chain(*args, printer, journal.clone())))
        }
        Command::Scaffold(args) => {
            let printer = Printer::new(scaffold::format(&args));
            (printer, to_the_end(scaffold::scaffold(args, printer, journal.clone())))
        }
        Command::Handover(args) => {
            let printer = Printer::new(args.output.format());
            (printer, to_the_end(handover::handover(*args, printer, journal.clone())))
        }
        Command::Deliver(args) => {
            let printer = Printer::new(deliver::format(&args));
            (printer, to_the_end(deliver::deliver(args, printer, journal.clone())))
        }
        Command::DeliveryStatus(args) => {
            let printer = Printer::new(args.format());
            (printer, to_the_end(delivery_status::delivery_status(*args, printer)))
        }
        Command::Check(args) => {
            let printer = Printer::new(args.output.format());
            (printer, to_the_end(check::check(*args, printer)))
        }
        Command::Lint(args) => {
            let printer = Printer::new(args.format());
            (printer, to_the_end(lint::lint(*args, printer)))
        }
        Command::Import(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(import::import(*args, printer, journal.clone())))
        }
        Command::Undeliver(args) => {
            let printer = Printer::new(args.changing.output.format());
            (printer, to_the_end(undeliver::undeliver(*args, printer, journal.clone())))
        }
        Command::Version(args) => {
            let printer = Printer::new(args.output.format());
            (printer, version::version(printer))
        }
        Command::Completion(args) => {
            let printer = Printer::new(OutputFormat::Human);
            (printer, completion::completion(args.shell, printer))
        }
        Command::Complete(args) => {
            let printer = Printer::new(OutputFormat::Human);
            (printer, complete::complete(args.words, printer))
        }
    }
}

/// The printer of a verb whose `-o` names a file with `--run-side`.
fn sided_printer(output: &OutputOrFileArgs, sides: &SidesArgs) -> (Printer, Result<()>) {
    match output.format(sides) {
        Ok(format) => (Printer::new(format), Ok(())),
        Err(typed) => (
            Printer::new(OutputFormat::Human),
            Err(Error::usage(format_args!("--output '{}' is no form of a result", typed.escape_debug()))
                .hint("wide, json, yaml or name; only with --run-side it names a file")),
        ),
    }
}

/// Drives a verb until it ends or the user ends it.
fn to_the_end<T>(verb: impl Future<Output = Result<T>>) -> Result<T> {
    drive(until_interrupted(verb))
}

/// Waits for a step of a verb until it ends or the user ends it: a verb that tidies up after itself
/// asks for this around each step.
async fn until_interrupted<T>(step: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::select! {
        result = step => result,
        () = interruption() => Err(Error::new(Kind::Interrupted, "interrupted")),
    }
}

/// Drives a verb on one thread.
fn drive<T>(verb: impl Future<Output = Result<T>>) -> Result<T> {
    open_files::check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::failed(format_args!("no runtime: {error}")))?;
    let result = runtime.block_on(verb);
    // A credential plugin that still runs must not hold up the end.
    runtime.shutdown_background();
    result
}

async fn interruption() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}

/// The limits that the flags set.
fn limits(args: &KubeconfigArgs) -> Limits {
    Limits { total: args.timeout, request: args.request_timeout }
}
