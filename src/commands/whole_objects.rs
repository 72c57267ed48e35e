//! Objects that are written whole, for the verbs that change and restore supply chains: what is
//! planned for each, what the API server says to it, and what forbids it.

mod ready;
mod write;

use futures::future::join_all;
use serde_json::Value;

pub(super) use ready::await_ready;
pub(super) use write::write;

use crate::{
    cli::output::DryRun,
    cluster::Cluster,
    diff::ObjectDifference,
    error::{Error, Kind, Result},
    kind::ApiKind,
    output::CHECKED_HERE,
    package_install::{
        ownership::{Installed, KAPP_APP},
        reverting::{Edit, edit_of},
    },
    plan::{Change, Op, Side},
    report::Done,
    supply_chain::replacing::{Stage, differences, replacement, stage},
    words,
};

/// One object, what happens to it, and what it becomes.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// Its kind.
    pub kind: ApiKind,
    /// What happens to it.
    pub change: Change,
    /// The object as it was observed.
    pub live: Option<Value>,
    /// The object as the API server would make it.
    pub after: Value,
    /// Where it comes from: a file and document, or a backup.
    pub from: String,
}

impl Planned {
    /// What makes the live object what is wanted.
    pub(super) fn new(kind: ApiKind, wanted: &Value, live: Option<Value>, from: String) -> Self {
        let body = replacement(wanted, live.as_ref());
        let metadata = |field: &str| live.as_ref()?["metadata"][field].as_str().map(str::to_owned);
        let change = Change {
            op: if live.is_some() { Op::Update } else { Op::Create },
            side: Side::Build,
            uid: metadata("uid"),
            resource_version: metadata("resourceVersion"),
            manifest: kind.object(body.clone()),
            why: None,
        };
        Self { kind, change, live, after: body, from }
    }

    /// When it is written.
    pub(super) fn stage(&self) -> Stage {
        stage(&self.change.manifest.body)
    }

    /// Does it change something?
    pub(super) fn is_change(&self) -> bool {
        self.change.op != Op::Keep
    }

    /// `clustersupplychain.carto.run/web`.
    pub(super) fn name(&self) -> String {
        self.change.manifest.display_name()
    }

    /// How the live object differs from what it becomes.
    pub(super) fn difference(&self) -> Option<ObjectDifference> {
        let fields = differences(self.live.as_ref()?, &self.after);
        (self.change.op == Op::Update).then(|| ObjectDifference {
            object: self.name(),
            namespace: self.change.manifest.namespace.clone(),
            fields,
            note: None,
        })
    }

    /// What is reported of it, in kubectl's words.
    pub(super) fn done(&self) -> Done {
        let done = Done::new(&self.change);
        match self.change.op {
            Op::Create => done.with_result("created"),
            Op::Update => done.with_result("replaced"),
            _ => done,
        }
    }
}

/// Reads the objects, all at once.
pub(super) async fn observe(cluster: &Cluster, of: &[(&ApiKind, Option<&str>, &str)]) -> Result<Vec<Option<Value>>> {
    let read = of.iter().map(|(kind, namespace, name)| cluster.read_object(kind, *namespace, name));
    join_all(read).await.into_iter().collect()
}

/// Has the API server check everything that would be written, unless it must not be asked; what
/// would change nothing is kept. What cannot be checked yet says so.
///
/// # Errors
/// Naming every object that the API server refuses; of the first one's kind.
pub(super) async fn check(cluster: &Cluster, planned: &mut [Planned], how: DryRun) -> Result<()> {
    let is_new = |one: &&Planned| one.change.op == Op::Create && one.stage() == Stage::Namespaces;
    let missing: Vec<String> = planned.iter().filter(is_new).map(|one| one.change.manifest.name.clone()).collect();
    let checks = planned.iter().map(|one| {
        let in_new_namespace = one.change.manifest.namespace.as_ref().is_some_and(|name| missing.contains(name));
        async move {
            if how == DryRun::Client || one.change.op == Op::Keep {
                return Ok(None);
            }
            if in_new_namespace {
                return Ok(Some(None));
            }
            match write(cluster, one, true).await {
                // Its Role does not exist yet, and without `bind` that matters.
                Err(error) if one.stage() == Stage::Bindings && error.is_not_found() => Ok(Some(None)),
                Err(error) if one.change.op == Op::Create && error.is_not_found() => {
                    Err(error.hint("make the namespace first, or add it to the files"))
                }
                written => written.map(|object| Some(Some(object).filter(|_| one.change.op != Op::Delete))),
            }
        }
    });
    let checked = join_all(checks).await;
    let mut refused: Vec<(String, Error)> = Vec::new();
    for (one, checked) in planned.iter_mut().zip(checked) {
        match checked {
            Err(error) => refused.push((one.from.clone(), error)),
            Ok(Some(Some(after))) => one.after = after,
            Ok(Some(None)) if one.change.op == Op::Delete => {}
            Ok(Some(None)) => one.change.why = Some(CHECKED_HERE.to_owned()),
            Ok(None) => {}
        }
        let is_same = one.live.as_ref().is_some_and(|live| differences(live, &one.after).is_empty());
        if is_same && one.change.op == Op::Update {
            one.change.op = Op::Keep;
        }
    }
    refusal_of(refused, cluster.place())
}

