//! `status` and `verify` by an administrator who has no way to the run cluster but the stored one.

use super::Pair;

#[test]
fn the_build_side_alone_shows_how_it_fares() {
    let Some(pair) = Pair::registered("looked") else { return };
    let status = |args: &[&str]| {
        pair.tapmc(&pair.build, "status").args([&pair.case.name, "--context", "yours", "-o", "json"]).args(args)
    };
    for args in [&[][..], &["--live=false"]] {
        let report = status(args).args(["--exit-code"]).succeeds().json();
        let item = &report["items"][0];
        assert_eq!((&item["severity"], &item["generation"]), (&"fine".into(), &1.into()), "{item}");
    }
    let item = status(&[]).succeeds().json()["items"][0].clone();
    assert_eq!((&item["state"], &item["live"]["tokenAccepted"]), (&"ready".into(), &true.into()), "{item}");
    assert_eq!(item["findings"][0]["word"], "no-context", "{item}");

    let verify = || pair.tapmc(&pair.build, "verify").args([&pair.case.name, "--context", "yours"]);
    verify().succeeds();

    // Its rights are taken away, and then the marker: both are seen by the stored token alone.
    pair.case.run().run(&["delete", "rolebinding", &format!("tapmc-{}", pair.case.name), "-n", &pair.case.apps]);
    crate::support::eventually("it is seen", || status(&[]).succeeds().json()["items"][0]["state"] == "rights-missing");
    verify().fails(5, &["lacks rights"]);
    pair.case.run().run(&["delete", "secret", &pair.case.annotation("marker"), "-n", &pair.case.account_namespace()]);
    crate::support::eventually("it is seen", || status(&[]).succeeds().json()["items"][0]["state"] == "token-refused");
    verify().fails(5, &["refuses the stored token"]);

    // The other administrator repairs it, and another voucher renews it.
    let voucher = pair.file("v");
    pair.run_side().arg("-o").arg(&voucher).succeeds();
    pair.build_side(&voucher).succeeds();
    verify().succeeds();
    pair.works();
}
