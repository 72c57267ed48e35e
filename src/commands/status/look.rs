//! The look at run clusters: all at once, by the operator's own way and by the stored token. What fails
//! for one of them is told of this one.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use jiff::Timestamp;

use crate::{
    cluster::{Cluster, Limits},
    commands::{
        build_cluster::BuildCluster,
        fleet::Lanes,
        run_cluster::{RunClusters, Several, identity, within},
    },
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Count,
    registration::{
        facts::{Identity, MarkerFacts, map},
        held::Held,
        kubeconfig::{self, Stored},
        live::{
            AccountFacts, KubeconfigState, LiveFacts, OwnLook, RunSide, Sight, Trial, kubeconfig_state,
            reason_not_to_send,
        },
        names::{Name, ObjectRef},
        readers::Readers,
        record::{Recorded, key, registration_of},
        renewal::seen::{RenewalNamespace, RenewalSight},
        rights,
    },
};

static SERVICE_ACCOUNT: ApiKind = ApiKind::namespaced("", "v1", "ServiceAccount", "serviceaccounts");
/// What was seen of the registrations beside the build cluster's record.
pub(super) struct Look {
    /// Which cluster the build cluster is, where that had to be known.
    pub(super) build: Option<Identity>,
    /// What was seen of each, in their order; none where nobody looked.
    pub(super) live: Option<Vec<LiveFacts>>,
    /// The readers; none where nobody looked, or with the reason why they could not be seen.
    pub(super) readers: Option<Result<Readers>>,
    /// What stands in each renewal namespace, or the reason why it could not be seen; empty where nobody looked.
    renewals: BTreeMap<String, Result<RenewalNamespace>>,
}

impl Look {
    /// From the records alone. Only where they do not agree whose they are is the build cluster asked.
    pub(super) async fn of_records(build: &BuildCluster, all: &[Held]) -> Result<Self> {
        let of = |held: &Held| held.annotation(key::BUILD_CLUSTER_UID).to_owned();
        let agree = all.windows(2).all(|two| of(&two[0]) == of(&two[1]));
        let build = if agree { None } else { Some(identity(&build.cluster, "").await?) };
        Ok(Self { build, live: None, readers: None, renewals: BTreeMap::new() })
    }

    /// Who renews a registration's token; none where nobody is to, or nobody looked.
    pub(super) fn renewal(&self, held: &Held) -> Option<RenewalSight> {
        let secret = held.renewal()?;
        Some(match self.renewals.get(&secret.namespace)? {
            Ok(namespace) => namespace.sight(held, secret),
            Err(error) => RenewalSight::Unseen(format!("who renews the token could not be seen: {error}")),
        })
    }
}

/// Looks at everything at once. No cluster is waited for longer than the limits say.
pub(super) async fn live(
    build: &BuildCluster,
    ways: &RunClusters<'_>,
    all: &[Held],
    (limits, lanes): (Limits, &Lanes),
    looking: Option<&Count>,
) -> Result<Look> {
    let namespace = all.first().map(|held| held.secret.namespace.as_str());
    let namespace = namespace.filter(|namespace| all.iter().all(|held| held.secret.namespace == *namespace));
    let recorded = all.first().map_or("", |held| held.annotation(key::BUILD_CLUSTER_UID));
    let look = async |held| {
        let seen = look_at(build, ways, held, limits).await;
        looking.inspect(|looking| looking.one_more(false));
        seen
    };
    let looks = lanes.each(all, &look);
    let (build, readers, live, renewals) = futures::join!(
        identity(&build.cluster, recorded),
        build.cluster.observe_readers(namespace),
        looks,
        renewals(build, all),
    );
    Ok(Look { build: Some(build?), live: Some(live), readers: Some(readers), renewals })
}

async fn renewals(build: &BuildCluster, all: &[Held]) -> BTreeMap<String, Result<RenewalNamespace>> {
    let namespaces: BTreeSet<&String> = all.iter().filter_map(Held::renewal).map(|secret| &secret.namespace).collect();
    let looks = namespaces
        .into_iter()
        .map(|namespace| async move { (namespace.clone(), build.cluster.observe_renewals(namespace).await) });
    join_all(looks).await.into_iter().collect()
}

async fn look_at(build: &BuildCluster, ways: &RunClusters<'_>, held: &Held, limits: Limits) -> LiveFacts {
    let ((own, own_time), (kubeconfig, trial, time)) =
        futures::join!(own_look(ways, held, limits), stored_look(build, ways, held, limits));
    LiveFacts { own, context: ways.likely_context(held), kubeconfig, trial, now: own_time.or(time) }
}

