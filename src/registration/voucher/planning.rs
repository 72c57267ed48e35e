//! What each of two administrators would do on the cluster that is theirs.

use super::{Voucher, access};
use crate::{
    error::{Error, Kind, Result},
    plan::{Change, Op, Side},
    registration::{
        Account, Registration, Rotation,
        facts::{BuildFacts, Identity, MarkerFacts, NamespaceState, Rights, RunFacts},
        generations::{CredentialPlan, MarkerName},
        ownership,
        planning::{self, Observed, RegistrationPlan},
        record::Map,
    },
};

/// What the administrator of the run cluster would do.
#[derive(Debug)]
pub struct RunSidePlan {
    /// The changes; the Secret on the build cluster is not among them.
    pub plan: RegistrationPlan,
    /// The generation that the voucher begins.
    pub number: u64,
    /// Markers of former generations, whose tokens are spared while the voucher is on its way.
    pub spared: Vec<MarkerName>,
    /// Is what the voucher's token may mint bounded by an admission policy?
    pub is_bounded: bool,
}

/// Decides what the administrator of the run cluster would do. `build` is the build cluster as it
/// was named; whether the admission policy can be applied was found out before.
///
/// # Errors
/// As [`planning::plan`].
pub fn run_side(registration: &Registration, observed: Observed<'_>, is_bounded: bool) -> Result<RunSidePlan> {
    let Observed { build, run, .. } = observed;
    if let Account::Brought(account) = &registration.account {
        return Err(Error::usage(format_args!(
            "the ServiceAccount {account} was brought along, and a voucher needs an account namespace of this plugin's own"
        ))
        .hint("register it with one kubeconfig that leads to both clusters, or leave --service-account out"));
    }
    let state = ownership::account_state(registration, build, run)?;
    let recorded = registration.recorded(&build.identity.recorded());
    let namespaces = planning::namespace_changes(registration, build, run)?;
    let mut changes = planning::access_changes(registration, run, &recorded, &state)?;
    changes.extend(voucher_changes(registration, run)?);
    if is_bounded {
        for desired in access::policy(registration, "", "", &[]) {
            ownership::check_object(registration, &desired, run.find(&desired))?;
            changes.push(policy_change(desired, run));
        }
    }
    let number = run.markers.iter().map(MarkerFacts::generation).max().unwrap_or(0) + 1;
    // Redeeming a voucher takes its binding away. While one is there, the stored token may still be
    // one of before, whatever its marker says of its time.
    let is_redeemed = run.find(&access::binding(registration)).is_none();
    let mut removals = planning::removals(registration, observed, &changes);
    if !is_redeemed && registration.rotation != Rotation::Evict {
        removals.retain(|change| change.manifest.kind != "Secret");
    }
    let is_removed = |marker: &MarkerFacts| removals.iter().any(|change| change.manifest.name == marker.name);
    let spared = run.markers.iter().filter(|m| !is_removed(m) && (!is_redeemed || m.retire_after().is_none()));
    let spared: Vec<MarkerName> =
        spared.map(|marker| MarkerName { name: marker.name.clone(), uid: marker.uid.clone() }).collect();
    let why = if run.markers.is_empty() { "the first one" } else { "it takes the place of the one before" };
    let mut warnings = crate::registration::warnings::warnings(registration, build, run);
    if !is_bounded {
        warnings.push(format!(
            "no admission policy can bound what the voucher's token may mint here: whoever takes it away within its time \
             can make tokens of {} that outlive it, which only rotate-token --evict ends",
            registration.account.reference()
        ));
    }
    let credential = CredentialPlan::Issue { number, why: why.to_owned(), supersedes: None };
    let plan = RegistrationPlan {
        recorded,
        namespaces,
        access: changes,
        credential,
        renewal: None,
        secret: None,
        objects: Vec::new(),
        schedule: Vec::new(),
        removals,
        warnings,
    };
    Ok(RunSidePlan { plan, number, spared, is_bounded })
}

/// The account is made anew, so that no voucher of before can use the new binding.
fn voucher_changes(registration: &Registration, run: &RunFacts) -> Result<Vec<Change>> {
    let mut changes = Vec::new();
    for desired in access::objects(registration) {
        let observed = run.find(&desired);
        ownership::check_object(registration, &desired, observed)?;
        let mut change = Change::between(Side::Run, desired, observed);
        if observed.is_some() && change.manifest.kind == "ServiceAccount" {
            change.op = Op::Replace;
            change.why = Some("vouchers of before end with it".to_owned());
        }
        changes.push(change);
    }
    Ok(changes)
}

/// What it bounds is known once the marker and the voucher's token are there.
fn policy_change(desired: crate::plan::Manifest, run: &RunFacts) -> Change {
    let observed = run.find(&desired);
    let mut change = Change::between(Side::Run, desired, observed);
    if change.op == Op::Keep && change.manifest.kind == "ValidatingAdmissionPolicy" {
        change.op = Op::Update;
    }
    change
}

