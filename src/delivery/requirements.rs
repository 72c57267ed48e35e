//! What the two clusters need for a delivery, from what they serve, hold and allow; and the remedy for what
//! they lack. The addresses are those of the projects' own installation guides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{access::not_granted, flux::VERSIONS};
use crate::{
    plan::Side,
    registration::{profiles::Grants, rights::Right},
    words::{list, shell_word},
};

const KAPP_CONTROLLER: &str =
    "kubectl apply -f https://github.com/carvel-dev/kapp-controller/releases/latest/download/release.yml";
const FLUX: &str = "kubectl apply -f https://github.com/fluxcd/flux2/releases/latest/download/install.yaml";
const CONTOUR: &str = "kubectl apply -f https://projectcontour.io/quickstart/contour.yaml";
const CARTOGRAPHER: &str = "install Cartographer: https://cartographer.sh/docs/latest/install/";

/// A way in which is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// kapp-controller, by an App.
    CarvelApp,
    /// Flux, by a source and Kustomizations.
    Flux,
}

/// One thing that is needed, and whether it is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// `build` or `run`.
    pub side: Side,
    /// The cluster: its context, or the registration that leads there.
    pub cluster: String,
    /// What is needed.
    pub what: String,
    /// Is it there?
    pub is_met: bool,
    /// What was found, or why it could not be seen.
    pub found: String,
    /// What helps; none where it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// What a cluster serves: its API groups with their versions.
pub type Served = BTreeMap<String, Vec<String>>;

/// Where something is needed.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// On which side.
    pub side: Side,
    /// Which cluster.
    pub cluster: &'a str,
}

impl Place<'_> {
    /// Something that is needed here.
    #[must_use]
    pub fn requirement(&self, what: &str, found: Result<String, String>, remedy: &str) -> Requirement {
        let is_met = found.is_ok();
        Requirement {
            side: self.side,
            cluster: self.cluster.to_owned(),
            what: what.to_owned(),
            is_met,
            found: found.unwrap_or_else(|lack| lack),
            remedy: (!is_met).then(|| remedy.to_owned()),
        }
    }

    fn api(&self, served: &Served, what: &str, group: &str, known: &[&str], remedy: &str) -> Requirement {
        let found = match served.get(group) {
            None => Err(format!("{group} is not served")),
            Some(versions) => match known.iter().find(|known| versions.iter().any(|version| version == *known)) {
                Some(version) => Ok(format!("{group}/{version}")),
                None => Err(format!("{group} is served in {} alone", list(versions.iter().cloned()))),
            },
        };
        self.requirement(what, found, remedy)
    }
}

/// What the ways need that the cluster serves on which the reader stands.
#[must_use]
pub fn of_reader_cluster(place: Place<'_>, ways: &[Way], served: &Served) -> Vec<Requirement> {
    let of = |way: &Way| match way {
        Way::CarvelApp => {
            vec![place.api(served, "kapp-controller (App)", "kappctrl.k14s.io", &["v1alpha1"], KAPP_CONTROLLER)]
        }
        Way::Flux => vec![
            place.api(served, "Flux's source-controller", "source.toolkit.fluxcd.io", &VERSIONS, FLUX),
            place.api(served, "Flux's kustomize-controller", "kustomize.toolkit.fluxcd.io", &VERSIONS, FLUX),
        ],
    };
    ways.iter().flat_map(of).collect()
}

/// What the operator must be allowed on the cluster on which the reader stands, in the namespace of the
/// reader: on the run cluster itself its ServiceAccount is made as well.
#[must_use]
pub fn rights(ways: &[Way], side: Side, namespace: &str) -> BTreeSet<Right> {
    let mut kinds = vec![("", "secrets")];
    if side == Side::Run {
        let rbac = "rbac.authorization.k8s.io";
        kinds.extend([("", "serviceaccounts"), (rbac, "roles"), (rbac, "rolebindings")]);
    }
    for way in ways {
        kinds.extend(match way {
            Way::CarvelApp => vec![("kappctrl.k14s.io", "apps")],
            Way::Flux => {
                vec![("source.toolkit.fluxcd.io", "gitrepositories"), ("kustomize.toolkit.fluxcd.io", "kustomizations")]
            }
        });
    }
    let verbs = ["get", "list", "create", "patch", "delete"];
    let rights = kinds
        .into_iter()
        .flat_map(|(group, resource)| verbs.map(|verb| Right::new(verb, group, resource, Some(namespace))));
    rights.collect()
}

/// Does the operator hold them?
#[must_use]
pub fn of_operator(place: Place<'_>, missing: &[Right]) -> Requirement {
    let found = if missing.is_empty() {
        Ok("all of them".to_owned())
    } else {
        Err(format!("you may not: {}", list(missing.iter().map(ToString::to_string))))
    };
    place.requirement("your own rights", found, "ask a cluster administrator for them")
}

