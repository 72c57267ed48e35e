//! What a voucher's file may say.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{
    sealing::{Identities, Recipients, is_sealed, unseal},
    *,
};
use crate::registration::resolve::tests::asked;

fn voucher() -> Voucher {
    let registration = Registration::resolve(&asked(), None).unwrap();
    let claims = json!({"sub": "system:serviceaccount:tapmc-run-a:voucher", "iat": 1, "exp": 2, "aud": ["api"],
        "kubernetes.io": {"secret": {"name": "delivery-1-aaaaa", "uid": "marker-uid"}}});
    Voucher {
        name: registration.name.clone(),
        recorded: registration.recorded("build-uid"),
        number: 1,
        run_cluster_uid: "run-uid".into(),
        marker: MarkerName { name: "delivery-1-aaaaa".into(), uid: "marker-uid".into() },
        service_account_uid: "sa-uid".into(),
        account_namespace_uid: "ns-uid".into(),
        former_until: None,
        valid_until: Timestamp::from_second(1_000).unwrap(),
        endpoint: registration.endpoint.clone(),
        token: Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims.to_string()))),
    }
}

#[test]
fn what_is_written_is_read() {
    let written = Voucher { former_until: Some(Timestamp::from_second(2_000).unwrap()), ..voucher() };
    let read = Voucher::parse(&written.render(), "it").unwrap();
    assert_eq!((&read.name, &read.recorded, read.number), (&written.name, &written.recorded, 1));
    assert_eq!((&read.endpoint, read.token.expose()), (&written.endpoint, written.token.expose()));
    assert_eq!((read.former_until, read.valid_until), (written.former_until, written.valid_until));
    assert_eq!(read.token.claims().unwrap().aud.into_list(), ["api"]);
    let registration = read.registration(&read.asked(), "it").unwrap();
    assert_eq!(registration.account.reference().to_string(), "tapmc-run-a/delivery");
}

#[test]
fn its_time_is_over_when_it_says_so() {
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    assert!(voucher().check_time(at(999), "it").is_ok());
    let error = voucher().check_time(at(1_000), "it").unwrap_err();
    assert!(error.hint_text().unwrap().contains("rotate-token run-a --run-side"), "{error}");
}

#[test]
fn what_was_changed_is_refused_with_its_place_and_without_its_text() {
    let good = voucher().render();
    for (changed, sentence) in [
        (good.replace("kind: RegistrationVoucher", "kind: Secret"), "not a RegistrationVoucher"),
        (good.replace("registration: run-a", "registration: ../x"), "no name of a registration"),
        (good.replace("number: 1", "number: -1"), "line "),
        (good.replace("number: 1", "number: 1\n  more: x"), "line "),
        (good.replace("tapmc-run-a/delivery", "kube-system/delivery"), "another account"),
        (good.replace("markerUid: marker-uid", "markerUid: other"), "another marker"),
        (good.replace("kubectl-tapmc/format: v1", "kubectl-tapmc/format: v9"), "'record'"),
        (good.replace("kubectl-tapmc/profiles: deliverable", "kubectl-tapmc/profiles: everything"), "'record'"),
        (good.replace("server: https", "insecure-skip-tls-verify: true\n      server: https"), "'kubeconfig'"),
        (good.replace("user:\n      token", "user:\n      exec: {command: x}\n      token"), "'kubeconfig'"),
        (good.replace("https://run-a", "https://me:secret@run-a"), "'kubeconfig'"),
        (good[..good.len() / 2].to_owned(), "it"),
        ("a: &a [*a, *a]".to_owned(), "it line"),
        ("x".repeat(MAX_BYTES + 1), "larger than any voucher"),
        (String::new(), "it"),
    ] {
        assert_ne!(changed, good, "{sentence}");
        let error = Voucher::parse(&changed, "it").unwrap_err();
        assert!(error.to_string().contains(sentence), "{sentence}: {error}");
        assert!(!error.to_string().contains(&voucher().token.expose()[3..20]), "{error}");
        assert!(error.hint_text().is_some());
    }
}

#[test]
fn what_is_encrypted_is_read_by_its_key_alone() {
    let key = age::x25519::Identity::generate();
    let mut recipients = Recipients::default();
    recipients.add(&format!("# the other one\n\n{}\n", key.to_public()), "--age-recipients-file x").unwrap();
    let sealed = recipients.seal(voucher().render()).unwrap();
    assert!(is_sealed(&sealed) && !is_sealed(voucher().render().as_bytes()));
    let mut keys = Identities::default();
    keys.add(key.to_string().expose_secret().as_bytes(), "key").unwrap();
    assert_eq!(unseal(&sealed, &keys, "it").unwrap(), voucher().render());
    let text = String::from_utf8(sealed.clone()).unwrap();
    let cut = text.lines().take(text.lines().count() - 2).collect::<Vec<_>>().join("\n");
    assert!(unseal(cut.as_bytes(), &keys, "it").unwrap_err().to_string().contains("cannot be decrypted"));
    assert!(recipients.add("age1nonsense", "--age-recipient").unwrap_err().to_string().contains("line 1"));
    assert!(keys.add(b"nonsense", "key").is_err());
}
