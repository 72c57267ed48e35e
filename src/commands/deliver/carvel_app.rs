//! `kubectl tapmc deliver carvel-app`: resolve, observe and prove, plan, and on as every delivery.

use super::{
    Delivering,
    access::{Access, Proven},
    contents, credentials, observe,
    on_run_cluster::{self, Account},
    reach, steps, targets,
};
use crate::{
    cli::deliver::carvel_app::CarvelAppArgs,
    cluster::Cluster,
    commands::{limits, reader_cluster::ReaderCluster},
    delivery::{
        Content, DELIVERABLES, Delivery,
        carvel_app::{CarvelApp, Decryption, app},
        contents::Deployer,
        git::{GIT, GitRef, Url},
        git_credentials::{GitCredentials, secret, secret_name},
        names,
        planning::{Stage, Wanted},
    },
    error::{Error, Result},
    output::Printer,
    package_install::APP,
    registration::{names::is_dns_label, readers::LastResult},
    report::Journal,
    words,
};

/// kapp-controller takes no shorter one.
const MIN_SYNC: u64 = 30;

/// What was typed, decided as far as that needs no cluster.
struct Decided {
    delivery: Delivery,
    url: Url,
    git_ref: GitRef,
    credentials: Option<GitCredentials>,
    named: Vec<targets::Named>,
    account: Option<Account>,
}

/// Delivers with kapp-controller.
pub(super) async fn carvel_app(args: CarvelAppArgs, printer: Printer, journal: &Journal) -> Result<()> {
    let Decided { delivery, url, git_ref, credentials, named, account } = resolve(&args)?;
    let (typed, changing) = (&args.delivery, &args.delivering.changing);
    let at = super::connect(typed, &args.delivering, printer).await?;
    let (cluster, namespace) = (at.cluster(), at.namespace_or(typed.namespace.as_deref())?);
    if let (ReaderCluster::Run(_), Some(into)) = (&at, &args.into_ns) {
        on_run_cluster::one_namespace("--into-ns", into, &namespace)?;
    }

    let progress = printer.progress(&format!("observing the {} cluster", at.side()));
    let (deployer, account) = (Deployer::Kapp, account.as_ref());
    let access = Access {
        at: &at,
        args: typed,
        delivering: &args.delivering,
        delivery: &delivery,
        namespace: &namespace,
        account,
        deployer,
        printer,
    };
    let (targets, unreachable) = futures::join!(access.targets(&named), reach::warning(Some(&url), at.side()));
    let targets = targets?;
    targets::check_folders(&delivery, &targets)?;
    let asked = targets.len();
    let destinations: Vec<_> = targets.iter().map(|target| &target.destination).collect();
    let found = contents::read(typed.working_tree.as_deref(), &delivery, &destinations)?;
    if let Some(name) = &args.credentials.git_secret {
        observe::git_secret(cluster, &namespace, name, &url, false).await?;
    }
    let decryption = decryption(cluster, &namespace, typed.decryption_secret.as_deref()).await?;
    progress.now("proving the rights of the delivery");
    let proven = access.prove(targets, limits(&changing.kubeconfig), &found, true).await?;
    let Proven { targets, failed, wanted: of_access, warnings: of_account } = proven;

    let how = CarvelApp {
        url: url.text.clone(),
        git_ref,
        git_secret: args.credentials.git_secret.clone().or(credentials.as_ref().map(|_| secret_name(&delivery))),
        sync_period: words::go_duration(args.sync_period),
        into_ns: args.into_ns.clone(),
        decryption,
    };
    let for_all = credentials.iter().map(|credentials| Wanted {
        stage: Stage::Credentials,
        manifest: secret(&delivery, &namespace, credentials),
        run: None,
    });
    let for_each = targets.iter().map(|target| Wanted {
        stage: Stage::Own,
        manifest: app(&delivery, &target.destination, &how),
        run: Some(target.destination.run.clone()),
    });
    let mut wanted: Vec<Wanted> = of_access.into_iter().chain(for_all).chain(for_each).collect();
    wanted.sort_by_key(|one| one.stage);
    let live = observe::live(cluster, &namespace, &wanted, &[&APP]).await?;
    let steps = steps(&delivery, wanted, &live, typed.adopt, cluster.place())?;
    drop(progress);

    let mut warnings: Vec<String> = unreachable.into_iter().chain(found.warnings.clone()).chain(of_account).collect();
    warnings.extend(encryption_warning(found.is_encrypted, how.decryption.is_some()));
    warnings.extend(steps.iter().filter(|step| step.last == Some(LastResult::Paused)).map(|step| {
        format!("{} is paused: nothing is delivered until it is resumed", step.change.manifest.display_name())
    }));
    let reader = "kapp-controller";
    let delivering = Delivering {
        at: &at,
        delivery: &delivery,
        namespace: &namespace,
        args: typed,
        changing,
        reader,
        steps,
        warnings,
        failed,
        asked,
    };
    delivering.carry_out(printer, journal).await
}

