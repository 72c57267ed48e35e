//! How a registration speaks to the clusters: counted at a proxy before each.

use super::case::Case;
use crate::support::{
    BUILD, KubeconfigFile, Proxy,
    kubeconfig::{started, token},
};

struct Counted {
    build: Proxy,
    run: Proxy,
    file: KubeconfigFile,
}

fn counted(case: &Case) -> Option<Counted> {
    let (build_facts, run_facts) = (started(BUILD)?, started(&case.run)?);
    let (build, run) = (Proxy::before(build_facts), Proxy::before(run_facts));
    let file = KubeconfigFile::new().context(BUILD, &build.cluster(), &token(build_facts), "").context(
        &case.run,
        &run.cluster(),
        &token(run_facts),
        "",
    );
    Some(Counted { build, run, file })
}

#[test]
fn no_discovery_few_requests_three_connections() {
    let case = Case::new("count");
    let Some(Counted { build, run, file }) = counted(&case) else { return };
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
    assert!(seen.len() <= 30, "{} requests: {seen:#?}", seen.len());
    // One for the build cluster; one as the operator and one as the reader for the run cluster.
    assert_eq!((build.connections(), run.connections()), (1, 2));
}

#[test]
fn writes_follow_each_other_in_five_steps() {
    let case = Case::new("steps");
    let Some(Counted { build, run, file }) = counted(&case) else { return };
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