/// The run cluster as a voucher tells of it.
#[must_use]
pub fn told(voucher: &Voucher, minor: Option<u32>, now: jiff::Timestamp) -> RunFacts {
    let uid = Some(voucher.account_namespace_uid.clone()).filter(|uid| !uid.is_empty());
    RunFacts {
        identity: Identity::from_recorded(&voucher.run_cluster_uid),
        minor,
        now,
        account_namespace: NamespaceState::Active { uid },
        namespaces: std::collections::BTreeMap::new(),
        objects: Vec::new(),
        markers: vec![MarkerFacts {
            name: voucher.marker.name.clone(),
            uid: voucher.marker.uid.clone(),
            created: None,
            annotations: Map::new(),
        }],
        foreign: None,
        holders: std::collections::BTreeMap::new(),
        rights: Rights::default(),
    }
}

/// Is what the voucher brings stored already?
#[must_use]
pub fn is_redeemed(voucher: &Voucher, build: &BuildFacts) -> bool {
    let secret = build.secret.as_ref().filter(|secret| secret.registration() == Some(voucher.name.as_str()));
    let Some(secret) = secret else { return false };
    let claims = secret.stored.as_ref().ok().and_then(|stored| stored.token.claims());
    let bound = claims.and_then(|claims| claims.kubernetes.secret);
    secret.generation.as_ref().is_some_and(|generation| generation.marker_uid == voucher.marker.uid)
        && bound.is_some_and(|bound| bound.uid == voucher.marker.uid)
}

/// Decides what the administrator of the build cluster would do. `must_exist`: is it a rotation, so
/// that a registration that was removed stays removed?
///
/// # Errors
/// [`Kind::Conflict`] for a voucher of another build cluster, for one
/// that a later one overtook, and where an object is somebody's; [`Kind::NotAllowed`] where it may not be read whether this
/// is the build cluster.
pub fn build_side(
    registration: &Registration,
    voucher: &Voucher,
    observed: Observed<'_>,
    (must_exist, shown): (bool, &str),
) -> Result<RegistrationPlan> {
    let Observed { build, run, .. } = observed;
    check_build_cluster(voucher, build, shown)?;
    ownership::check_clusters(registration, build, run)?;
    ownership::check_secret(registration, build, run)?;
    let stored = build.secret.as_ref().filter(|s| s.registration() == Some(registration.name.as_str()));
    if stored.is_none() && must_exist {
        return Err(Error::conflict(format_args!(
            "there is no Secret {} on the build cluster: a registration that was removed is not made again by a rotation",
            registration.secret
        ))
        .hint("if it should be: kubectl tapmc register-run-cluster --build-side FILE"));
    }
    let number = stored.and_then(|secret| secret.generation.as_ref()).map_or(0, |generation| generation.number);
    if number > voucher.number {
        return Err(Error::conflict(format_args!(
            "{shown} brings generation {}, and the Secret {} holds generation {number} already",
            voucher.number, registration.secret
        ))
        .hint(voucher.another()));
    }
    let credential = if is_redeemed(voucher, build) {
        CredentialPlan::Keep
    } else {
        CredentialPlan::Issue { number: voucher.number, why: format!("by {shown}"), supersedes: None }
    };
    let recorded = voucher.recorded.clone();
    // Those of the run cluster were made with the voucher.
    let mut namespaces = planning::namespace_changes(registration, build, run)?;
    namespaces.retain(|change| change.side == Side::Build);
    let mut warnings = Vec::new();
    if let Some(proxy) = &registration.endpoint.proxy_url {
        warnings.push(format!("readers will go through the proxy {proxy}"));
    }
    Ok(RegistrationPlan {
        namespaces,
        secret: Some(planning::secret_change(registration, observed, &recorded, &credential)),
        recorded,
        access: Vec::new(),
        credential,
        renewal: None,
        objects: Vec::new(),
        schedule: Vec::new(),
        removals: Vec::new(),
        warnings,
    })
}

fn check_build_cluster(voucher: &Voucher, build: &BuildFacts, shown: &str) -> Result<()> {
    let recorded = &voucher.recorded.build_cluster_uid;
    match build.identity.is(recorded) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::conflict(format_args!(
            "{shown} was made for the build cluster {recorded}, and this one is {}",
            build.identity.recorded()
        ))
        .hint("name the context of that cluster with --context, or have a voucher made for this one")),
        None => {
            let here = build.identity.recorded();
            let made = format!("{shown} was made for the build cluster {recorded}");
            let error = if build.identity.kube_system.is_none() {
                Error::new(Kind::NotAllowed, format_args!("{made}, and you may not read whether this is it"))
            } else {
                Error::conflict(format_args!(
                    "{made}, and whether this is it cannot be told by its namespaces: this one is {here}"
                ))
            };
            Err(error.hint(format_args!("have a voucher made for --build-cluster-uid {here}, by which you can tell")))
        }
    }
}
