//! What the two clusters need for a delivery, from what they serve, hold and allow; and the remedy for what
//! they lack. The addresses are those of the projects' own installation guides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Content, access::not_granted, flux::VERSIONS};
use crate::{
    plan::Side,
    registration::{profiles::Grants, rights::Right},
    words::{list, shell_word},
};

/// What a cluster needs an installation of.
#[derive(Debug, Clone, Copy)]
enum Installed {
    KappController,
    Flux,
    Contour,
    Cartographer,
}

impl Installed {
    /// How it is installed there.
    fn remedy(self, place: Place<'_>) -> String {
        let file = match self {
            Self::KappController => {
                "https://github.com/carvel-dev/kapp-controller/releases/latest/download/release.yml"
            }
            Self::Flux => "https://github.com/fluxcd/flux2/releases/latest/download/install.yaml",
            Self::Contour => "https://projectcontour.io/quickstart/contour.yaml",
            Self::Cartographer => {
                return "install Cartographer: https://cartographer.sh/docs/latest/install/".to_owned();
            }
        };
        place.kubectl(&format!("apply -f {file}"))
    }
}

/// A way in which is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// kapp-controller, by an App.
    CarvelApp,
    /// Flux, by a source and Kustomizations.
    Flux,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is.
    Met,
    /// It is not.
    Missing,
    /// You may not look.
    Unknown,
    /// It is not, and another way is there in which can be delivered.
    Unneeded,
}

/// The ways that are looked at.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Each of them.
    pub all: &'a [Way],
    /// Were they asked for by name?
    pub by_name: bool,
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
    pub state: State,
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
    /// Which cluster: its context, or the registration that leads there.
    pub cluster: &'a str,
    /// The context for commands there; none where it is not known.
    pub context: Option<&'a str>,
}

impl Place<'_> {
    /// Something that is needed here.
    #[must_use]
    pub fn requirement(&self, what: &str, found: Result<String, String>, remedy: &str) -> Requirement {
        let state = if found.is_ok() { State::Met } else { State::Missing };
        Requirement {
            side: self.side,
            cluster: self.cluster.to_owned(),
            what: what.to_owned(),
            state,
            found: found.unwrap_or_else(|lack| lack),
            remedy: (state == State::Missing).then(|| remedy.to_owned()),
        }
    }

    /// A command of kubectl there.
    fn kubectl(&self, rest: &str) -> String {
        format!("kubectl --context {} {rest}", self.context.map_or("CONTEXT".to_owned(), shell_word))
    }

    fn api(&self, served: &Served, what: &str, group: &str, known: &[&str], installed: Installed) -> Requirement {
        let found = match served.get(group) {
            None => Err(format!("{group} is not served")),
            Some(versions) => match known.iter().find(|known| versions.iter().any(|version| version == *known)) {
                Some(version) => Ok(format!("{group}/{version}")),
                None => Err(format!("{group} is served in {} alone", list(versions.iter().cloned()))),
            },
        };
        self.requirement(what, found, &installed.remedy(*self))
    }
}

/// What the ways need that the cluster serves on which the reader stands, and the ways that are left: where
/// nobody asked for a way and another one is there, what it lacks is not missing.
#[must_use]
pub fn of_reader_cluster(place: Place<'_>, ways: Asked<'_>, served: &Served) -> (Vec<Requirement>, Vec<Way>) {
    let of = |way: &Way| match way {
        Way::CarvelApp => vec![kapp_controller(place, served)],
        Way::Flux => vec![
            source_controller(place, served),
            place.api(served, "Flux's kustomize-controller", "kustomize.toolkit.fluxcd.io", &VERSIONS, Installed::Flux),
        ],
    };
    let mut found: Vec<(Way, Vec<Requirement>)> = ways.all.iter().map(|way| (*way, of(way))).collect();
    let is_there = |needed: &[Requirement]| needed.iter().all(|one| one.state == State::Met);
    let there: Vec<Way> = found.iter().filter(|(_, needed)| is_there(needed)).map(|(way, _)| *way).collect();
    if ways.by_name || there.is_empty() {
        return (found.into_iter().flat_map(|(_, needed)| needed).collect(), ways.all.to_vec());
    }
    let absent = found.iter_mut().filter(|(way, _)| !there.contains(way)).flat_map(|(_, needed)| needed);
    for one in absent.filter(|one| one.state == State::Missing) {
        one.state = State::Unneeded;
        one.remedy = None;
    }
    (found.into_iter().flat_map(|(_, needed)| needed).collect(), there)
}

