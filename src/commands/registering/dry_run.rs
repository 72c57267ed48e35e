//! A dry run: what the API servers say to the plan, or only what the plan says.

use futures::future::join_all;

use crate::{
    cli::output::DryRun,
    cluster::{Cluster, UNKNOWN_UID},
    error::Result,
    output::CHECKED_HERE,
    plan::{Op, Side},
    registration::planning::RegistrationPlan,
    report::Done,
};

/// Has the API servers check the plan, or only shows it; nothing is changed and no token is asked
/// for: even its dry run mints one that works.
pub(super) async fn dry_run<'a>(
    of: impl Fn(Side) -> &'a Cluster,
    plan: &RegistrationPlan,
    how: DryRun,
) -> Result<Vec<Done>> {
    let missing: Vec<(Side, &str)> =
        plan.namespaces.iter().filter(|c| c.op == Op::Create).map(|c| (c.side, c.manifest.name.as_str())).collect();
    let checks = plan.changes().map(|change| {
        let (missing, cluster) = (&missing, of(change.side));
        async move {
            let mut done = Done::new(change);
            let namespace_is_missing =
                change.manifest.namespace.as_deref().is_some_and(|n| missing.contains(&(change.side, n)));
            if namespace_is_missing {
                done.note = Some(CHECKED_HERE.to_owned());
            } else if how == DryRun::Server {
                let mut change = change.clone();
                change.manifest.set_owner_uid(UNKNOWN_UID);
                match cluster.dry_run(&change).await {
                    // Its Role does not exist yet, and without `bind` that matters.
                    Err(error) if change.manifest.kind == "RoleBinding" && error.to_string().contains("not found") => {
                        done.note = Some(CHECKED_HERE.to_owned());
                    }
                    result => result?,
                }
            }
            Ok(done)
        }
    });
    join_all(checks).await.into_iter().collect()
}
