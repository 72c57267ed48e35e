//! Whatever stands in a kubeconfig Secret: corpus files, mixed and mangled for a minute, are read by the
//! allow-list or refused, quickly and without a panic.
//!
//! `TAPMC_FUZZ_SECONDS` says how long (60), and `TAPMC_FUZZ_SEED` where to begin: without it always at the
//! same inputs. One that breaks a promise is made as small as possible and written to a file;
//! `TAPMC_FUZZ_INPUT` names such a file to have it, and it alone, tried again.

mod mangling;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use kubectl_tapmc::{
    former::{self, Picked},
    lint::{Datum, SecretSubject},
    registration::kubeconfig::{Endpoint, Stored, parse, render},
};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use serde_json::Value;

/// How many inputs a seed is for.
const CASES: u32 = 200;
/// What one input may take at the most, in a debug build.
const PATIENCE: Duration = Duration::from_secs(2);
/// The names of all fields that a kubeconfig of ours has.
const FIELDS: [&str; 16] = [
    "apiVersion",
    "kind",
    "clusters",
    "users",
    "contexts",
    "current-context",
    "name",
    "cluster",
    "user",
    "context",
    "namespace",
    "server",
    "certificate-authority-data",
    "tls-server-name",
    "proxy-url",
    "token",
];

fn corpus() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus/kubeconfig");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().to_owned();
    files.iter().map(|file| (name(file), fs::read(file).unwrap())).collect()
}

/// A number that the environment may say.
fn number(variable: &str, default: u64) -> u64 {
    env::var(variable).ok().map_or(default, |text| text.parse().expect(variable))
}

/// A runner whose inputs are those of that seed.
fn runner(cases: u32, seed: u64) -> TestRunner {
    let config = Config { cases, failure_persistence: None, max_shrink_time: 30_000, ..Config::default() };
    let seed: [u8; 32] = std::array::from_fn(|index| seed.to_le_bytes()[index % 8]);
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// What is promised of every input.
fn keeps_its_promises(bytes: &[u8]) -> Result<(), TestCaseError> {
    let timed = || {
        let begun = Instant::now();
        former_is_harmless(bytes)?;
        Ok::<_, TestCaseError>((parse(bytes), begun.elapsed()))
    };
    let fail = |why: String| Err(TestCaseError::fail(why));
    let (read, mut took) = timed()?;
    // A busy machine may hold up one of them, but not each.
    for _ in 0..4 {
        took = if took > PATIENCE { timed()?.1 } else { took };
    }
    if took > PATIENCE {
        return fail(format!("it took {} ms", took.as_millis()));
    }
    match read {
        Err(unreadable) => {
            let told = unreadable.to_string();
            let is_plain = told.chars().all(|c| c.is_ascii_graphic() || c == ' ') && told.len() < 150;
            if is_plain && !told.contains("canary") {
                Ok(())
            } else {
                fail(format!("the refusal tells too much: {told}"))
            }
        }
        Ok(stored) => {
            let again = parse(stored.render().as_bytes());
            match again {
                Ok(again) if parts(&again) == parts(&stored) => {}
                Ok(_) => return fail("it is rendered as something else".to_owned()),
                Err(unreadable) => return fail(format!("what it is rendered as is refused: {unreadable}")),
            }
            // Read once more, by what knows nothing of kubeconfigs.
            let document: Value = serde_saphyr::from_slice(bytes).map_err(|e| TestCaseError::fail(e.to_string()))?;
            match foreign(&document) {
                Some(field) => fail(format!("it was accepted with {field}")),
                None => Ok(()),
            }
        }
    }
}

/// As a former credential it is read or refused, with nothing in the refusal that moves a terminal, and with an address
/// that holds no password.
fn former_is_harmless(bytes: &[u8]) -> Result<(), TestCaseError> {
    let data = [("value".to_owned(), Datum::of_cluster(bytes.to_vec()))].into();
    let secret = SecretSubject { namespace: "a".into(), name: "b".into(), data, ..SecretSubject::default() };
    match former::read(&secret, Picked { key: Some("value"), ..Picked::default() }) {
        Ok(read) => {
            let is_plain = |server: &String| server.starts_with("https://") && !server.contains('@');
            proptest::prop_assert!(read.server.as_ref().is_none_or(is_plain), "it has an address that is not plain");
        }
        Err(error) => {
            let told = error.to_string() + error.hint_text().unwrap_or_default();
            let moves = |c: char| c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
            proptest::prop_assert!(!told.contains(moves), "the refusal moves a terminal: {}", told.escape_debug());
        }
    }
    Ok(())
}

fn parts(stored: &Stored) -> (String, &str, &Endpoint, &str) {
    (stored.name.to_string(), stored.namespace.as_str(), &stored.endpoint, stored.token.expose())
}

/// What is in the document and must not be.
fn foreign(document: &Value) -> Option<String> {
    let lists = ["clusters", "users", "contexts"];
    if let Some(list) = lists.iter().find(|list| document[list].as_array().map(Vec::len) != Some(1)) {
        return Some(format!("another number of {list} than one"));
    }
    let server = document["clusters"][0]["cluster"]["server"].as_str().unwrap_or_default();
    if !server.starts_with("https://") || server.contains('@') {
        return Some("another server than one".to_owned());
    }
    foreign_field(document)
}

fn foreign_field(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            if FIELDS.contains(&name.as_str()) { foreign_field(value) } else { Some(format!("the field {name}")) }
        }),
        Value::Array(items) => items.iter().find_map(foreign_field),
        _ => None,
    }
}

