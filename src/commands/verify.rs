//! `kubectl tapmc verify`: resolve, observe (which is the proof from here); then, for a proof through a
//! reader, plan, show, check, confirm, apply, report.

mod asking;
mod readers;
mod removal;
mod trial;

use super::{
    build_cluster::BuildCluster,
    fleet::{Lanes, verdict},
    limits,
    proof::{Proof, prove},
    until_interrupted,
};
use crate::{
    cli::{output::DryRun, verify::VerifyArgs},
    error::{Error, Result},
    output::Printer,
    registration::{clock, held::Held, trial::Source},
    report::{
        Journal,
        verification::{Verdict, VerificationReport},
    },
};
use readers::Asked;

/// Proves stored credentials again.
pub(super) async fn verify(args: VerifyArgs, printer: Printer, journal: Journal) -> Result<()> {
    let build = BuildCluster::connect(&args.changing.cluster, &args.changing.kubeconfig).await?;
    let asked = resolve(&args)?;

    let held = until_interrupted(meant(&build, &args)).await?;
    let lanes = Lanes::for_many(held.len(), args.parallel, printer);
    let mut proofs = until_interrupted(prove_all(&build, held, &args, &lanes, printer)).await?;
    let warnings = clock_warnings(&build, &proofs);
    let Some(asked) = asked else { return end(&build, proofs, warnings, DryRun::None, printer) };

    let planned = until_interrupted(readers::plan(&build, &mut proofs, &asked, args.changing.consent.dry_run)).await?;
    if !planned.is_empty() {
        printer.changes_plan(&planned.shown(&build));
    }
    if args.changing.consent.dry_run != DryRun::None {
        planned.told_only(&mut proofs);
        return end(&build, proofs, warnings, args.changing.consent.dry_run, printer);
    }
    if !planned.is_empty() {
        printer.confirm(&planned.question(), args.changing.consent.yes)?;
    }

    let progress = printer.progress("waiting for the readers");
    planned.carry_out(&build, &mut proofs, (args.changing.wait.wait_timeout, &lanes), &journal).await?;
    drop(progress);
    journal.told();
    end(&build, proofs, warnings, DryRun::None, printer)
}

/// What a reader is asked for; none where none is asked.
fn resolve(args: &VerifyArgs) -> Result<Option<Asked>> {
    let Some(choice) = args.through_reader else { return Ok(None) };
    let source = args.source.as_deref().map(|text| Source::parse(text, args.path.as_deref().unwrap_or("./")));
    let source = source.transpose()?;
    if source.is_some() && !choice.is_flux() {
        return Err(Error::usage("--source is for Flux, and --through-reader=app asks kapp-controller alone")
            .hint("leave one of them out"));
    }
    Ok(Some(Asked { choice, source }))
}

async fn meant(build: &BuildCluster, args: &VerifyArgs) -> Result<Vec<Held>> {
    let mut held: Vec<Held> = build.stored_registrations(&args.registrations).await?;
    held.sort_by(|a, b| (&a.secret, &a.name).cmp(&(&b.secret, &b.name)));
    Ok(held)
}

async fn prove_all(
    build: &BuildCluster,
    held: Vec<Held>,
    args: &VerifyArgs,
    lanes: &Lanes,
    printer: Printer,
) -> Result<Vec<Proof>> {
    let proving = printer.count("using the stored credentials", held.len());
    let prove = async |held| {
        let proof = prove(build, held, limits(&args.changing.kubeconfig)).await;
        proving.one_more(proof.error.is_some());
        proof
    };
    Ok(lanes.each(held, &prove).await)
}

fn clock_warnings(build: &BuildCluster, proofs: &[Proof]) -> Vec<String> {
    let run = proofs.iter().filter_map(|proof| proof.clock.clone());
    clock::warnings(&build.cluster.clock().into_iter().chain(run).collect::<Vec<_>>())
}

/// Reports; the error is that of the one registration, or tells how many of several failed.
fn end(build: &BuildCluster, proofs: Vec<Proof>, warnings: Vec<String>, how: DryRun, printer: Printer) -> Result<()> {
    let number = proofs.len();
    let (items, errors): (Vec<_>, Vec<_>) =
        proofs.into_iter().map(|proof| (proof.verification, proof.error.map(|error| (proof.held.name, error)))).unzip();
    let report =
        VerificationReport { dry_run: how.as_word(), ..VerificationReport::new(build.report(), items, warnings) };
    printer.verifications(&report)?;
    let mut failed: Vec<(String, Error)> = errors.into_iter().flatten().collect();
    if number > 1 {
        let told = |(name, error): (String, Error)| {
            let error = error.context(format_args!("the registration '{name}' failed"));
            printer.error(&error, &[]);
            (name, error)
        };
        failed = failed.into_iter().map(told).collect();
    }
    verdict(failed, (number, "registration"), "look at one of them: kubectl tapmc verify NAME")
}

impl Proof {
    /// Notes that a reader failed with what is good from here.
    fn reader_failed(&mut self, error: Error) {
        self.verification.result = Verdict::ReaderFailed;
        self.fail(error);
    }
}
