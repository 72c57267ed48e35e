//! The operator's own way to the run cluster of a registration, found by its address or, failing
//! that, by its identity. The stored credential is never used for it.

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use futures::{StreamExt as _, stream};
use tokio::sync::OnceCell;

use super::run_context;
use crate::{
    cli::cluster::RunClusterArgs,
    cluster::{Cluster, Impersonation, Limits, kubeconfig::LocalKubeconfig},
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::Printer,
    plan::Side,
    registration::{facts::Identity, held::Held, kubeconfig::Endpoint},
    report::ClusterReport,
    words,
};

/// The kind of a namespace.
pub(super) static NAMESPACE: ApiKind = ApiKind::cluster_wide("", "v1", "Namespace", "namespaces");
/// How long a cluster may take to say who it is, when it is only perhaps the right one.
const PERHAPS: Duration = Duration::from_secs(5);
/// How many of those are asked at a time.
const AT_A_TIME: usize = 8;

/// A run cluster as the operator reaches it.
pub(super) struct RunCluster {
    /// The cluster.
    pub cluster: Cluster,
    /// The context that leads to it.
    pub context: String,
    /// Which cluster it is, as far as the operator may know.
    pub identity: Identity,
    /// What the operator should know.
    pub warnings: Vec<String>,
}

impl RunCluster {
    /// As plans and reports name it.
    pub(super) fn report(&self) -> ClusterReport {
        ClusterReport { context: self.context.clone(), server: self.cluster.server(), uid: String::new() }
    }
}

/// What is done where several contexts lead to the same run cluster.
#[derive(Debug, Clone, Copy)]
pub(super) enum Several {
    /// A person chooses; without a terminal that is refused.
    Choose(Printer),
    /// The first of them does: it is only looked at.
    First,
}

/// The contexts whose clusters said who they are.
type Asked = Arc<OnceCell<Vec<(String, Identity)>>>;

/// The ways to run clusters that the local kubeconfig has.
pub(super) struct RunClusters<'a> {
    local: &'a LocalKubeconfig,
    args: &'a RunClusterArgs,
    limits: Limits,
    /// The contexts that are known without asking, by the namespaces and names of registrations.
    known: HashMap<(String, String), String>,
    /// The contexts that the pattern of `--run-context` matches, and no other leads anywhere; none without a pattern.
    matching: Option<HashSet<String>>,
    /// The contexts by the address of their cluster.
    addresses: OnceLock<HashMap<String, Vec<String>>>,
    /// What each context's cluster says of itself, once they had to be asked: by the namespace that stands in for
    /// `kube-system`, empty where none does.
    asked: Mutex<HashMap<String, Asked>>,
}

impl<'a> RunClusters<'a> {
    /// The ways of this kubeconfig, as this user, within these limits.
    ///
    /// # Errors
    /// [`Kind::Usage`] for a pattern that matches no context.
    pub(super) fn new(local: &'a LocalKubeconfig, args: &'a RunClusterArgs, limits: Limits) -> Result<Self> {
        let matching = run_context::of_kubeconfig(args.run_context.as_deref(), local)?;
        let matching = matching.map(|names| names.into_iter().collect());
        let (known, addresses, asked) = (HashMap::new(), OnceLock::new(), Mutex::default());
        Ok(Self { local, args, limits, known, matching, addresses, asked })
    }

    /// The same, with the contexts of registrations that are known already, by namespace and name.
    pub(super) fn with_contexts(self, known: HashMap<(String, String), String>) -> Self {
        Self { known, ..self }
    }

    /// The one context that was typed; none where that is a pattern.
    pub(super) fn named(&self) -> Option<&String> {
        self.args.run_context.as_ref().filter(|_| self.matching.is_none())
    }

    /// The pattern that was typed; none where that is a context.
    pub(super) fn pattern(&self) -> Option<&String> {
        self.args.run_context.as_ref().filter(|_| self.matching.is_some())
    }

    /// Refuses a pattern where one run cluster is meant.
    ///
    /// # Errors
    /// [`Kind::Usage`].
    pub(super) fn refuse_pattern(&self) -> Result<()> {
        self.pattern().map_or(Ok(()), |pattern| self.local.context(pattern).map(|_| ()))
    }

    /// Where a pattern was typed, those registrations to whose run cluster a matching context leads; says which are
    /// left out.
    ///
    /// # Errors
    /// None but those of finding a context.
    pub(super) async fn meant(&self, all: Vec<Held>, printer: impl Into<Option<Printer>>) -> Result<Vec<Held>> {
        let Some(pattern) = self.pattern() else { return Ok(all) };
        let printer = printer.into();
        let _progress = printer.map(|printer| printer.progress("looking for the run clusters of these contexts"));
        let (mut meant, mut left_out) = (Vec::new(), Vec::new());
        for held in all {
            match self.context_if_any(Some(&held), Several::First).await? {
                Some(_) => meant.push(held),
                None => left_out.push(format!("'{}'", held.name)),
            }
        }
        if let Some(printer) = printer.filter(|_| !left_out.is_empty()) {
            let left_out = words::first_few(&left_out);
            printer.say(&format!("left out, since no context that matches '{pattern}' leads there: {left_out}"));
        }
        Ok(meant)
    }

