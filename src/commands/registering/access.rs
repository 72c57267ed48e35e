//! The run cluster's side of a registration, being made: access, marker, removals.

use std::collections::BTreeMap;

use futures::future::join_all;
use jiff::Timestamp;
use serde_json::Value;

use crate::{
    cluster::Cluster,
    error::{Error, Result},
    plan::{Change, Side},
    registration::{
        Registration, access,
        facts::map,
        generations::marker_manifest,
        planning::{RegistrationPlan, observed_manifest},
        record::{key, registration_of},
        removal::kinds::SERVICE_ACCOUNT,
        renewal::renewal_account,
        voucher,
    },
    report::{Done, Journal},
};

/// A marker Secret that this run made.
pub(super) struct Marker {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) number: u64,
}

impl Marker {
    /// What a token is bound to.
    pub(super) fn bound(&self) -> (&str, &str) {
        (&self.name, &self.uid)
    }
}

/// The run cluster's side, as one run makes it.
pub(super) struct Access<'a> {
    pub(super) run: &'a Cluster,
    pub(super) registration: &'a Registration,
    pub(super) plan: &'a RegistrationPlan,
    /// The UID of the account namespace.
    pub(super) owner: String,
    pub(super) journal: &'a Journal,
}

/// The UIDs of the applied objects by kind and name, or the first failure.
pub(super) struct AppliedAccess(BTreeMap<String, String>, Option<Error>);

impl AppliedAccess {
    pub(super) fn into_result(self) -> Result<BTreeMap<String, String>> {
        self.1.map_or(Ok(self.0), Err)
    }
}

impl Access<'_> {
    /// Applies ServiceAccount, Roles and RoleBindings in parallel. An operator without `bind` gets
    /// a 404 for a binding that arrives before its Role: it is sent again after the Roles.
    pub(super) async fn apply(&self) -> AppliedAccess {
        let mut uids = BTreeMap::new();
        let mut failure = None;
        // The voucher's binding is the last: beside an account that could not be made it would be somebody's hold on it.
        let voucher = voucher::access::role_name(&self.registration.name);
        let is_voucher = |change: &&Change| change.manifest.kind == "RoleBinding" && change.manifest.name == voucher;
        let (last, first): (Vec<&Change>, Vec<&Change>) = self.plan.access.iter().partition(is_voucher);
        for changes in [first, last] {
            if failure.is_some() {
                break;
            }
            let results = join_all(changes.iter().map(|change| self.carry_out(change))).await;
            for (change, result) in changes.into_iter().zip(results) {
                let result = match result {
                    Err(error) if change.manifest.kind.ends_with("RoleBinding") && error.is_refusal() => {
                        self.carry_out(change).await
                    }
                    result => result,
                };
                match result {
                    Ok(uid) => drop(uids.insert(change.manifest.display_name(), uid)),
                    Err(error) => drop(failure.get_or_insert(error)),
                }
            }
        }
        AppliedAccess(uids, failure)
    }

    /// Makes the marker Secret of a generation; where a voucher will bring its token, one that says
    /// until when.
    pub(super) async fn marker(&self, number: u64, voucher_until: Option<Timestamp>) -> Result<Marker> {
        let until = voucher_until.map(|until| (key::VOUCHER_UNTIL, until.to_string()));
        self.annotated_marker(number, until.as_slice()).await
    }

    /// Makes a marker Secret with these annotations beside its own.
    pub(super) async fn annotated_marker(&self, number: u64, more: &[(&str, String)]) -> Result<Marker> {
        let mut manifest = access::marker(self.registration, &self.plan.recorded, number, &random_suffix());
        for (key, value) in more {
            manifest.body["metadata"]["annotations"][*key] = Value::from(value.as_str());
        }
        let uid = self.run.create_marker(&manifest).await?;
        let made = Change::create(Side::Run, manifest.clone());
        self.journal.note(Done { result: "created", ..Done::new(&made) });
        Ok(Marker { name: manifest.name, uid, number })
    }

    /// Deletes a marker whose token is stored nowhere.
    pub(super) async fn without_marker(&self, marker: &Marker, error: Error) -> Error {
        let manifest = marker_manifest(self.registration, &marker.name, &marker.uid);
        self.run.restart_clock();
        let change = Change::delete(Side::Run, manifest, "its token is stored nowhere");
        match self.run.carry_out(&change).await {
            Ok(_) => {
                self.journal.note(Done::new(&change));
                error
            }
            Err(_) => error.replace_hint(format_args!(
                "the marker '{}' could not be deleted, and with it its token lives: run the command again, or \
                 kubectl delete secret {} -n {}",
                marker.name,
                marker.name,
                self.registration.account.reference().namespace
            )),
        }
    }

    /// Deletes what is no longer wanted.
    pub(super) async fn remove(&self) -> Result<()> {
        let removed = join_all(self.plan.removals.iter().map(|change| self.carry_out(change))).await;
        let removed: Result<Vec<_>> = removed.into_iter().collect();
        removed.map(|_| ()).map_err(|error| {
            error.context("the credential is stored and works, but not everything that is no longer wanted is gone")
        })
    }

    /// Deletes the account that renewed the tokens, where the plan knows of none although the record does: after this run
    /// nothing tells of it any more, and what was not shown then is looked for once more.
    pub(super) async fn remove_unseen_renewal(&self) -> Result<()> {
        let account = renewal_account(self.registration.account.reference());
        let is_planned =
            |change: &Change| change.manifest.kind == "ServiceAccount" && change.manifest.name == account.name;
        if self.plan.removals.iter().any(is_planned) {
            return Ok(());
        }
        let Some(found) = self.run.read_object(&SERVICE_ACCOUNT, Some(&account.namespace), &account.name).await? else {
            return Ok(());
        };
        let is_ours = registration_of(&map(&found["metadata"]["labels"])) == Some(self.registration.name.as_str());
        if is_ours {
            self.carry_out(&Change::delete(Side::Run, observed_manifest(&found), "no longer wanted")).await?;
        }
        Ok(())
    }

    pub(super) async fn carry_out(&self, change: &Change) -> Result<String> {
        let mut owned = change.clone();
        owned.manifest.set_owner_uid(&self.owner);
        let applied = self.run.carry_out(&owned).await?;
        self.journal.note(Done::new(change));
        Ok(applied.uid)
    }
}

/// Five characters that make a marker's name its own.
pub(in crate::commands) fn random_suffix() -> String {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    // RandomState is seeded by the operating system; a clash only makes the API server refuse.
    let mut bits = RandomState::new().build_hasher().finish();
    let letter = |bits: &mut u64| {
        let index = usize::try_from(*bits & 31).unwrap_or(0);
        *bits >>= 5;
        char::from(LETTERS[index])
    };
    (0..5).map(|_| letter(&mut bits)).collect()
}
