//! A registration: the decided facts of one run cluster, and everything that follows from them.
//!
//! Pure: values in, values out. [`Asked`] is what was typed, [`Registration`] what was decided
//! with what an earlier run recorded; [`facts`] is what was observed on the clusters, and
//! [`planning`] joins the two.

pub mod access;
mod admission;
pub mod clock;
pub mod credential;
pub mod differences;
mod exporting;
pub mod facts;
pub mod form;
pub mod generations;
pub mod health;
pub mod held;
pub mod kubeconfig;
pub mod live;
pub mod moved;
pub mod names;
pub mod ownership;
pub mod planning;
pub mod printed;
pub mod profiles;
pub mod reader_labels;
pub mod readers;
pub mod record;
pub mod removal;
pub mod renewal;
pub mod repair;
mod resolve;
pub mod rights;
pub mod rules_file;
pub mod trial;
pub mod voucher;
mod warnings;

use std::time::Duration;

use credential::Token;
use form::{Data, Export};
use kubeconfig::Endpoint;
use names::{Name, ObjectRef};
use profiles::Grants;
use record::{Map, Recorded};
use renewal::Renewal;

pub use resolve::{Asked, AskedRenewal};

/// The lifetime that is asked for when nobody says otherwise.
pub const DEFAULT_DURATION: Duration = Duration::from_secs(30 * 86_400);
/// The shortest lifetime that a TokenRequest takes (kubernetes
/// `pkg/apis/authentication/validation/validation.go`).
pub const MIN_DURATION: Duration = Duration::from_secs(600);
/// The longest one.
pub const MAX_DURATION: Duration = Duration::from_secs(1 << 32);
/// The ServiceAccount that the kubeconfig Secret's token is for.
pub const DELIVERY_ACCOUNT: &str = "delivery";

/// The account whose token readers get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Account {
    /// Our own, in a namespace of its own.
    Own(ObjectRef),
    /// One that the user brought along: its RBAC is not ours.
    Brought(ObjectRef),
}

impl Account {
    /// Its namespace and name.
    #[must_use]
    pub fn reference(&self) -> &ObjectRef {
        match self {
            Self::Own(reference) | Self::Brought(reference) => reference,
        }
    }

    /// Did the user bring it along?
    #[must_use]
    pub fn is_brought(&self) -> bool {
        matches!(self, Self::Brought(_))
    }
}

/// Whether a new generation begins although the running one would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// Only if the stored token does not do any more.
    #[default]
    WhenNeeded,
    /// In any case.
    Now,
    /// In any case, with the ServiceAccount made anew: every token of it, of every kind, ends.
    Evict,
}

/// The decided facts of one run cluster.
#[derive(Debug, Clone)]
pub struct Registration {
    /// Its name, unique on the run cluster.
    pub name: Name,
    /// The Secret on the build cluster.
    pub secret: ObjectRef,
    /// The account on the run cluster.
    pub account: Account,
    /// The run namespaces.
    pub run_namespaces: Vec<String>,
    /// What is granted in each of them.
    pub grants: Grants,
    /// Is the admission policy wanted?
    pub guard: bool,
    /// Who renews its tokens; none where nobody does.
    pub renewal: Option<Renewal>,
    /// The reader that it is for alone; none for the kubeconfig of every registration.
    pub export: Option<Export>,
    /// The lifetime to ask for.
    pub duration: Duration,
    /// What the reader will use.
    pub endpoint: Endpoint,
    /// May missing namespaces be made?
    pub create_namespace: bool,
    /// May objects of somebody else be taken over?
    pub adopt: bool,
    /// The UID of a Secret with a former credential whose place the Secret takes.
    pub replaces: Option<String>,
    /// Is a new generation wanted in any case, and what becomes of the one before?
    pub rotation: Rotation,
    /// How long the token of the generation before is spared.
    pub grace: Duration,
    /// Was a lifetime typed? Then a running token with another one does not do.
    pub duration_was_typed: bool,
    /// May the build cluster be the run cluster?
    pub allow_same_cluster: bool,
    /// Labels that readers need on the Secret, as the Secret records them.
    pub reader_labels: Map,
    run_server: Option<String>,
    run_proxy_url: Option<String>,
    run_certificate_authority: Option<String>,
}

impl Registration {
    /// What is written down of these facts.
    #[must_use]
    pub fn recorded(&self, build_cluster_uid: &str) -> Recorded {
        Recorded {
            build_cluster_uid: build_cluster_uid.to_owned(),
            kubeconfig_secret: self.secret.clone(),
            service_account: self.account.reference().clone(),
            brought: self.account.is_brought(),
            run_namespaces: self.run_namespaces.clone(),
            grants: self.grants.clone(),
            guard: self.guard,
            renewal: self.renewal.clone(),
            export: self.export.clone(),
            requested_duration: self.duration,
            run_server: self.run_server.clone(),
            run_proxy_url: self.run_proxy_url.clone(),
            run_certificate_authority: self.run_certificate_authority.clone(),
        }
    }

    /// The data of its Secret on the build cluster, from the kubeconfig.
    #[must_use]
    pub fn data(&self, kubeconfig: &str) -> Data {
        let own = || Data::from([(access::SECRET_KEY.to_owned(), Token::new(kubeconfig.to_owned()))]);
        let exported = |export: &Export| {
            let stored = kubeconfig::parse(kubeconfig.as_bytes()).ok()?;
            Some(export.data(&stored, &self.run_namespaces))
        };
        self.export.as_ref().map_or_else(|| Some(own()), exported).unwrap_or_default()
    }

    /// The keys of that data.
    #[must_use]
    pub fn secret_keys(&self) -> Vec<String> {
        self.export.as_ref().map_or_else(|| vec![access::SECRET_KEY.to_owned()], Export::keys)
    }

    /// The type of that Secret.
    #[must_use]
    pub fn secret_type(&self) -> &'static str {
        self.export.as_ref().map_or("Opaque", Export::type_)
    }

    /// The user name by which the run cluster knows the account.
    #[must_use]
    pub fn account_user(&self) -> String {
        user_of(self.account.reference())
    }
}

/// The user name by which a cluster knows a ServiceAccount.
#[must_use]
pub fn user_of(account: &ObjectRef) -> String {
    format!("system:serviceaccount:{}:{}", account.namespace, account.name)
}

/// The Secret's name when nobody says otherwise.
#[must_use]
pub fn default_secret_name(name: &Name) -> String {
    format!("{name}-kubeconfig")
}

/// The account's namespace when nobody says otherwise.
#[must_use]
pub fn default_account_namespace(name: &Name) -> String {
    format!("tapmc-{name}")
}