#[test]
fn the_corpus_is_what_its_names_say() {
    for (name, bytes) in corpus() {
        assert_eq!(parse(&bytes).is_ok(), name.starts_with("valid-"), "{name}: {:?}", parse(&bytes).err());
        keeps_its_promises(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn what_is_rendered_is_read_back() {
    let mut runner = runner(2_000, number("TAPMC_FUZZ_SEED", 0));
    let result = runner.run(&mangling::of_our_own(), |(name, endpoint, namespace, token)| {
        let text = render(&name, &endpoint, &namespace, Some(&token));
        let stored = parse(text.as_bytes()).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        proptest::prop_assert_eq!(parts(&stored), (name.to_string(), namespace.as_str(), &endpoint, token.expose()));
        proptest::prop_assert_eq!(stored.render(), text);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn whatever_a_kubeconfig_secret_holds() {
    if let Some(file) = env::var_os("TAPMC_FUZZ_INPUT") {
        keeps_its_promises(&fs::read(&file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        return;
    }
    let (seconds, first) = (number("TAPMC_FUZZ_SECONDS", 60), number("TAPMC_FUZZ_SEED", 0));
    let (until, inputs) = (Instant::now() + Duration::from_secs(seconds), mangling::of_corpus(corpus()));
    let mut tried = 0;
    for seed in first.. {
        if Instant::now() >= until {
            break;
        }
        match runner(CASES, seed).run(&inputs, |bytes| keeps_its_promises(&bytes)) {
            Ok(()) => tried += CASES,
            Err(TestError::Fail(why, input)) => panic!("{}", kept(&input, why.message())),
            Err(error) => panic!("{error}"),
        }
    }
    assert!(tried > 0, "nothing was tried in {seconds} s");
    eprintln!("{tried} kubeconfigs were tried in {seconds} s, from seed {first} on");
}

/// Writes an input that breaks a promise, and says how to try it again.
fn kept(input: &[u8], why: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz");
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join(format!("kubeconfig-{}.yaml", std::process::id()));
    fs::write(&file, input).unwrap();
    let file = file.display();
    format!(
        "{why}; the kubeconfig is in {file}, and this tries it again:\n  \
         TAPMC_FUZZ_INPUT={file} cargo test --locked --test it -- fuzz::whatever"
    )
}