fn kapp_controller(place: Place<'_>, served: &Served) -> Requirement {
    place.api(served, "kapp-controller (App)", "kappctrl.k14s.io", &["v1alpha1"], Installed::KappController)
}

fn source_controller(place: Place<'_>, served: &Served) -> Requirement {
    place.api(served, "Flux's source-controller", "source.toolkit.fluxcd.io", &VERSIONS, Installed::Flux)
}

/// What the operator must be allowed on the cluster on which the reader stands, in the namespaces of the
/// readers: on the run cluster itself its ServiceAccount is made as well.
#[must_use]
pub fn rights(ways: &[Way], side: Side, namespaces: &BTreeSet<String>) -> BTreeSet<Right> {
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
    let in_one = |namespace: &String| -> Vec<Right> {
        let of = |(group, resource): &(&str, &str)| {
            verbs.map(|verb| Right::new(verb, group, resource, Some(namespace.as_str())))
        };
        kinds.iter().flat_map(of).collect()
    };
    namespaces.iter().flat_map(in_one).collect()
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

/// What a run cluster must serve. The delivery that comes with TAP makes of a Deliverable a source of Flux and
/// an App of kapp-controller.
#[must_use]
pub fn of_run_cluster(place: Place<'_>, served: &Served, deliverables: bool) -> Vec<Requirement> {
    if deliverables {
        return vec![
            place.api(served, "Cartographer (Deliverable)", "carto.run", &["v1alpha1"], Installed::Cartographer),
            source_controller(place, served),
            kapp_controller(place, served),
        ];
    }
    let carvel = |what: &str, group: &str| place.api(served, what, group, &["v1alpha1"], Installed::KappController);
    vec![
        carvel("kapp-controller (PackageInstall)", "packaging.carvel.dev"),
        carvel("kapp-controller (Package)", "data.packaging.carvel.dev"),
        place.api(served, "Contour", "projectcontour.io", &["v1"], Installed::Contour),
    ]
}

/// Is a run namespace there? An error where that could not be seen.
#[must_use]
pub fn of_namespace(place: Place<'_>, namespace: &str, is_there: Result<bool, String>) -> Requirement {
    let (found, is_unknown) = match is_there {
        Ok(true) => (Ok("is there".to_owned()), false),
        Ok(false) => (Err("is not there".to_owned()), false),
        Err(why) => (Err(why), true),
    };
    let remedy = place.kubectl(&format!("create namespace {}", shell_word(namespace)));
    let requirement = place.requirement(&format!("namespace '{namespace}'"), found, &remedy);
    if is_unknown { Requirement { state: State::Unknown, remedy: None, ..requirement } } else { requirement }
}

/// Does the credential hold what delivering packages needs? `register` is the command that grants it, which
/// replaces the profiles that are recorded.
#[must_use]
pub fn of_credential(place: Place<'_>, grants: Option<&Grants>, deliverables: bool, register: &str) -> Requirement {
    let folder = String::new();
    let content = if deliverables { Content::Deliverables { folder } } else { Content::Package { folder } };
    let (found, remedy) = match grants {
        None => (Err("the registration's record cannot be read".to_owned()), register.to_owned()),
        Some(grants) => match not_granted(grants, content.usual()).as_slice() {
            [] => (Ok("all of them".to_owned()), String::new()),
            missing => (
                Err(format!("may not write {}", list(missing.iter().cloned()))),
                format!("{register} {}", grants.flags_with(&[content.profile()])),
            ),
        },
    };
    place.requirement("rights of the credential", found, &remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::profiles::Profile;

    const RUN: Place<'static> = Place { side: Side::Run, cluster: "run-a", context: Some("my run") };
    const BUILD: Place<'static> = Place { side: Side::Build, cluster: "build", context: Some("build") };
    const BOTH: [Way; 2] = [Way::CarvelApp, Way::Flux];

    fn served(groups: &[(&str, &str)]) -> Served {
        groups.iter().map(|(group, version)| ((*group).to_owned(), vec![(*version).to_owned()])).collect()
    }

    #[test]
    fn what_is_served_and_what_is_not() {
        let has = served(&[("source.toolkit.fluxcd.io", "v1beta2"), ("kustomize.toolkit.fluxcd.io", "v9")]);
        let (needed, ways) = of_reader_cluster(BUILD, Asked { all: &BOTH, by_name: false }, &has);
        assert_eq!(ways, BOTH);
        let found: Vec<(State, &str)> = needed.iter().map(|one| (one.state, one.found.as_str())).collect();
        assert_eq!(
            found,
            [
                (State::Missing, "kappctrl.k14s.io is not served"),
                (State::Met, "source.toolkit.fluxcd.io/v1beta2"),
                (State::Missing, "kustomize.toolkit.fluxcd.io is served in v9 alone"),
            ]
        );
        assert_eq!(needed[1].remedy, None);
        assert!(needed[2].remedy.as_ref().unwrap().starts_with("kubectl --context build apply -f https://"));
    }

    #[test]
    fn a_way_that_nobody_asked_for_is_not_missing_beside_the_other() {
        let has = served(&[("kappctrl.k14s.io", "v1alpha1"), ("source.toolkit.fluxcd.io", "v1")]);
        let states = |by_name: bool| {
            let (needed, ways) = of_reader_cluster(BUILD, Asked { all: &BOTH, by_name }, &has);
            (needed.iter().map(|one| one.state).collect::<Vec<_>>(), ways)
        };
        assert_eq!(states(false), (vec![State::Met, State::Met, State::Unneeded], vec![Way::CarvelApp]));
        assert_eq!(states(true), (vec![State::Met, State::Met, State::Missing], BOTH.to_vec()));
    }

    #[test]
    fn a_namespace_that_may_not_be_read_is_unknown() {
        let of = |is_there| of_namespace(RUN, "apps", is_there);
        assert_eq!(of(Ok(true)).state, State::Met);
        assert_eq!(of(Ok(false)).remedy.as_deref(), Some("kubectl --context 'my run' create namespace apps"));
        let unknown = of(Err("forbidden".to_owned()));
        assert_eq!((unknown.state, unknown.remedy, unknown.found.as_str()), (State::Unknown, None, "forbidden"));
    }

    #[test]
    fn a_run_cluster_needs_cartographer_for_deliverables_alone() {
        let has = served(&[("projectcontour.io", "v1"), ("kappctrl.k14s.io", "v1alpha1")]);
        let missing = |deliverables: bool| -> Vec<String> {
            let needed = of_run_cluster(RUN, &has, deliverables).into_iter();
            needed.filter(|one| one.state == State::Missing).map(|one| one.what).collect()
        };
        assert_eq!(missing(false), ["kapp-controller (PackageInstall)", "kapp-controller (Package)"]);
        assert_eq!(missing(true), ["Cartographer (Deliverable)", "Flux's source-controller"]);
    }

    #[test]
    fn what_a_credential_lacks() {
        let grants = Grants::of(vec![Profile::Deliverable]);
        let lacks = of_credential(RUN, Some(&grants), false, "register");
        assert_eq!(lacks.found, "may not write packages and packageinstalls");
        assert_eq!(lacks.remedy.as_deref(), Some("register --profile deliverable --profile packages"));
        assert_eq!(of_credential(RUN, Some(&grants), true, "register").state, State::Met);
        assert_eq!(of_credential(RUN, None, false, "register").state, State::Missing);
        let view = Grants { profiles: vec![Profile::Packages, Profile::View], ..grants };
        let remedy = of_credential(RUN, Some(&view), true, "register").remedy;
        let all = "register --profile deliverable --profile packages --profile view --allow-broad-rules";
        assert_eq!(remedy.as_deref(), Some(all));
    }
}