/// May the operator grant what a reader on the run cluster itself needs?
#[must_use]
pub fn of_grants(place: Place<'_>, deliverables: bool, granted: Result<(), String>) -> Requirement {
    let profile = if deliverables { "deliverable" } else { "packages" };
    let found = granted.map(|()| format!("those of the profile '{profile}'"));
    let remedy = "ask a cluster administrator to deliver, or name an account that has them: --service-account NAME";
    place.requirement("rights that you may grant", found, remedy)
}

/// What a run cluster must serve.
#[must_use]
pub fn of_run_cluster(place: Place<'_>, served: &Served, deliverables: bool) -> Vec<Requirement> {
    let mut needed = vec![
        place.api(served, "kapp-controller (PackageInstall)", "packaging.carvel.dev", &["v1alpha1"], KAPP_CONTROLLER),
        place.api(served, "kapp-controller (Package)", "data.packaging.carvel.dev", &["v1alpha1"], KAPP_CONTROLLER),
        place.api(served, "Contour", "projectcontour.io", &["v1"], CONTOUR),
    ];
    if deliverables {
        needed.push(place.api(served, "Cartographer (Deliverable)", "carto.run", &["v1alpha1"], CARTOGRAPHER));
    }
    needed
}

/// Is a run namespace there? None where that could not be seen.
#[must_use]
pub fn of_namespace(place: Place<'_>, namespace: &str, is_there: Result<bool, String>) -> Requirement {
    let found = match is_there {
        Ok(true) => Ok("is there".to_owned()),
        Ok(false) => Err("is not there".to_owned()),
        Err(why) => Err(why),
    };
    let remedy = format!("kubectl create namespace {}", shell_word(namespace));
    place.requirement(&format!("namespace '{namespace}'"), found, &remedy)
}

/// Does the credential hold what delivering packages needs? `register` is the command that grants it.
#[must_use]
pub fn of_credential(place: Place<'_>, grants: Option<&Grants>, deliverables: bool, register: &str) -> Requirement {
    let mut resources = vec![("data.packaging.carvel.dev", "packages"), ("packaging.carvel.dev", "packageinstalls")];
    if deliverables {
        resources = vec![("carto.run", "deliverables")];
    }
    let (found, profile) = match grants {
        None => (Err("the registration's record cannot be read".to_owned()), ""),
        Some(grants) => match not_granted(grants, &resources).as_slice() {
            [] => (Ok("all of them".to_owned()), ""),
            missing => (Err(format!("may not write {}", list(missing.iter().cloned()))), " --profile packages"),
        },
    };
    let profile = if deliverables && !profile.is_empty() { " --profile deliverable" } else { profile };
    place.requirement("rights of the credential", found, &format!("{register}{profile}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::profiles::Profile;

    const RUN: Place<'static> = Place { side: Side::Run, cluster: "run-a" };

    fn served(groups: &[(&str, &str)]) -> Served {
        groups.iter().map(|(group, version)| ((*group).to_owned(), vec![(*version).to_owned()])).collect()
    }

    #[test]
    fn what_is_served_and_what_is_not() {
        let build = Place { side: Side::Build, cluster: "build" };
        let has = served(&[("source.toolkit.fluxcd.io", "v1beta2"), ("kustomize.toolkit.fluxcd.io", "v9")]);
        let needed = of_reader_cluster(build, &[Way::CarvelApp, Way::Flux], &has);
        let found: Vec<(bool, &str)> = needed.iter().map(|one| (one.is_met, one.found.as_str())).collect();
        assert_eq!(
            found,
            [
                (false, "kappctrl.k14s.io is not served"),
                (true, "source.toolkit.fluxcd.io/v1beta2"),
                (false, "kustomize.toolkit.fluxcd.io is served in v9 alone"),
            ]
        );
        assert_eq!((needed[1].remedy.as_deref(), needed[2].remedy.as_deref()), (None, Some(FLUX)));
    }

    #[test]
    fn a_run_cluster_needs_cartographer_for_deliverables_alone() {
        let has = served(&[("projectcontour.io", "v1")]);
        assert_eq!(of_run_cluster(RUN, &has, false).iter().filter(|one| !one.is_met).count(), 2);
        assert_eq!(of_run_cluster(RUN, &has, true).iter().filter(|one| !one.is_met).count(), 3);
    }

    #[test]
    fn what_a_credential_lacks() {
        let grants = Grants { profiles: vec![Profile::Deliverable], rules: Vec::new(), impersonate: None };
        let lacks = of_credential(RUN, Some(&grants), false, "register");
        assert_eq!(lacks.found, "may not write packages and packageinstalls");
        assert_eq!(lacks.remedy.as_deref(), Some("register --profile packages"));
        assert!(of_credential(RUN, Some(&grants), true, "register").is_met);
        assert!(!of_credential(RUN, None, false, "register").is_met);
    }
}
