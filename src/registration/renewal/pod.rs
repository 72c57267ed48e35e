//! The Pod that renews: the plugin, with its mounted ServiceAccount and without any privilege.

use std::collections::BTreeMap;

use k8s_openapi::{
    api::core::v1::{
        Capabilities, Container, PodSecurityContext, PodSpec, ResourceRequirements, SeccompProfile, SecurityContext,
    },
    apimachinery::pkg::api::resource::Quantity,
};

/// Where the image has the plugin; the `Containerfile` puts it there.
pub const PROGRAM: &str = "/kubectl-tapmc";
/// The user that it runs as; the `Containerfile` names the same.
pub const USER: i64 = 65_532;

/// The Pod of a CronJob of that name.
pub(super) fn spec(account: &str, image: &str, args: Vec<String>) -> PodSpec {
    let seccomp = SeccompProfile { type_: "RuntimeDefault".into(), ..SeccompProfile::default() };
    let quantities = |list: &[(&str, &str)]| {
        Some(
            list.iter()
                .map(|(what, much)| ((*what).to_owned(), Quantity((*much).to_owned())))
                .collect::<BTreeMap<_, _>>(),
        )
    };
    PodSpec {
        restart_policy: Some("Never".into()),
        service_account_name: Some(account.to_owned()),
        automount_service_account_token: Some(true),
        enable_service_links: Some(false),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            seccomp_profile: Some(seccomp.clone()),
            ..PodSecurityContext::default()
        }),
        containers: vec![Container {
            name: "renew".into(),
            image: Some(image.to_owned()),
            command: Some(vec![PROGRAM.to_owned()]),
            args: Some(args),
            resources: Some(ResourceRequirements {
                requests: quantities(&[("cpu", "10m"), ("memory", "32Mi")]),
                limits: quantities(&[("memory", "128Mi")]),
                ..ResourceRequirements::default()
            }),
            security_context: Some(SecurityContext {
                allow_privilege_escalation: Some(false),
                read_only_root_filesystem: Some(true),
                run_as_non_root: Some(true),
                capabilities: Some(Capabilities { drop: Some(vec!["ALL".into()]), ..Capabilities::default() }),
                seccomp_profile: Some(seccomp),
                ..SecurityContext::default()
            }),
            // The last words of a renewal that failed, for who looks at the Pod.
            termination_message_policy: Some("FallbackToLogsOnError".into()),
            ..Container::default()
        }],
        ..PodSpec::default()
    }
}
