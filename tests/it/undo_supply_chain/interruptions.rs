//! Ctrl-C at each step of an undo: what was done is told, and running it again completes it.

use hyper::Method;
use serde_json::json;

use super::{changed, new_template, version};
use crate::support::{
    BUILD, KubeconfigFile, Proxy,
    kubeconfig::{started, token},
};

#[test]
fn at_each_step() {
    let Some(build) = started(BUILD) else { return };
    // A request that is never answered, how many such are, and what was done before.
    for (step, method, piece, spared, done) in [
        ("find", Method::GET, "/configmaps?", 0, 0),
        ("check", Method::DELETE, "/clustertemplates/", 0, 0),
        ("template", Method::PUT, "/clustertemplates/", 0, 0),
        ("chain", Method::PUT, "/clustersupplychains/", 0, 1),
        ("wait", Method::GET, "/clustersupplychains/", 1, 2),
        // The same request checks it first.
        ("delete", Method::DELETE, "/clustertemplates/", 1, 2),
        ("note", Method::PATCH, "/configmaps/", 0, 3),
    ] {
        let case = changed(&format!("int-{step}"));
        let proxy = Proxy::before(build);
        proxy.hang(&method, piece, spared);
        let file = KubeconfigFile::new().context(BUILD, &proxy.cluster(), &token(build), "");
        let undo = case.undo().args(["--last", "--yes"]).kubeconfig(&file.path);
        let output = undo.interrupted_when(step, || proxy.is_hanging());
        assert_eq!(output.stdout, "", "{step}");
        let name = &case.name;
        let objects = [
            format!("clustertemplate.carto.run/{name}-one replaced"),
            format!("clustersupplychain.carto.run/{name} replaced"),
            format!("clustertemplate.carto.run/{name}-new deleted"),
        ];
        for (number, object) in objects.iter().enumerate() {
            assert_eq!(output.stderr.contains(&format!("  build  {object}")), number < done, "{step}: {output:?}");
        }
        let is_told = output.stderr.contains("running the command again completes or repairs it");
        assert_eq!(is_told, done > 0, "{step}: {output:?}");
        case.undo().args(["--last", "--yes"]).succeeds();
        assert!(version(&case) == "a" && new_template(&case).is_null(), "{step}");
        let backups = case.undo().args(["-o", "json"]).succeeds().json();
        assert_eq!(backups["items"][0]["state"], json!("undone"), "{step}");
    }
}
