//! `kubectl tapmc deliver flux`: resolve, observe and prove, plan, and on as every delivery.

mod resolve;
mod secretless;

use super::{
    Delivering,
    access::{Access, Proven},
    apply::Step,
    carvel_app::encryption_warning,
    contents, impersonation, observe, reach, steps,
    targets::{self, Registered, Target},
};
use crate::{
    cli::deliver::flux::FluxArgs,
    cluster::Cluster,
    commands::{limits, reader_cluster::ReaderCluster, run_cluster::RunClusters},
    delivery::{
        Delivery,
        contents::Deployer,
        flux::{Flux, KUSTOMIZATION, Part, Source, config_map, kustomization, source, source_kind},
        git_credentials::{SECRET, secret, secret_name},
        planning::{Stage, Wanted},
    },
    error::Result,
    output::Printer,
    plan::{Change, Op, Side},
    registration::{
        facts::map,
        names::ObjectRef,
        reader_labels::{self, FLUX_WATCH},
        readers::LastResult,
    },
    report::Journal,
    words,
};
use resolve::Decided;
use serde_json::json;

/// As people call it.
pub(super) const FLUX: &str = "Flux";

/// Delivers with Flux.
pub(super) async fn flux(args: FluxArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let decided = resolve::resolve(&args)?;
    let (typed, changing) = (&args.delivery, &args.delivering.changing);
    let at = super::connect(typed, &args.delivering, printer).await?;
    let (cluster, namespace) = (at.cluster(), at.namespace_or(typed.namespace.as_deref())?);
    let Decided { delivery, .. } = &decided;

    let progress = printer.progress(&format!("observing the {} cluster", at.side()));
    let (deployer, account) = (Deployer::Flux, decided.account.as_ref());
    let access = Access {
        at: &at,
        args: typed,
        delivering: &args.delivering,
        delivery,
        namespace: &namespace,
        account,
        deployer,
        printer,
    };
    let (source_of, version) = (source_kind(decided.source.kind()), args.api_version.as_deref());
    let (targets, unreachable, source_kind, kustomization) = futures::join!(
        access.targets(&decided.named),
        reach::warning(decided.url.as_ref(), at.side()),
        observe::served(cluster, &source_of, version),
        observe::served(cluster, &KUSTOMIZATION, version),
    );
    let (targets, source_kind, kustomization) = (targets?, source_kind?, kustomization?);
    targets::check_folders(delivery, &targets)?;
    let asked = targets.len();
    let destinations: Vec<_> = targets.iter().map(|target| &target.destination).collect();
    let found = contents::read(typed.working_tree.as_deref(), delivery, &destinations)?;
    check_named(cluster, &args, &decided, &namespace, &source_kind).await?;
    progress.now("proving the rights of the delivery");
    // What Flux does on another cluster as another account is that account's right.
    let acts_itself = account.is_some() || (args.service_account.is_none() && args.secretless.is_none());
    let proven = access.prove(targets, limits(&changing.kubeconfig), &found, acts_itself).await?;
    let Proven { targets, mut failed, wanted: of_access, warnings: of_account } = proven;
    let targets = secretless::reachable(targets, decided.secretless.as_ref(), &mut failed)?;
    let mut warnings: Vec<String> = unreachable.into_iter().chain(found.warnings.clone()).chain(of_account).collect();
    if let (ReaderCluster::Build(build), Some(name)) = (&at, &args.service_account) {
        let runs = RunClusters::new(&build.kubeconfig, &args.delivering.run_cluster, limits(&changing.kubeconfig))?;
        let account = ObjectRef::new(&namespace, name);
        warnings.extend(impersonation::check(cluster, &runs, &targets, &account).await?);
    }

    let how = Flux {
        source: decided.source.clone(),
        source_kind,
        kustomization,
        secret: args.credentials.git_secret.clone().or(decided.credentials.as_ref().map(|_| secret_name(delivery))),
        source_interval: words::go_duration(args.source_interval),
        interval: words::go_duration(args.interval),
        decryption: typed.decryption_secret.clone(),
        service_account: args.service_account.clone(),
        secretless: decided.secretless.clone(),
    };
    let wanted = wanted(&decided, &namespace, &targets, &how, of_access);
    let live = observe::live(cluster, &namespace, &wanted, &[&how.kustomization]).await?;
    let mut steps = steps(delivery, wanted, &live, typed.adopt, cluster.place())?;
    if how.secretless.is_none() {
        steps.splice(0..0, targets.iter().filter_map(watched));
    }
    drop(progress);

    let runs: Vec<&str> = targets.iter().map(|target| target.destination.run.as_str()).collect();
    warnings.extend(shared(&steps, &live.others(delivery, &how.kustomization, &runs)));
    warnings.extend(encryption_warning(found.is_encrypted, how.decryption.is_some()));
    warnings.extend(how.secretless.iter().map(|_| {
        "Flux 2.7 or newer with its gate ObjectLevelWorkloadIdentity is needed, and run clusters that trust the issuer and \
         let its subject do what the profiles grant: neither can be seen from here"
            .to_owned()
    }));
    warnings.extend(steps.iter().filter(|step| step.last == Some(LastResult::Paused)).map(|step| {
        format!("{} is suspended: it delivers nothing until it is resumed", step.change.manifest.display_name())
    }));
    let delivering = Delivering {
        at: &at,
        delivery,
        namespace: &namespace,
        args: typed,
        changing,
        reader: FLUX,
        steps,
        warnings,
        failed,
        asked,
    };
    delivering.carry_out(printer, journal).await
}