/// By the operator's own context.
async fn own_look(ways: &RunClusters<'_>, held: &Held, limits: Limits) -> (OwnLook, Option<Timestamp>) {
    let look = async {
        let run = ways.find_unproven(held, Several::First).await?;
        let (account, marker) = futures::join!(account(&run.cluster, held), marker(&run.cluster, held));
        let time = run.cluster.now();
        Ok::<_, Error>((RunSide { identity: run.identity, account, marker }, time))
    };
    match within(limits, look).await {
        Ok((side, time)) => (OwnLook::Seen(Box::new(side)), Some(time)),
        Err(error) => {
            let why = error.to_string();
            let own = match error.kind() {
                Kind::Usage => OwnLook::NoContext(why),
                Kind::Unreachable => OwnLook::Unreachable(why),
                _ => OwnLook::NotAllowed(why),
            };
            (own, None)
        }
    }
}

async fn account(run: &Cluster, held: &Held) -> Sight<AccountFacts> {
    let Some(account) = ObjectRef::parse(held.annotation(key::SERVICE_ACCOUNT)) else {
        return Sight::Unseen("the Secret does not record the ServiceAccount".to_owned());
    };
    match run.read_object(&SERVICE_ACCOUNT, Some(&account.namespace), &account.name).await {
        Ok(Some(found)) => {
            let metadata = &found["metadata"];
            let is_ours = registration_of(&map(&metadata["labels"])) == Some(held.name.as_str());
            Sight::Found(AccountFacts {
                uid: metadata["uid"].as_str().unwrap_or_default().to_owned(),
                recorded: Recorded::from_annotations(&map(&metadata["annotations"])).filter(|_| is_ours),
            })
        }
        Ok(None) => Sight::Gone,
        Err(error) => Sight::Unseen(error.to_string()),
    }
}

async fn marker(run: &Cluster, held: &Held) -> Sight<MarkerFacts> {
    let account = ObjectRef::parse(held.annotation(key::SERVICE_ACCOUNT));
    let (Some(account), Some(generation)) = (account, &held.generation) else {
        return Sight::Unseen("the Secret does not record the marker".to_owned());
    };
    match run.marker(&account.namespace, generation).await {
        Ok(Some(found)) => Sight::Found(found),
        Ok(None) => Sight::Gone,
        Err(error) => Sight::Unseen(error.to_string()),
    }
}

/// By the stored bytes.
async fn stored_look(
    build: &BuildCluster,
    ways: &RunClusters<'_>,
    held: &Held,
    limits: Limits,
) -> (KubeconfigState, Trial, Option<Timestamp>) {
    let not_sent = |state, why: &str| (state, Trial::NotSent(why.to_owned()), None);
    let secret = match build.cluster.observe_secret(&held.secret).await {
        Ok(Some(secret)) => secret,
        Ok(None) => return not_sent(KubeconfigState::Unread("the Secret is gone by now".to_owned()), "it is gone"),
        Err(error) => return not_sent(KubeconfigState::Unread(error.to_string()), "it could not be read"),
    };
    if held.is_printed() {
        let state = if secret.keys.is_empty() {
            KubeconfigState::Printed
        } else {
            KubeconfigState::Changed("holds something, although it is recorded as printed".to_owned())
        };
        return not_sent(state, "it was printed");
    }
    let state = kubeconfig_state(held, secret.stored.as_ref().ok());
    let Some(stored) = secret.stored.ok().filter(|_| held.is_damaged() || is_as_recorded(&state)) else {
        return not_sent(state, "the stored kubeconfig is not the recorded one");
    };
    if let Some(why) = reason_not_to_send(held, &stored.endpoint, ways.own_endpoint(held).as_ref()) {
        return not_sent(state, &why);
    }
    match tried(held, &stored, limits).await {
        Ok((trial, time)) => (state, trial, time),
        Err(error) if error.kind() == Kind::Unreachable => (state, Trial::Unreachable(error.to_string()), None),
        Err(error) => not_sent(state, &error.to_string()),
    }
}

fn is_as_recorded(state: &KubeconfigState) -> bool {
    matches!(state, KubeconfigState::AsRecorded { .. })
}

/// Tries the token where its kubeconfig points, by a kubeconfig that is written anew from what was read.
async fn tried(held: &Held, stored: &Stored, limits: Limits) -> Result<(Trial, Option<Timestamp>)> {
    let recorded = held.recorded.as_ref();
    let mut granted = recorded.map(|r| r.grants.by_namespace(&r.run_namespaces)).unwrap_or_default();
    if granted.is_empty() {
        granted.insert("default".to_owned(), Vec::new());
    }
    let text = kubeconfig::render(&Name::parse(&held.name)?, &stored.endpoint, "default", None);
    let reader = Cluster::as_reader(&text, &stored.endpoint, limits).await?;
    let verified = reader.try_rights(&stored.token, &granted).await?;
    let trial = match verified {
        None => Trial::Refused,
        // Without a record nobody can say what is too much.
        Some(verified) => Trial::Accepted {
            missing: rights::in_lines(&verified.missing),
            beyond: if recorded.is_some() { verified.beyond } else { Vec::new() },
        },
    };
    Ok((trial, Some(reader.now())))
}
