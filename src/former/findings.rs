//! What is wrong with a former credential: what `lint` finds in its form, and what only its cluster tells.

use serde::Serialize;

use crate::{
    lint::{Finding, Severity},
    words,
};

/// One thing that is wrong with a former credential, or worth knowing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FormerFinding {
    /// How bad it is.
    pub severity: Severity,
    /// Which rule found it: one of `lint`'s, or of those that only the run cluster can tell.
    pub rule: &'static str,
    /// Where in the Secret it is; none where it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// What it is, in a sentence.
    pub message: String,
    /// What to do about it; empty where its registration does.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub remedy: String,
}

/// What came of trying a former credential on the operator's own way to its run cluster.
#[derive(Debug, Clone)]
pub enum Trial {
    /// The run cluster accepts it.
    Accepted(Seen),
    /// The run cluster refuses it.
    Refused,
    /// It was not tried; why not.
    Untried(String),
}

impl Trial {
    /// As reports say it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted(_) => "accepted",
            Self::Refused => "refused",
            Self::Untried(_) => "not-tried",
        }
    }

    /// What was seen of it, where it was accepted.
    #[must_use]
    pub fn seen(&self) -> Option<&Seen> {
        match self {
            Self::Accepted(seen) => Some(seen),
            Self::Refused | Self::Untried(_) => None,
        }
    }
}

/// Who a former credential is on its run cluster, and what it may do there.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The user's name; empty where the cluster does not tell it.
    pub user: String,
    /// The user's UID: for a ServiceAccount that of the object; empty where it has none.
    pub uid: String,
    /// The user's groups.
    pub groups: Vec<String>,
    /// May it do everything?
    pub everything: bool,
    /// By run namespace, the rights beyond those that its registration will have.
    pub beyond: Vec<(String, Vec<String>)>,
    /// Is it the operator's own user?
    pub is_operator: bool,
}

impl Seen {
    /// Namespace and name of the ServiceAccount; none where it is no ServiceAccount's.
    #[must_use]
    pub fn service_account(&self) -> Option<(&str, &str)> {
        self.user.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// What is wrong, the worst first.
#[must_use]
pub fn findings(of_form: &[Finding], trial: &Trial) -> Vec<FormerFinding> {
    let form = of_form.iter().map(|finding| FormerFinding {
        severity: finding.severity,
        rule: finding.rule.id(),
        place: Some(finding.place.inside()).filter(|place| !place.is_empty()),
        message: finding.message.clone(),
        remedy: finding.remedy.clone(),
    });
    let mut all: Vec<FormerFinding> = told_by_the_cluster(trial).into_iter().chain(form).collect();
    all.sort_by_key(|finding| finding.severity);
    all
}

fn told_by_the_cluster(trial: &Trial) -> Vec<FormerFinding> {
    let find =
        |severity, rule, message: String| FormerFinding { severity, rule, place: None, message, remedy: String::new() };
    let seen = match trial {
        Trial::Refused => {
            let message = "the run cluster refuses it: it has ended, or it is of another cluster";
            return vec![find(Severity::Error, "refused", message.to_owned())];
        }
        Trial::Untried(why) => {
            return vec![find(Severity::Note, "not-tried", format!("it was not tried on the run cluster: {why}"))];
        }
        Trial::Accepted(seen) => seen,
    };
    let mut all = Vec::new();
    if seen.is_operator {
        let message = format!("it is your own: whoever reads the Secret is '{}' as you are", seen.user);
        all.push(find(Severity::Error, "own-credential", message));
    } else if seen.service_account().is_none() && !seen.user.is_empty() {
        let groups = match seen.groups.as_slice() {
            [] => String::new(),
            groups => format!(" (of {})", words::first_few(groups)),
        };
        let message =
            format!("it is of the user '{}'{groups} and of no ServiceAccount: nobody can revoke it alone", seen.user);
        all.push(find(Severity::Warning, "user-credential", message));
    }
    if seen.everything {
        let message = "it may do everything on the run cluster: it is cluster-admin, or as good as that";
        all.push(find(Severity::Error, "cluster-admin", message.to_owned()));
    } else {
        for (namespace, lines) in &seen.beyond {
            let message =
                format!("in '{namespace}' it may do more than its registration will: {}", words::first_few(lines));
            all.push(find(Severity::Warning, "excess-rights", message));
        }
    }
    all
}
