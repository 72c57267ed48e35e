//! How a registration speaks to the clusters: counted at a proxy before each.

use super::case::Proxied;
use crate::support::Proxy;

#[test]
fn no_discovery_few_requests_three_connections() {
    let Some(Proxied { case, build, run, file }) = Proxied::new("count") else { return };
    case.register().kubeconfig(&file.path).succeeds();
    let seen = [build.requests(), run.requests()].concat();
    for request in &seen {
        let path = request.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
        let is_discovery = path == "/api"
            || path == "/apis"
            || path.starts_with("/openapi")
            || path.matches('/').count() <= 3 && path.starts_with("/apis/");
        assert!(!is_discovery, "{request}");
    }
    assert!(seen.len() <= 23, "{} requests: {seen:#?}", seen.len());
    // One for the build cluster; one as the operator and one as the reader for the run cluster.
    assert_eq!((build.connections(), run.connections()), (1, 2));
}

#[test]
fn writes_follow_each_other_in_five_steps() {
    let Some(Proxied { case, build, run, file }) = Proxied::new("steps") else { return };
    case.register().kubeconfig(&file.path).succeeds();
    let writes = |proxy: &Proxy| -> Vec<String> {
        let is_write = |request: &String| {
            !request.starts_with("GET") && !request.contains("reviews") && !request.contains("dryRun")
        };
        proxy
            .requests()
            .into_iter()
            .filter(is_write)
            .map(|request| request.split('?').next().unwrap_or_default().to_owned())
            .collect()
    };
    let on_run = writes(&run);
    assert!(on_run[0].starts_with("PATCH /api/v1/namespaces/tapmc-"), "{on_run:?}");
    assert!(on_run.last().unwrap().ends_with("/serviceaccounts/delivery/token"), "{on_run:?}");
    assert_eq!(on_run.len(), 6, "{on_run:?}");
    assert_eq!(writes(&build).len(), 1);

    // A second run only looks.
    let before = (writes(&run).len(), writes(&build).len());
    case.again().kubeconfig(&file.path).succeeds();
    assert_eq!((writes(&run).len(), writes(&build).len()), before);
}