    /// The contexts that may lead to run clusters.
    fn contexts(&self) -> Vec<String> {
        let mut names = self.local.context_names();
        names.retain(|name| self.matching.as_ref().is_none_or(|matching| matching.contains(name)));
        names
    }

    /// Finds the way to the cluster of a registration, and proves that it leads there.
    ///
    /// # Errors
    /// [`Kind::Usage`] where no context leads there, or the named one leads elsewhere.
    pub(super) async fn find(&self, held: &Held, several: Several) -> Result<RunCluster> {
        let context = self.context(Some(held), several).await?;
        let found = self.connect(held, &context).await?;
        if found.identity.is(held.run_cluster_uid()) == Some(false) {
            return Err(another_cluster(&context, &found.identity, held));
        }
        Ok(found)
    }

    /// Finds the way to the address or, failing that, to the cluster of a registration. It may lead
    /// to another cluster than the recorded one, when a cluster was made anew behind its address.
    ///
    /// # Errors
    /// As [`Self::find`], and as the cluster answers.
    pub(super) async fn find_unproven(&self, held: &Held, several: Several) -> Result<RunCluster> {
        let context = self.context(Some(held), several).await?;
        self.connect(held, &context).await
    }

    /// The context that leads to the run cluster of a registration, as far as that is known without
    /// asking other clusters who they are.
    pub(super) fn likely_context(&self, held: &Held) -> Option<String> {
        let asked = || {
            let is_it = |(_, identity): &&(String, Identity)| identity.is(held.run_cluster_uid()) == Some(true);
            self.asked_for(held.run_cluster_uid()).get()?.iter().find(is_it).map(|(context, _)| context.clone())
        };
        let named = self.named_for(held).cloned();
        named.or_else(|| self.by_address(held.server()).first().cloned()).or_else(asked)
    }

    /// The context that was named for the run cluster of a registration.
    fn named_for(&self, held: &Held) -> Option<&String> {
        let key = || (held.secret.namespace.clone(), held.name.clone());
        self.named().or_else(|| self.known.get(&key()))
    }

    /// How the kubeconfig itself reaches that cluster.
    pub(super) fn own_endpoint(&self, held: &Held) -> Option<Endpoint> {
        self.local.endpoint(&self.likely_context(held)?).ok()
    }

    /// The context that leads to the address or, failing that, to the cluster of a registration;
    /// without a registration the one that was typed.
    ///
    /// # Errors
    /// [`Kind::Usage`] where there is none.
    pub(super) async fn context(&self, held: Option<&Held>, several: Several) -> Result<String> {
        let unnamed = || Error::usage("no run cluster is named").hint("name it with --run-context");
        self.context_if_any(held, several).await?.ok_or_else(|| held.map_or_else(unnamed, no_context))
    }

    /// As [`Self::context`], and none where no context leads there.
    ///
    /// # Errors
    /// [`Kind::Usage`] where several lead there and none is chosen.
    pub(super) async fn context_if_any(&self, held: Option<&Held>, several: Several) -> Result<Option<String>> {
        let Some(held) = held else {
            self.refuse_pattern()?;
            return Ok(self.named().cloned());
        };
        if let Some(named) = self.named_for(held) {
            return Ok(Some(named.clone()));
        }
        let mut found = self.by_address(held.server()).to_vec();
        if found.is_empty() {
            if let Several::Choose(printer) = several {
                let _progress = printer.progress("asking the clusters of the kubeconfig who they are");
                found = self.by_identity(held).await;
            } else {
                found = self.by_identity(held).await;
            }
        }
        match (found.as_slice(), several) {
            ([only], _) | ([only, ..], Several::First) => Ok(Some(only.clone())),
            ([], _) => Ok(None),
            (choices, Several::Choose(printer)) => {
                printer.choose("the context of the run cluster", "--run-context", choices).map(Some)
            }
        }
    }

    /// The contexts whose cluster has that address. All are looked at once: a fleet asks this for each of its own.
    fn by_address(&self, server: &str) -> &[String] {
        let addresses = self.addresses.get_or_init(|| {
            let mut addresses: HashMap<String, Vec<String>> = HashMap::new();
            for context in self.contexts() {
                if let Ok(endpoint) = self.local.endpoint(&context) {
                    addresses.entry(endpoint.server).or_default().push(context);
                }
            }
            addresses
        });
        addresses.get(server).map_or(&[], Vec::as_slice)
    }

    /// Connects to the cluster of a context and asks who it is. It may be another one than the recorded.
    ///
    /// # Errors
    /// As the cluster answers.
    pub(super) async fn connect(&self, held: &Held, context: &str) -> Result<RunCluster> {
        let cluster = self.way(context).await?;
        let identity = identity(&cluster, held.run_cluster_uid()).await?;
        let mut warnings = Vec::new();
        if identity.is(held.run_cluster_uid()).is_none() {
            warnings.push(format!(
                "you may not read who the cluster of the context '{context}' is: that it is the one of the registration \
                 '{}' is taken on trust",
                held.name
            ));
        }
        Ok(RunCluster { cluster, context: context.to_owned(), identity, warnings })
    }

