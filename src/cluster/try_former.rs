//! Former credentials, tried on the operator's own way to the run cluster; the address that stands beside one is never
//! followed. And what the run cluster holds of a former credential's ServiceAccount.

use std::collections::BTreeMap;

use futures::future::{join_all, try_join_all};
use k8s_openapi::api::{
    authentication::v1::{SelfSubjectReview, UserInfo},
    rbac::v1::PolicyRule,
};
use kube::{
    Api, Config,
    api::{ListParams, PostParams},
    config::{AuthInfo, KubeConfigOptions, Kubeconfig},
};
use serde_json::Value;

use super::{Cluster, Limits, connection::Protocols, explain, is_status};
use crate::{
    error::{Error, Kind, Result},
    former::{
        ClientCertificate, Seen,
        removal::{HeldToken, Holder, binds},
    },
    kind::ApiKind,
    registration::{
        credential::Token,
        facts::Review,
        kubeconfig::Endpoint,
        names::ObjectRef,
        removal::{
            facts::TokenSecret,
            kinds::{CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING, RUN_AS, SECRET, SERVICE_ACCOUNT},
        },
        rights::{self, Right},
    },
};

/// Whoever shows nothing that is known.
const ANONYMOUS: &str = "system:anonymous";

impl Cluster {
    /// Prepares the way of a reader of this kubeconfig text that logs in with a client certificate.
    ///
    /// # Errors
    /// For an address, CA or certificate that cannot be used.
    pub async fn with_certificate(
        place: &str,
        text: &str,
        endpoint: &Endpoint,
        certificate: &ClientCertificate,
        limits: Limits,
    ) -> Result<Self> {
        let unusable = |error| explain::configuration(place, &error);
        let kubeconfig = Kubeconfig::from_yaml(text).map_err(unusable)?;
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.map_err(unusable)?;
        config.auth_info = AuthInfo {
            client_certificate_data: Some(certificate.certificate.clone()),
            client_key_data: Some(certificate.key.clone()),
            ..AuthInfo::default()
        };
        config.proxy_url = endpoint.proxy_url.as_ref().and_then(|url| url.parse().ok());
        Self::prepare(format!("{place}, {}", config.cluster_url), (config, Protocols::Http1), limits).await
    }

