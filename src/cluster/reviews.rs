//! The operator's and the token's own rights, as the API server reviews them.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join_all};
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec, SelfSubjectRulesReview,
    SelfSubjectRulesReviewSpec, SubjectAccessReview, SubjectAccessReviewSpec,
};
use kube::{Api, api::PostParams};

use super::{Cluster, UNKNOWN_UID};
use crate::{
    error::{Error, Kind, Result},
    plan::Manifest,
    registration::{
        facts::{Review, Rights},
        names::ObjectRef,
        rights::Right,
    },
    words,
};

impl Cluster {
    /// The rules that hold for the caller in a namespace, which need not exist.
    pub(super) async fn rules_in(&self, namespace: &str) -> Result<Review, kube::Error> {
        let review = SelfSubjectRulesReview {
            spec: SelfSubjectRulesReviewSpec { namespace: Some(namespace.to_owned()) },
            ..SelfSubjectRulesReview::default()
        };
        let api: Api<SelfSubjectRulesReview> = Api::all(self.client.clone());
        let status = api.create(&PostParams::default(), &review).await?.status.unwrap_or_default();
        Ok(Review { rules: status.resource_rules, incomplete: status.incomplete })
    }

    /// May the caller do this one thing?
    pub(super) async fn may(&self, right: &Right) -> Result<bool, kube::Error> {
        let spec = SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes(right)),
            ..SelfSubjectAccessReviewSpec::default()
        };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let api: Api<SelfSubjectAccessReview> = Api::all(self.client.clone());
        Ok(api.create(&PostParams::default(), &review).await?.status.is_some_and(|status| status.allowed))
    }

    /// Which of these rights a ServiceAccount does not hold, one request for each.
    ///
    /// # Errors
    /// As the API server answers; [`Kind::NotAllowed`] where the caller may not ask that.
    pub async fn missing_rights_of(&self, account: &ObjectRef, needed: &BTreeSet<Right>) -> Result<Vec<Right>> {
        let ObjectRef { namespace, name } = account;
        let groups = [
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ];
        let api: Api<SubjectAccessReview> = Api::all(self.client.clone());
        let reviews = needed.iter().map(|right| {
            let spec = SubjectAccessReviewSpec {
                user: Some(format!("system:serviceaccount:{namespace}:{name}")),
                groups: Some(groups.to_vec()),
                resource_attributes: Some(attributes(right)),
                ..SubjectAccessReviewSpec::default()
            };
            let (api, review) = (&api, SubjectAccessReview { spec, ..SubjectAccessReview::default() });
            async move {
                let status = api.create(&PostParams::default(), &review).await?.status;
                Ok::<_, kube::Error>((!status.is_some_and(|status| status.allowed)).then(|| right.clone()))
            }
        });
        let tried = format!("the review of the rights of the ServiceAccount '{account}'");
        let reviewed = try_join_all(reviews).await.map_err(|error| self.explain(tried, &error))?;
        Ok(reviewed.into_iter().flatten().collect())
    }

    /// Reviews namespaces and single rights, all at once.
    pub(super) async fn rights(&self, namespaces: &[&str], single: &[Right]) -> Result<Rights> {
        let tried = "the review of your own rights";
        let reviews = try_join_all(
            namespaces
                .iter()
                .map(|namespace| async move { Ok((namespace.to_string(), self.rules_in(namespace).await?)) }),
        );
        let single =
            try_join_all(single.iter().map(|right| async move { Ok((right.clone(), self.may(right).await?)) }));
        let (reviews, single): (Result<Vec<_>, kube::Error>, Result<Vec<_>, kube::Error>) =
            futures::join!(reviews, single);
        let explain = |error| self.explain(tried, &error);
        Ok(Rights {
            reviews: BTreeMap::from_iter(reviews.map_err(explain)?),
            cluster_wide: None,
            single: BTreeMap::from_iter(single.map_err(explain)?),
        })
    }

    /// Which of these rights the caller does not hold.
    ///
    /// # Errors
    /// As the API server answers.
    pub async fn missing_rights(&self, needed: &BTreeSet<Right>) -> Result<Vec<Right>> {
        let namespaces: BTreeSet<&str> = needed.iter().filter_map(|right| right.namespace.as_deref()).collect();
        let namespaces: Vec<&str> = namespaces.into_iter().collect();
        let mut rights = self.rights(&namespaces, &[]).await?;
        self.ask_once_more(&mut rights, needed).await?;
        Ok(rights.missing(needed))
    }

    /// What the reviews did not hold is asked once more, one by one.
    async fn ask_once_more(&self, rights: &mut Rights, needed: &BTreeSet<Right>) -> Result<()> {
        let unasked = rights.unasked(needed);
        if !unasked.is_empty() {
            rights.single.extend(self.rights(&[], &unasked).await?.single);
        }
        Ok(())
    }

    /// Refuses where a needed right is missing. What the reviews did not hold is asked once more,
    /// one by one: webhook authorizers, as those of EKS, GKE and AKS, cannot list their rules.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] naming each verb, resource and namespace.
    pub async fn require(&self, rights: &mut Rights, needed: &BTreeSet<Right>) -> Result<()> {
        self.ask_once_more(rights, needed).await?;
        let missing = rights.missing(needed);
        if missing.is_empty() {
            return Ok(());
        }
        let shown = words::list(missing.iter().map(ToString::to_string));
        let error =
            Error::new(Kind::NotAllowed, format_args!("you may not do what this needs on {}: {shown}", self.place));
        Err(error.hint("ask a cluster administrator for these rights, or to run the command"))
    }

    /// Does the API server let the operator grant the rules of these Roles? A server-side dry run of
    /// each; one in a namespace that does not exist yet proves nothing.
    ///
    /// # Errors
    /// [`Kind::NotAllowed`] where the operator would grant more than the operator may.
    pub async fn prove_grants(&self, roles: &[&Manifest]) -> Result<()> {
        let tried = roles.iter().map(|role| async move {
            let mut role = (*role).clone();
            role.set_owner_uid(UNKNOWN_UID);
            let result = self.apply(&role, true, true).await;
            (role, result)
        });
        let tried = join_all(tried).await;
        for (role, result) in tried {
            let Err(error) = result else { continue };
            let text = error.to_string();
            if text.contains("attempting to grant RBAC permissions not currently held") {
                return Err(Error::new(
                    Kind::NotAllowed,
                    format_args!(
                        "you may not grant the rules of {} on {}: you do not hold them yourself",
                        role.display_name(),
                        self.place
                    ),
                )
                .hint("ask a cluster administrator to run the command, or take a narrower --profile"));
            }
            if text.contains("is invalid") {
                return Err(error.of_kind(Kind::Usage));
            }
        }
        Ok(())
    }
}

/// A right as reviews ask for it.
fn attributes(right: &Right) -> ResourceAttributes {
    let (resource, subresource) = match right.resource.split_once('/') {
        Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
        None => (right.resource.as_str(), None),
    };
    ResourceAttributes {
        namespace: right.namespace.clone(),
        verb: Some(right.verb.clone()),
        group: Some(right.group.clone()),
        resource: Some(resource.to_owned()),
        subresource,
        name: right.name.clone(),
        ..ResourceAttributes::default()
    }
}