/// What all run clusters read changes for those as well that were not named.
fn shared(steps: &[Step], others: &[String]) -> Option<String> {
    let is_update = |step: &&Step| step.run.is_none() && step.change.op == Op::Update;
    let changed: Vec<String> = steps.iter().filter(is_update).map(|step| step.change.manifest.display_name()).collect();
    let is_told = !changed.is_empty() && !others.is_empty();
    let others = words::list(others.iter().map(|name| format!("'{name}'")));
    is_told.then(|| format!("{} changes for {others} too, which read it as well", words::list(changed)))
}

/// Looks at what was named and must be there: Secrets, and a source.
async fn check_named(
    cluster: &Cluster,
    args: &FluxArgs,
    decided: &Decided,
    namespace: &str,
    source_kind: &crate::kind::ApiKind,
) -> Result<()> {
    match (&args.credentials.git_secret, &decided.url) {
        (Some(name), Some(url)) if matches!(decided.source, Source::Git { .. }) => {
            observe::git_secret(cluster, namespace, name, url, true).await?;
        }
        (Some(name), _) => drop(observe::named_secret(cluster, namespace, "--git-secret", name).await?),
        (None, _) => {}
    }
    if let Some(name) = &args.delivery.decryption_secret {
        observe::named_secret(cluster, namespace, "--decryption-secret", name).await?;
    }
    if let Source::Existing { name, .. } = &decided.source {
        observe::named_source(cluster, source_kind, namespace, name).await?;
    }
    Ok(())
}

fn wanted(decided: &Decided, namespace: &str, targets: &[Target], how: &Flux, of_access: Vec<Wanted>) -> Vec<Wanted> {
    let delivery: &Delivery = &decided.delivery;
    let credentials =
        decided.credentials.as_ref().map(|credentials| (Stage::Credentials, secret(delivery, namespace, credentials)));
    let for_all = credentials.into_iter().chain(source(delivery, namespace, how).map(|source| (Stage::Source, source)));
    let for_all = for_all.map(|(stage, manifest)| Wanted { stage, manifest, run: None });
    let mut wanted: Vec<Wanted> = of_access.into_iter().chain(for_all).collect();
    for target in targets {
        let destination = &target.destination;
        let stored = target.registered.as_ref().and_then(|registered| registered.secret.stored.as_ref().ok());
        let objects = [
            (Stage::Credentials, stored.and_then(|stored| config_map(delivery, destination, &stored.endpoint, how))),
            (Stage::Packages, kustomization(delivery, destination, Part::Packages, how)),
            (Stage::Own, kustomization(delivery, destination, Part::Own, how)),
        ];
        wanted.extend(objects.into_iter().filter_map(|(stage, manifest)| {
            Some(Wanted { stage, manifest: manifest?, run: Some(destination.run.clone()) })
        }));
    }
    wanted.sort_by_key(|one| one.stage);
    wanted
}

/// The label by which Flux notices a new token at once, and its record; none where both are there.
fn watched(target: &Target) -> Option<Step> {
    let (label, value) = FLUX_WATCH;
    let Registered { held, secret } = target.registered.as_ref()?;
    let recorded = reader_labels::recorded(&map(&secret.body["metadata"]["annotations"]));
    if secret.labels.get(label).is_some_and(|found| found == value) && recorded.contains_key(label) {
        return None;
    }
    let wanted = [(label.to_owned(), value.to_owned())].into();
    let (key, record) = reader_labels::annotation(&wanted)?;
    let body = json!({"metadata": {"labels": {label: value}, "annotations": {key: record}}});
    let reference = &held.secret;
    let change = Change {
        op: Op::Update,
        side: Side::Build,
        manifest: SECRET.manifest(Some(&reference.namespace), &reference.name, body),
        uid: Some(secret.uid.clone()),
        resource_version: None,
        why: Some("labeled, so that Flux notices a new token at once".to_owned()),
    };
    Some(Step::patch(&held.name, change))
}