fn resolve(args: &CarvelAppArgs) -> Result<Decided> {
    if args.service_account.is_some() && !args.delivery.on_run_cluster {
        return Err(Error::usage(
            "an App with a ServiceAccount ignores the kubeconfig Secret: it would deploy to the build cluster",
        )
        .hint(
            "leave --service-account out: the kubeconfig Secret says with which rights the run cluster is written to; on the \
             run cluster itself, without a build cluster: --on-run-cluster",
        ));
    }
    if args.sync_period.as_secs() < MIN_SYNC {
        return Err(Error::usage(format_args!(
            "--sync-period: {MIN_SYNC}s is the shortest that kapp-controller takes"
        )));
    }
    if let Some(into) = &args.into_ns {
        is_dns_label(into).then_some(()).ok_or_else(|| {
            Error::usage(format_args!("--into-ns: '{}' cannot be the name of a namespace", into.escape_debug()))
                .hint("lower-case letters, digits and '-', with a letter or digit at both ends")
        })?;
    }
    let path = names::folder("--path", &args.delivery.path)?;
    let (default, content) = match &args.package {
        Some(package) => {
            names::check_name("PACKAGE", package)?;
            (package.as_str(), Content::Package { folder: names::path(&[&path, package]) })
        }
        None => (DELIVERABLES, Content::Deliverables { folder: path }),
    };
    let name = args.delivery.delivery_name.as_deref().unwrap_or(default).to_owned();
    names::check_name("--name", &name)?;
    let url = Url::parse(&args.git_url, &GIT)?;
    let account = on_run_cluster::resolve(&args.delivery, args.service_account.as_deref(), &content, Deployer::Kapp)?;
    Ok(Decided {
        delivery: Delivery { name, content, stands_on: on_run_cluster::stands_on(&args.delivery) },
        account,
        git_ref: GitRef::parse(&args.git_ref)?,
        credentials: credentials::read(&args.credentials, &url)?,
        named: targets::named(&args.delivery)?,
        url,
    })
}

/// Whose keys are in the Secret for SOPS?
async fn decryption(cluster: &Cluster, namespace: &str, secret: Option<&str>) -> Result<Option<Decryption>> {
    let Some(name) = secret else { return Ok(None) };
    let found = observe::named_secret(cluster, namespace, "--decryption-secret", name).await?;
    Ok(Some(Decryption { secret: name.to_owned(), keys: crate::delivery::carvel_app::keys_of(&found) }))
}

/// What is encrypted, and by whom it would not be decrypted.
pub(super) fn encryption_warning(is_encrypted: bool, is_decrypted: bool) -> Option<String> {
    (is_encrypted && !is_decrypted).then(|| {
        "the repository holds what is encrypted with SOPS: the reader decrypts it with --decryption-secret SECRET"
            .to_owned()
    })
}
