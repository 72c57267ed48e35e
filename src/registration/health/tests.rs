//! What is found of a registration, and what is not told beside it.

use super::*;
use crate::{
    package_install::APP,
    registration::{
        facts::MarkerFacts,
        held::tests::healthy,
        live::{AccountFacts, OwnLook, RunSide, Sight, Trial},
        names::ObjectRef,
        readers::LastResult,
        record::{Map, key},
        renewal::Renewal,
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn run_identity(uid: &str) -> Identity {
    Identity { kube_system: Some(uid.into()), stand_in: None }
}

fn marker(uid: &str) -> MarkerFacts {
    MarkerFacts { name: "delivery-1-abcde".into(), uid: uid.into(), created: None, annotations: Map::new() }
}

fn side(held: &Held) -> RunSide {
    RunSide {
        identity: run_identity("run-uid"),
        account: Sight::Found(AccountFacts { uid: "account-uid".into(), recorded: held.recorded.clone() }),
        marker: Sight::Found(marker("marker-uid")),
    }
}

fn accepted() -> Trial {
    Trial::Accepted { missing: Vec::new(), beyond: Vec::new() }
}

fn live(own: OwnLook, trial: Trial) -> LiveFacts {
    LiveFacts {
        own,
        context: Some("run".into()),
        kubeconfig: KubeconfigState::AsRecorded { expires_at: at(2_000) },
        trial,
        now: Some(at(1_100)),
    }
}

fn seen(side: RunSide, trial: Trial) -> LiveFacts {
    live(OwnLook::Seen(Box::new(side)), trial)
}

fn facts<'a>(held: &'a Held, live: Option<&'a LiveFacts>) -> Facts<'a> {
    Facts {
        held,
        build_context: "build",
        build: None,
        now: at(1_100),
        live,
        readers: None,
        renewal: None,
        base: Base::Unknown,
    }
}

fn words(facts: Facts<'_>) -> Vec<(Severity, &'static str)> {
    judge(facts).iter().map(|finding| (finding.severity, finding.word)).collect()
}

#[test]
fn all_is_well() {
    let held = healthy();
    assert_eq!(words(facts(&held, None)), []);
    assert_eq!(words(facts(&held, Some(&seen(side(&held), accepted())))), []);
    assert_eq!(state(&[], true), (Severity::Fine, "ready"));
    assert_eq!(state(&[], false), (Severity::Fine, "recorded"));
}

#[test]
fn a_life_runs_out() {
    let held = healthy();
    let then = |second| words(Facts { now: at(second), ..facts(&held, None) });
    assert_eq!(then(1_499), []);
    assert_eq!(then(1_501), [(Severity::Attention, "expires-soon")]);
    assert_eq!(then(1_801), [(Severity::Critical, "expires-soon")]);
    assert_eq!(then(2_000), [(Severity::Broken, "expired")]);
}

#[test]
fn a_life_that_should_have_been_renewed() {
    let mut held = healthy();
    let renewal = Renewal { secret: ObjectRef::new("tapmc-renewal", "run-a-kubeconfig"), audiences: Vec::new() };
    held.recorded.as_mut().unwrap().renewal = Some(renewal);
    let then = |second, sight| words(Facts { now: at(second), renewal: Some(&sight), ..facts(&held, None) });
    let scheduled = || RenewalSight::Scheduled { job: "renew-run-a".into(), ends: Some(at(2_100)) };
    let gone = || RenewalSight::Gone("it is gone".into());
    // A run, and its jitter, may come an eighth of a life after a third of it.
    assert_eq!(then(1_500, scheduled()), []);
    assert_eq!(then(1_510, scheduled()), [(Severity::Attention, "renewal-fails")]);
    assert_eq!(then(1_801, scheduled()), [(Severity::Critical, "renewal-fails")]);
    assert_eq!(then(2_000, scheduled()), [(Severity::Broken, "expired")]);
    let ended = RenewalSight::Scheduled { job: "renew-run-a".into(), ends: Some(at(1_400)) };
    assert_eq!(then(1_400, ended), [(Severity::Attention, "renewal-fails")]);
    assert_eq!(then(1_100, gone()), [(Severity::Attention, "renewal-gone")]);
    assert_eq!(then(1_501, gone()), [(Severity::Attention, "expires-soon"), (Severity::Attention, "renewal-gone")]);
    assert_eq!(then(1_100, RenewalSight::Unseen("forbidden".into())), [(Severity::Fine, "not-seen")]);
    let look = judge(Facts { now: at(1_801), ..facts(&held, None) })[0].command.clone().unwrap();
    assert_eq!(look, "kubectl --context build get cronjobs,jobs,events -n tapmc-renewal");
}

#[test]
fn the_run_clusters_clock_decides_and_a_wrong_one_is_told() {
    let held = healthy();
    let late = LiveFacts { now: Some(at(2_001)), ..seen(side(&held), Trial::Refused) };
    assert_eq!(
        words(facts(&held, Some(&late))),
        [(Severity::Broken, "expired"), (Severity::Attention, "clocks-differ")]
    );
    let little = LiveFacts { now: Some(at(1_399)), ..seen(side(&held), accepted()) };
    assert_eq!(words(facts(&held, Some(&little))), []);
}

#[test]
fn a_record_that_was_changed_by_hand_or_is_elsewhere() {
    let mut held = healthy();
    held.generation = None;
    let damaged = judge(facts(&held, None));
    assert_eq!((damaged[0].word, damaged[0].severity), ("record-damaged", Severity::Broken));
    assert!(damaged[0].command.as_ref().unwrap().contains("--run-namespace apps --profile deliverable"));
    let mut moved = healthy();
    moved.secret = ObjectRef::new("elsewhere", "run-a-kubeconfig");
    let found = judge(facts(&moved, None));
    assert_eq!(found[0].word, "moved");
    // Its token goes on, so nothing is taken over.
    assert!(found[0].command.as_ref().unwrap().ends_with(" --name run-a -n elsewhere"));
    let held = healthy();
    let build = |uid: &str| words(Facts { build: Some(&run_identity(uid)), ..facts(&held, None) });
    assert_eq!((build("build-uid"), build("other")), (vec![], vec![(Severity::Attention, "moved")]));
}

#[test]
fn a_secret_that_only_keeps_the_place() {
    let mut held = Held { recorded: None, generation: None, ..healthy() };
    held.annotations.retain(|key, _| key == key::FORMAT);
    assert_eq!(words(facts(&held, Some(&seen(side(&held), Trial::Refused)))), [(Severity::Broken, "unfinished")]);
    let found = judge(facts(&held, None));
    assert_eq!(found.len(), 1);
    assert!(found[0].command.as_ref().unwrap().contains(" --name run-a"), "{:?}", found[0].command);
}

#[test]
fn a_rebuilt_cluster_is_all_there_is_to_say() {
    let held = healthy();
    let rebuilt = RunSide { identity: run_identity("new"), account: Sight::Gone, marker: Sight::Gone };
    assert_eq!(words(facts(&held, Some(&seen(rebuilt, Trial::Refused)))), [(Severity::Broken, "rebuilt-cluster")]);
}

#[test]
fn what_ended_a_token_is_told_and_not_that_it_is_refused() {
    let held = healthy();
    let account = |uid: &str| Sight::Found(AccountFacts { uid: uid.into(), recorded: held.recorded.clone() });
    let cases = [
        (RunSide { account: Sight::Gone, marker: Sight::Gone, ..side(&held) }, "account-gone"),
        (RunSide { account: account("new"), ..side(&held) }, "account-remade"),
        (RunSide { marker: Sight::Gone, ..side(&held) }, "marker-gone"),
        (RunSide { marker: Sight::Found(marker("new")), ..side(&held) }, "marker-gone"),
        (side(&held), "token-refused"),
    ];
    for (side, word) in cases {
        assert_eq!(words(facts(&held, Some(&seen(side, Trial::Refused)))), [(Severity::Broken, word)]);
    }
}

#[test]
fn who_took_over() {
    let held = healthy();
    let mut retired = marker("marker-uid");
    retired.annotations.insert(key::RETIRE_AFTER.into(), "1970-01-01T01:00:00Z".into());
    let side_with = RunSide { marker: Sight::Found(retired), ..side(&held) };
    assert_eq!(words(facts(&held, Some(&seen(side_with, accepted())))), [(Severity::Critical, "superseded")]);
    let mut theirs = held.recorded.clone().unwrap();
    theirs.kubeconfig_secret = ObjectRef::new("other", "s");
    let account = |recorded| Sight::Found(AccountFacts { uid: "account-uid".into(), recorded: Some(recorded) });
    let other = RunSide { account: account(theirs), ..side(&held) };
    assert_eq!(words(facts(&held, Some(&seen(other, accepted())))), [(Severity::Attention, "superseded")]);
    let mut wider = held.recorded.clone().unwrap();
    wider.run_namespaces.push("more".into());
    let wider = RunSide { account: account(wider), ..side(&held) };
    assert_eq!(words(facts(&held, Some(&seen(wider, accepted())))), [(Severity::Attention, "record-differs")]);
}

#[test]
fn rights_taken_away_and_added() {
    let mut held = healthy();
    let trial = Trial::Accepted {
        missing: vec!["configmaps in 'apps': get".into()],
        beyond: vec![("apps".into(), vec!["pods: list".into()])],
    };
    let live = seen(side(&held), trial);
    let found = judge(facts(&held, Some(&live)));
    assert_eq!(found[0].message, "the token may not: configmaps in 'apps': get");
    assert_eq!(found[1].message, "the token may do more than its profile says: in 'apps' pods: list");
    assert_eq!((found[0].severity, found[1].severity), (Severity::Broken, Severity::Attention));
    held.recorded.as_mut().unwrap().brought = true;
    assert_eq!(words(facts(&held, Some(&live))), [(Severity::Broken, "rights-missing")]);
}

#[test]
fn a_way_that_leads_nowhere() {
    let held = healthy();
    let look = |own, trial| words(facts(&held, Some(&LiveFacts { now: None, ..live(own, trial) })));
    let none = || OwnLook::NoContext("no context".into());
    let nobody = || Trial::Unreachable("refused".into());
    assert_eq!(look(none(), accepted()), [(Severity::Fine, "no-context")]);
    assert_eq!(look(none(), nobody()), [(Severity::Attention, "no-context")]);
    // Nobody else says that it is dead.
    let dead = [(Severity::Broken, "token-refused"), (Severity::Fine, "no-context")];
    assert_eq!(look(none(), Trial::Refused), dead);
    assert_eq!(look(OwnLook::Unreachable("dead".into()), nobody()), [(Severity::Broken, "unreachable")]);
    assert_eq!(look(OwnLook::Unreachable("dead".into()), accepted()), [(Severity::Attention, "unreachable")]);
    let seen_side = || OwnLook::Seen(Box::new(side(&held)));
    assert_eq!(look(seen_side(), nobody()), [(Severity::Attention, "token-untried")]);
    assert_eq!(state(&judge(facts(&held, Some(&live(none(), accepted())))), true), (Severity::Fine, "ready"));
}

#[test]
fn a_kubeconfig_that_is_not_ours_is_not_followed() {
    let held = healthy();
    let changed = LiveFacts {
        kubeconfig: KubeconfigState::Changed("is not of the form that this plugin writes".into()),
        ..seen(side(&held), Trial::NotSent("it is not ours".into()))
    };
    assert_eq!(words(facts(&held, Some(&changed))), [(Severity::Broken, "kubeconfig-changed")]);
}

#[test]
fn readers_that_failed_or_read_elsewhere() {
    let held = healthy();
    let reader = |last, key: Option<&str>, is_overridden| Reader {
        kind: APP.clone(),
        object: ObjectRef::new("default", "deploy"),
        uid: "u".into(),
        resource_version: "1".into(),
        has_finalizers: true,
        is_going: false,
        secret: held.secret.clone(),
        key: key.map(str::to_owned),
        field: "spec.cluster.kubeconfigSecretRef",
        is_overridden,
        last,
    };
    let readers = [
        reader(LastResult::Ok, Some("value"), false),
        reader(LastResult::Failed("kapp: boom\n".into()), None, false),
        reader(LastResult::Ok, Some("value.yaml"), false),
        reader(LastResult::Ok, None, true),
    ];
    let readers: Vec<&Reader> = readers.iter().collect();
    let found = judge(Facts { readers: Some(&readers), ..facts(&held, None) });
    let found: Vec<(&str, &str)> = found.iter().map(|finding| (finding.word, finding.message.as_str())).collect();
    assert_eq!(found[0], ("reader-failed", "app/deploy failed: kapp: boom"));
    assert_eq!(found[1].1, "app/deploy reads the key 'value.yaml', and the kubeconfig is under 'value'");
    assert_eq!((found[2].0, found.len()), ("reader-overridden", 3));
}