    /// Who the caller is; none where the API server does not tell it (Kubernetes before 1.28).
    ///
    /// # Errors
    /// As the API server answers.
    pub(super) async fn own_user_info(&self) -> Result<Option<UserInfo>, kube::Error> {
        let api: Api<SelfSubjectReview> = Api::all(self.client.clone());
        match api.create(&PostParams::default(), &SelfSubjectReview::default()).await {
            Ok(review) => Ok(review.status.and_then(|status| status.user_info)),
            Err(error) if is_status(&error, 404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Uses a former credential, which this cluster was prepared with: who is it, and what may it do beyond what is
    /// granted in these namespaces? None where it is refused.
    ///
    /// # Errors
    /// Where the API server does not answer.
    pub async fn try_former(&self, granted: &BTreeMap<String, Vec<PolicyRule>>) -> Result<Option<Seen>> {
        match self.seen(granted).await {
            Ok(seen) if seen.user == ANONYMOUS => Ok(None),
            Ok(seen) => Ok(Some(seen)),
            Err(error) if is_status(&error, 401) => Ok(None),
            Err(error) => Err(self.explain("trying the former credential", &error)),
        }
    }

    async fn seen(&self, granted: &BTreeMap<String, Vec<PolicyRule>>) -> Result<Seen, kube::Error> {
        let everything = Right::new("*", "*", "*", None);
        let reviews = granted.keys().map(|namespace| async move {
            self.rules_in(namespace).await.map(|review: Review| (namespace.clone(), review.rules))
        });
        let (user, everything, reviews) =
            futures::try_join!(self.own_user_info(), self.may(&everything), try_join_all(reviews))?;
        let user = user.unwrap_or_default();
        let beyond = reviews.into_iter().map(|(namespace, rules)| {
            let lines = rights::beyond(granted.get(&namespace).map_or(&[][..], Vec::as_slice), &rules);
            (namespace, lines)
        });
        Ok(Seen {
            user: user.username.unwrap_or_default(),
            uid: user.uid.unwrap_or_default(),
            groups: user.groups.unwrap_or_default(),
            everything,
            beyond: beyond.filter(|(_, lines)| !lines.is_empty()).collect(),
            is_operator: false,
        })
    }

    /// Is the caller this user? No where the API server does not tell.
    pub async fn is_user(&self, name: &str) -> bool {
        !name.is_empty() && self.own_user().await.as_deref() == Some(name)
    }

    /// What there is of a former credential's ServiceAccount: bindings, Roles, other tokens, and what runs as it. Two
    /// round trips.
    ///
    /// # Errors
    /// As the API server answers, but for its refusals.
    pub async fn observe_holder(&self, account: &ObjectRef, uid: &str, former: Option<&Token>) -> Result<Holder> {
        let namespace = Some(account.namespace.as_str());
        let (kind, [cluster_wide, namespaced]) = (SERVICE_ACCOUNT, [CLUSTER_ROLE_BINDING, ROLE_BINDING]);
        let kinds = [(&cluster_wide, None), (&namespaced, None)];
        let (object, bindings, tokens, users) = futures::join!(
            self.read_object(&kind, namespace, &account.name),
            self.list_allowed(&kinds),
            self.held_tokens(account, former),
            self.users_of(account),
        );
        let bindings = bindings?;
        let bound = bindings.iter().flatten().filter(|binding| binds(binding, account));
        let roles = join_all(bound.map(|binding| self.role_of(binding))).await;
        let mut distinct: Vec<Value> = Vec::new();
        for role in roles.into_iter().flatten() {
            if !distinct.iter().any(|known| known["metadata"]["uid"] == role["metadata"]["uid"]) {
                distinct.push(role);
            }
        }
        Ok(Holder {
            account: account.clone(),
            uid: uid.to_owned(),
            object: object?,
            bindings,
            roles: distinct,
            tokens: tokens?,
            users: users?,
        })
    }

    /// The Role of a binding; none where it does not exist, or may not be read: then it stays.
    async fn role_of(&self, binding: &Value) -> Option<Value> {
        let name = binding["roleRef"]["name"].as_str()?;
        let (kind, namespace) = match binding["roleRef"]["kind"].as_str()? {
            "Role" => (ROLE, binding["metadata"]["namespace"].as_str()),
            _ => (CLUSTER_ROLE, None),
        };
        self.read_object(&kind, namespace, name).await.ok().flatten()
    }

    async fn held_tokens(&self, account: &ObjectRef, former: Option<&Token>) -> Result<Option<Vec<HeldToken>>> {
        let namespace = account.namespace.as_str();
        let params = ListParams::default().fields("type=kubernetes.io/service-account-token");
        let objects = match self.list_metadata(&SECRET, Some(namespace), &params).await {
            Err(error) if error.kind() == Kind::NotAllowed => return Ok(None),
            listed => listed?.unwrap_or_default(),
        };
        let its =
            objects.into_iter().filter(|object| TokenSecret::read(namespace, object).service_account == account.name);
        let read = its.map(|object| async move {
            let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
            let found = match self.read_secret(&ObjectRef::new(namespace, name)).await {
                // One that may not be read is taken to be somebody else's.
                Err(error) if error.kind() == Kind::NotAllowed => None,
                found => found?,
            };
            let token = found.as_ref().and_then(|secret| secret.data.get("token"));
            let is_former = former.zip(token).is_some_and(|(former, token)| former.expose().as_bytes() == token);
            Ok::<_, Error>(HeldToken { object, is_former })
        });
        try_join_all(read).await.map(Some)
    }

    /// What runs as a ServiceAccount, or would.
    async fn users_of(&self, account: &ObjectRef) -> Result<Option<Vec<String>>> {
        let namespace = Some(account.namespace.as_str());
        let kinds: Vec<(&ApiKind, Option<&str>)> = RUN_AS.iter().map(|(kind, _)| (kind, namespace)).collect();
        let Some(objects) = self.list_allowed(&kinds).await? else { return Ok(None) };
        let is_its = |object: &&Value| {
            let path = RUN_AS.iter().find(|(kind, _)| object["kind"] == kind.kind.as_ref()).map(|(_, path)| *path);
            path.and_then(|path| object.pointer(path)).and_then(Value::as_str) == Some(&account.name)
        };
        let shown = |object: &Value| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!("{}/{}", text(&object["kind"]).to_lowercase(), text(&object["metadata"]["name"]))
        };
        Ok(Some(objects.iter().filter(is_its).map(shown).collect()))
    }

    /// The objects of several kinds together; none where one of them may not be listed.
    async fn list_allowed(&self, kinds: &[(&ApiKind, Option<&str>)]) -> Result<Option<Vec<Value>>> {
        let lists = join_all(kinds.iter().map(|(kind, namespace)| self.list_objects(kind, *namespace, None))).await;
        let mut all = Vec::new();
        for list in lists {
            match list {
                Err(error) if error.kind() == Kind::NotAllowed => return Ok(None),
                listed => all.extend(listed?.unwrap_or_default()),
            }
        }
        Ok(Some(all))
    }
}
