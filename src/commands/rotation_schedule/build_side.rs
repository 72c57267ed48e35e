//! What stands on the build cluster of one registration's renewal, and what would be done with it.

use std::time::Duration;

use futures::future::try_join_all;
use serde_json::{Value, json};

use crate::{
    cluster::Cluster,
    commands::renewal_namespace::Endings,
    error::{Error, Result},
    kind::ApiKind,
    plan::{Change, Manifest, Side},
    registration::{
        facts::map,
        names::{Name, ObjectRef},
        planning::GOING,
        record::{MANAGED_BY, REGISTRATION},
        removal::{is_going, kinds::SECRET},
        renewal::{
            Renewal,
            schedule::{Member, Options, everything_of, namespace, of_all, of_one},
        },
    },
};

/// What was found.
pub(super) struct Found {
    /// The namespace as it should be, and as it is.
    namespace: (Manifest, Option<Value>),
    /// Each object that should be there, and what is.
    wanted: Vec<(Manifest, Option<Value>)>,
    /// Objects of another way to renew the same registration.
    unwanted: Vec<Manifest>,
    /// The renewal kubeconfig's Secret, without its content.
    secret: Option<Manifest>,
}

/// Looks at everything of one registration. One round trip.
pub(super) async fn observe(
    cluster: &Cluster,
    member: &Member,
    members: &[Member],
    options: &Options,
) -> Result<Found> {
    let mut wanted = of_one(member, options);
    wanted.extend(options.shards.into_iter().flat_map(|shards| of_all(members, shards, options)));
    let mut others = everything_of(member, options);
    others.retain(|other| !wanted.iter().any(|manifest| manifest.is(other)));
    let look = async |manifests: Vec<Manifest>| {
        let reads = manifests.into_iter().map(|manifest| async move {
            let found =
                cluster.read_object(&ApiKind::of(&manifest), manifest.namespace.as_deref(), &manifest.name).await?;
            Ok::<_, Error>((manifest, found))
        });
        try_join_all(reads).await
    };
    let (reference, secrets) = (&member.renewal_secret, SECRET);
    let (namespace, wanted, others, secret) = futures::try_join!(
        look(vec![namespace(options)]),
        look(wanted),
        look(others),
        cluster.read_object(&secrets, Some(&reference.namespace), &reference.name),
    )?;
    let ours = |found: &Value| {
        map(&found["metadata"]["labels"]).get(REGISTRATION).is_some_and(|name| name == member.name.as_str())
    };
    let observed = |manifest: &Manifest, found: &Value| Manifest {
        body: json!({"metadata": {"uid": found["metadata"]["uid"]}}),
        ..manifest.clone()
    };
    let unwanted = others.iter().filter_map(|(manifest, found)| {
        found.as_ref().filter(|found| ours(found)).map(|found| observed(manifest, found))
    });
    let secret = secret
        .filter(ours)
        .map(|found| observed(&secrets.manifest(Some(&reference.namespace), &reference.name, Value::Null), &found));
    let namespace = namespace.into_iter().next().ok_or_else(|| Error::failed("no namespace was looked at"))?;
    Ok(Found { namespace, unwanted: unwanted.collect(), wanted, secret })
}

impl Found {
    /// The namespace, and what is made, changed, kept and deleted.
    ///
    /// # Errors
    /// [`Kind::Conflict`](crate::error::Kind::Conflict) for an object that is somebody's.
    pub(super) fn applied(self, options: &Options) -> Result<(Change, Vec<Change>)> {
        let change = |(manifest, found): (Manifest, Option<Value>)| {
            check_ours(&manifest, found.as_ref(), options)?;
            Ok(Change::between(Side::Build, manifest, found.as_ref()))
        };
        let namespace = match self.namespace {
            (manifest, Some(found)) if is_going(&found) => Change::create(Side::Build, manifest).because(GOING),
            namespace => change(namespace)?,
        };
        let wanted = self.wanted.into_iter().map(change).collect::<Result<Vec<_>>>()?;
        let unwanted = self.unwanted.into_iter().map(|manifest| delete(manifest, "renewed otherwise from now on"));
        Ok((namespace, wanted.into_iter().chain(unwanted).collect()))
    }

    /// What is deleted of a registration's own when nobody renews its tokens any more.
    fn taken_away(self) -> Vec<Change> {
        let own = self.wanted.into_iter().filter_map(|(manifest, found)| {
            let found = found?;
            let is_own = manifest.body["metadata"]["labels"].get(REGISTRATION)
                == Some(found["metadata"]["labels"].get(REGISTRATION)?);
            is_own.then(|| Manifest { body: json!({"metadata": {"uid": found["metadata"]["uid"]}}), ..manifest })
        });
        let all = own.chain(self.unwanted).chain(self.secret);
        all.map(|manifest| delete(manifest, "nobody renews it any more")).collect()
    }
}

/// A registration that is no longer to be renewed.
pub(in crate::commands) fn leaving(name: &Name, secret: &ObjectRef, renewal: &Renewal) -> Member {
    let life = Duration::ZERO;
    Member { name: name.clone(), secret: secret.clone(), renewal_secret: renewal.secret.clone(), life }
}

/// What goes from the build cluster when a registration is no longer renewed: who renews it, and the
/// renewal kubeconfig; with the last one the namespace.
pub(in crate::commands) async fn of_removed(
    cluster: &Cluster,
    member: &Member,
    endings: &Endings,
) -> Result<Vec<Change>> {
    let options = Options {
        namespace: member.renewal_secret.namespace.clone(),
        image: String::new(),
        schedule: None,
        jitter: None,
        shards: None,
        life: None,
    };
    let (found, namespace) =
        futures::try_join!(observe(cluster, member, &[], &options), endings.of_one(cluster, member))?;
    Ok(found.taken_away().into_iter().chain(namespace).collect())
}

fn delete(manifest: Manifest, why: &str) -> Change {
    Change::delete(Side::Build, manifest, why)
}

/// Refuses an object under our name that is not ours, or another registration's.
fn check_ours(desired: &Manifest, found: Option<&Value>, options: &Options) -> Result<()> {
    let Some(found) = found else { return Ok(()) };
    let (wanted, labels) = (map(&desired.body["metadata"]["labels"]), map(&found["metadata"]["labels"]));
    if [MANAGED_BY.0, REGISTRATION].iter().all(|label| labels.get(*label) == wanted.get(*label)) {
        return Ok(());
    }
    let place = desired.namespace.as_ref().map_or(String::new(), |name| format!(" in the namespace '{name}'"));
    Err(Error::conflict(format_args!(
        "{}{place} on the build cluster exists and was not made by this plugin for this",
        desired.display_name()
    ))
    .hint(format_args!(
        "take another --renewal-namespace than '{}', or delete it if nobody needs it",
        options.namespace
    )))
}
