//! The kinds that can be paused, each by its own field, and how each shows that it is.

use serde_json::{Value, json};

use super::{APP, PACKAGE_INSTALL, PACKAGE_REPOSITORY};
use crate::{kind::ApiKind, supply_chain::conditions};

/// What kapp-controller says of what it leaves alone.
const CANCELED_OR_PAUSED: &str = "Canceled/paused";

/// A kind that can be paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pausable {
    /// The kind, in the newest version that is known.
    pub kind: &'static ApiKind,
    /// The versions of its group that have it, newest first.
    pub versions: &'static [&'static str],
    /// The field of its spec.
    pub field: &'static str,
}

static KUSTOMIZATION: ApiKind =
    ApiKind::namespaced("kustomize.toolkit.fluxcd.io", "v1", "Kustomization", "kustomizations");
static HELM_RELEASE: ApiKind = ApiKind::namespaced("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases");
static GIT_REPOSITORY: ApiKind =
    ApiKind::namespaced("source.toolkit.fluxcd.io", "v1", "GitRepository", "gitrepositories");
const FLUX: &str = "suspend";

/// Every kind that can be paused. Flux: v1beta2 is all that Flux 0.x serves, v1 all since 2.8.
pub static PAUSABLE: [Pausable; 6] = [
    Pausable { kind: &PACKAGE_INSTALL, versions: &["v1alpha1"], field: "paused" },
    Pausable { kind: &APP, versions: &["v1alpha1"], field: "paused" },
    Pausable { kind: &PACKAGE_REPOSITORY, versions: &["v1alpha1"], field: "paused" },
    Pausable { kind: &KUSTOMIZATION, versions: &["v1", "v1beta2", "v1beta1"], field: FLUX },
    Pausable { kind: &HELM_RELEASE, versions: &["v2", "v2beta2", "v2beta1"], field: FLUX },
    Pausable { kind: &GIT_REPOSITORY, versions: &["v1", "v1beta2", "v1beta1"], field: FLUX },
];

impl Pausable {
    /// The kind of that name.
    #[must_use]
    pub fn of_kind(kind: &str) -> Option<&'static Self> {
        PAUSABLE.iter().find(|pausable| pausable.kind.kind == kind)
    }

    /// The kind whose objects tell how they fare as those of that name do: all of Flux's sources tell it alike.
    #[must_use]
    pub fn that_tells(kind: &str) -> Option<&'static Self> {
        Self::of_kind(match kind {
            "OCIRepository" | "Bucket" => "GitRepository",
            kind => kind,
        })
    }

    /// The kind in the newest of its versions that is served; none where none is.
    #[must_use]
    pub fn in_newest(&self, is_served: impl Fn(&str) -> bool) -> Option<ApiKind> {
        self.versions.iter().find(|version| is_served(version)).map(|version| self.kind.in_version(version))
    }

    /// Does the object ask to be left alone?
    #[must_use]
    pub fn is_paused(&self, object: &Value) -> bool {
        object["spec"][self.field] == json!(true)
    }

    /// Does its status show a pause? Flux objects have no such status: there the accepted patch is
    /// all.
    #[must_use]
    pub fn shows_pause(&self) -> bool {
        self.field != FLUX
    }
}

/// Does the controller leave the object alone, as it is now? A running deploy goes on until then.
#[must_use]
pub fn is_left_alone(object: &Value) -> bool {
    conditions::is_observed(object) && object["status"]["friendlyDescription"] == CANCELED_OR_PAUSED
}

/// How a reconciliation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It succeeded.
    Succeeded,
    /// It failed; with the controller's own message.
    Failed(String),
}

/// How the last reconciliation of the object as it is now ended; none while it is under way. A pause
/// leaves old conditions in place, so that a paused object never counts.
#[must_use]
pub fn settled(pausable: &Pausable, object: &Value) -> Option<Settled> {
    if is_left_alone(object) {
        return None;
    }
    let is_observed = conditions::is_observed(object);
    if pausable.field == FLUX {
        let ready = conditions::find(object, "Ready")?;
        // Flux observes a generation when it has succeeded with it; of a failure only the condition says which it saw.
        let failed_now = ready.is_false() && conditions::is_of_now(object, "Ready");
        if !is_observed && !failed_now {
            return None;
        }
        return match ready.status.as_str() {
            "True" => Some(Settled::Succeeded),
            // Flux says so while it works, and while it waits for what it depends on.
            "False" if ready.reason != "Progressing" && ready.reason != "DependencyNotReady" => {
                Some(Settled::Failed(ready.message))
            }
            _ => None,
        };
    }
    let condition = |type_: &str| conditions::find(object, type_).is_some_and(|condition| condition.is_true());
    if !is_observed {
        return None;
    }
    if condition("Reconciling") || condition("Deleting") {
        None
    } else if condition("ReconcileSucceeded") {
        Some(Settled::Succeeded)
    } else if condition("ReconcileFailed") {
        Some(Settled::Failed(failure(object)))
    } else {
        None
    }
}