fn refusal_of(refused: Vec<(String, Error)>, place: &str) -> Result<()> {
    let number = refused.len();
    let mut refused = refused.into_iter();
    let Some((from, first)) = refused.next() else { return Ok(()) };
    let text = first.to_string();
    let others: Vec<String> = refused.map(|(from, error)| format!("\n{from}: {error}")).collect();
    let first = if number == 1 {
        first.context(format_args!("{from}: nothing was changed"))
    } else {
        let all = format!("{from}: {first}{}", others.concat());
        Error::new(first.kind(), all).context(format_args!("{place} refuses {number} objects: nothing was changed"))
    };
    Err(if text.contains("failed calling webhook") {
        first.replace_hint(
            "a webhook that must agree does not answer: for carto.run this is Cartographer's controller; is it running? \
             (kubectl get pods -A | grep cartographer)",
        )
    } else {
        first
    })
}

/// Something that forbids the change, and what helps.
#[derive(Debug)]
pub(super) struct Refusal {
    /// A sentence.
    pub sentence: String,
    /// The command or flag that helps.
    pub hint: String,
}

/// Refuses for all reasons at once.
///
/// # Errors
/// [`Kind::Conflict`] where there is any.
pub(super) fn refuse(refusals: &[Refusal], place: &str) -> Result<()> {
    let mut hints: Vec<String> = Vec::new();
    for refusal in refusals {
        if !hints.contains(&refusal.hint) {
            hints.push(refusal.hint.clone());
        }
    }
    let sentence = match refusals {
        [] => return Ok(()),
        [one] => format!("{} (on {place}); nothing was changed", one.sentence),
        many => {
            let lines: String = many.iter().map(|refusal| format!("\n- {}", refusal.sentence)).collect();
            format!("{} on {place}; nothing was changed:{lines}", words::count(many.len(), "conflict"))
        }
    };
    Err(Error::conflict(sentence).hint(hints.join("\n      ")))
}

/// Who would put the objects back, and what cannot be told.
pub(super) fn reverted(
    planned: &[Planned],
    installed: Option<&Installed>,
    context: &str,
    warnings: &mut Vec<String>,
) -> Vec<Refusal> {
    let none = Installed::default();
    let mut refusals = Vec::new();
    for one in planned.iter().filter(|one| one.is_change()) {
        let Some(live) = &one.live else { continue };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match edit_of(installed.unwrap_or(&none), live) {
            Edit::Stays => {}
            Edit::Unknown => warnings.push(format!(
                "{} was deployed by kapp ({KAPP_APP}={}), but no App here says so: whoever runs kapp may put it back",
                one.name(),
                text(&live["metadata"]["labels"][KAPP_APP])
            )),
            Edit::Reverted(owner) => {
                let metadata = &owner["metadata"];
                let (kind, name, namespace) =
                    (text(&owner["kind"]), text(&metadata["name"]), text(&metadata["namespace"]));
                let kind_flag =
                    if kind == "PackageInstall" { String::new() } else { format!(" --kind {}", kind.to_lowercase()) };
                refusals.push(Refusal {
                    sentence: format!(
                        "{} belongs to the {kind} '{namespace}/{name}', which is not paused: it would put it back",
                        one.name()
                    ),
                    hint: format!(
                        "kubectl tapmc pause-supply-chain {name} -n {namespace}{kind_flag} --context {context} \
                         (or --allow-unpaused, to go on)"
                    ),
                });
            }
        }
    }
    refusals
}

/// What Carvel looks after there; none where it is not installed, and an error that names the way
/// out where it may not be seen although an object is kapp's.
pub(super) fn installed_or_not(
    found: Result<Option<Installed>>,
    planned: &[Option<Value>],
    allow_unpaused: bool,
) -> Result<Option<Installed>> {
    let of_kapp = planned.iter().flatten().any(|live| !live["metadata"]["labels"][KAPP_APP].is_null());
    match found {
        Err(error) if error.kind() == Kind::NotAllowed && (allow_unpaused || !of_kapp) => Ok(None),
        found => {
            found.map_err(|error| error.hint("--allow-unpaused goes on without knowing who would put objects back"))
        }
    }
}