    /// Connects to the cluster of a context, whichever it is.
    ///
    /// # Errors
    /// As the cluster answers.
    pub(super) async fn connect_to(&self, context: &str) -> Result<RunCluster> {
        let cluster = self.way(context).await?;
        let identity = identity(&cluster, "").await?;
        Ok(RunCluster { cluster, context: context.to_owned(), identity, warnings: Vec::new() })
    }

    /// Prepares the way through a context; no request is sent yet.
    pub(super) async fn way(&self, context: &str) -> Result<Cluster> {
        self.way_with(self.local, context, self.limits).await
    }

    async fn way_with(&self, local: &LocalKubeconfig, context: &str, limits: Limits) -> Result<Cluster> {
        let identity = Impersonation { user: self.args.run_as.clone(), groups: self.args.run_as_group.clone() };
        Cluster::connect(local, Side::Run, context, &identity, limits).await
    }

    /// The contexts whose cluster says that it is the registered one.
    async fn by_identity(&self, held: &Held) -> Vec<String> {
        let recorded = held.run_cluster_uid();
        let asked = self.asked_for(recorded);
        let asked = asked.get_or_init(|| self.ask_all(recorded)).await;
        let is_it =
            |(context, identity): &(String, Identity)| (identity.is(recorded) == Some(true)).then(|| context.clone());
        let mut found: Vec<String> = asked.iter().filter_map(is_it).collect();
        found.sort();
        found
    }

    /// What they answer, or will, when they are asked for such an identity.
    fn asked_for(&self, recorded: &str) -> Asked {
        let stand_in = recorded.split_once(':').map_or("", |(namespace, _)| namespace);
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(asked.entry(stand_in.to_owned()).or_default())
    }

    /// Asks every context's cluster who it is. A credential plugin that would ask something is not
    /// asked.
    async fn ask_all(&self, recorded: &str) -> Vec<(String, Identity)> {
        let local = &self.local.clone().without_questions();
        let limits = Limits { total: PERHAPS.min(self.limits.total), request: Duration::ZERO };
        let asked = self.contexts().into_iter().map(|context| async move {
            let cluster = self.way_with(local, &context, limits).await.ok()?;
            identity(&cluster, recorded).await.ok().map(|identity| (context, identity))
        });
        stream::iter(asked).buffer_unordered(AT_A_TIME).filter_map(async |found| found).collect().await
    }
}

/// The contexts whose cluster has that address.
pub(super) fn by_address(local: &LocalKubeconfig, server: &str) -> Vec<String> {
    let mut names = local.context_names();
    names.retain(|name| local.endpoint(name).is_ok_and(|endpoint| endpoint.server == server));
    names
}

/// A look at a run cluster that takes no longer than all requests to it may: finding the way may ask other
/// clusters of the kubeconfig who they are.
///
/// # Errors
/// [`Kind::Unreachable`] when the time is over, and those of the look.
pub(super) async fn within<T>(limits: Limits, look: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limits.total, look).await.unwrap_or_else(|_| {
        let seconds = limits.total.as_secs();
        Err(Error::new(Kind::Unreachable, format_args!("the run cluster gave no answer within {seconds} s")))
    })
}

/// Who a cluster is, as far as a recorded identity must be compared with it.
pub(super) async fn identity(cluster: &Cluster, recorded: &str) -> Result<Identity> {
    let uid = async |namespace: &str| match cluster.read_object(&NAMESPACE, None, namespace).await {
        Ok(found) => Ok(found.and_then(|found| found["metadata"]["uid"].as_str().map(str::to_owned))),
        Err(error) if error.kind() == Kind::NotAllowed => Ok(None),
        Err(error) => Err(error),
    };
    let kube_system = uid("kube-system").await?;
    let stand_in = match recorded.split_once(':') {
        Some((namespace, _)) if !namespace.is_empty() => uid(namespace).await?.map(|uid| (namespace.to_owned(), uid)),
        _ => None,
    };
    Ok(Identity { kube_system, stand_in })
}

pub(super) fn no_context(held: &Held) -> Error {
    let unknown = if held.server().is_empty() { "nothing of it is recorded" } else { held.server() };
    Error::usage(format_args!(
        "no context of the kubeconfig leads to the run cluster of the registration '{}' ({unknown})",
        held.name,
    ))
    .hint("name one of your own for it with --run-context; the stored credential is never used for this; where only another \
         administrator has one, each does a side: --run-side and --build-side")
}

fn another_cluster(context: &str, own: &Identity, held: &Held) -> Error {
    Error::usage(format_args!(
        "the context '{context}' leads to the cluster {}, and the registration '{}' is of the cluster {}",
        own.recorded(),
        held.name,
        held.run_cluster_uid()
    ))
    .hint("name another context with --run-context, or register the cluster anew if it was made anew")
}