/// The controller's own message about a failure.
#[must_use]
pub fn failure(object: &Value) -> String {
    let status = &object["status"];
    let message = |value: &Value| value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let condition = || conditions::find(object, "ReconcileFailed").map(|condition| condition.message);
    message(&status["usefulErrorMessage"])
        .or_else(|| condition().filter(|text| !text.is_empty()))
        .or_else(|| message(&status["friendlyDescription"]))
        .unwrap_or_else(|| "the controller gives no reason".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn app(generation: i64, observed: i64, status: &Value) -> Value {
        let mut status = status.clone();
        status["observedGeneration"] = json!(observed);
        json!({"metadata": {"generation": generation}, "status": status})
    }

    #[test]
    fn flux_says_it_in_one_condition() {
        let flux = Pausable::of_kind("Kustomization").unwrap();
        let ready = |status: &str, reason: &str| {
            let condition = json!({"type": "Ready", "status": status, "reason": reason, "message": "m"});
            settled(flux, &app(1, 1, &json!({"conditions": [condition]})))
        };
        assert_eq!(ready("True", "ReconciliationSucceeded"), Some(Settled::Succeeded));
        assert_eq!(ready("False", "BuildFailed"), Some(Settled::Failed("m".into())));
        assert_eq!((ready("Unknown", "Progressing"), ready("False", "DependencyNotReady")), (None, None));
    }

    #[test]
    fn a_failure_of_flux_says_itself_which_generation_it_saw() {
        let flux = Pausable::of_kind("Kustomization").unwrap();
        let never_succeeded = |status: &str, generation: i64| {
            let condition = json!({"type": "Ready", "status": status, "reason": "BuildFailed", "message": "m",
                "observedGeneration": generation});
            settled(flux, &app(2, -1, &json!({"conditions": [condition]})))
        };
        assert_eq!(never_succeeded("False", 2), Some(Settled::Failed("m".into())));
        assert_eq!((never_succeeded("False", 1), never_succeeded("True", 2)), (None, None));
    }

    #[test]
    fn a_pause_is_real_at_the_current_generation_only() {
        let install = Pausable::of_kind("App").unwrap();
        let paused = json!({"friendlyDescription": "Canceled/paused", "conditions": [{"type": "ReconcileSucceeded", "status": "True"}]});
        assert!(is_left_alone(&app(2, 2, &paused)));
        assert!(!is_left_alone(&app(2, 1, &paused)));
        assert_eq!(settled(install, &app(2, 2, &paused)), None);
        assert_eq!(settled(install, &app(3, 2, &paused)), None);
    }

    #[test]
    fn how_a_reconciliation_ended() {
        let install = Pausable::of_kind("App").unwrap();
        let with = |type_: &str| json!({"usefulErrorMessage": "kapp: boom", "conditions": [{"type": type_, "status": "True"}]});
        assert_eq!(settled(install, &app(1, 1, &with("ReconcileSucceeded"))), Some(Settled::Succeeded));
        assert_eq!(settled(install, &app(1, 1, &with("ReconcileFailed"))), Some(Settled::Failed("kapp: boom".into())));
        assert_eq!(settled(install, &app(1, 1, &with("Reconciling"))), None);
        assert_eq!(settled(install, &app(1, 1, &json!({}))), None);
    }

    #[test]
    fn each_kind_by_its_own_field() {
        let flux = Pausable::of_kind("Kustomization").unwrap();
        assert!(
            flux.is_paused(&json!({"spec": {"suspend": true}})) && !flux.is_paused(&json!({"spec": {"paused": true}}))
        );
        assert!(!flux.shows_pause() && Pausable::of_kind("App").unwrap().shows_pause());
        assert!(Pausable::of_kind("Deployment").is_none());
    }

    #[test]
    fn the_newest_version_that_is_served() {
        let flux = Pausable::of_kind("Kustomization").unwrap();
        let version =
            |served: &[&str]| flux.in_newest(|one| served.contains(&one)).map(|kind| kind.version.into_owned());
        assert_eq!(version(&["v1beta1", "v1beta2", "v9"]), Some("v1beta2".into()));
        assert_eq!(version(&["v9"]), None);
    }
}
