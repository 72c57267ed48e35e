//! The workflows in `.github/`: what they run is there, and nobody else can change what they run.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use crate::krew;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The texts of the files that a folder holds, at any depth.
fn texts(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut texts(path.strip_prefix(ROOT).unwrap().to_str().unwrap()));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.insert(path, text);
        }
    }
    found
}

/// The workflows by the names of their files.
fn workflows() -> BTreeMap<String, Value> {
    let parsed = |(path, text): (PathBuf, String)| {
        let workflow = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), workflow)
    };
    texts(".github/workflows").into_iter().map(parsed).collect()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().expect("jobs").iter()
}

fn steps(holder: &Value) -> impl Iterator<Item = &Value> {
    holder["steps"].as_array().expect("steps").iter()
}

#[test]
fn every_action_is_pinned_by_its_commit() {
    for (path, text) in texts(".github") {
        for line in text.lines() {
            let Some((_, uses)) = line.split_once("uses: ") else { continue };
            if let Some(own) = uses.strip_prefix("./") {
                assert!(Path::new(ROOT).join(own).join("action.yaml").is_file(), "{}: {line}", path.display());
                continue;
            }
            let (action, version) = uses.split_once(" # v").unwrap_or_else(|| panic!("{}: {line}", path.display()));
            let (_, commit) = action.split_once('@').unwrap_or_default();
            let is_commit = commit.len() == 40 && commit.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(is_commit && semver::Version::parse(version).is_ok(), "{}: {line}", path.display());
        }
    }
}

#[test]
fn every_job_has_an_end_and_no_more_rights_than_it_says() {
    for (name, workflow) in workflows() {
        assert_eq!(workflow["permissions"], json!({"contents": "read"}), "{name}");
        assert!(workflow["concurrency"]["group"].is_string(), "{name}");
        for (job, what) in jobs(&workflow) {
            assert!(what["timeout-minutes"].is_u64() && what["permissions"].is_object(), "{name}, {job}");
            let writes = what["permissions"].as_object().unwrap().values().any(|right| right != "read");
            assert!(!writes || (name.as_str(), job.as_str()) == ("release", "publish"), "{name}, {job} may write");
        }
    }
}

#[test]
fn no_script_is_made_of_what_others_may_write_and_no_credential_stays() {
    let action = fs::read_to_string(Path::new(ROOT).join(".github/actions/toolchain/action.yaml")).unwrap();
    let action: Value = serde_saphyr::from_str(&action).unwrap();
    let workflows = workflows();
    let holders = workflows.values().flat_map(|workflow| jobs(workflow).map(|(_, job)| job)).chain([&action["runs"]]);
    for step in holders.flat_map(steps) {
        let script = step["run"].as_str().unwrap_or_default();
        assert!(!script.contains("${{"), "it comes by the environment: {script}");
        if step["uses"].as_str().is_some_and(|uses| uses.starts_with("actions/checkout@")) {
            assert_eq!(step["with"]["persist-credentials"], json!(false));
        }
    }
}

#[test]
fn the_shares_of_the_faults_are_all_of_them() {
    let faults = &workflows()["nightly"]["jobs"]["faults"];
    let shares = faults["strategy"]["matrix"]["share"].as_array().unwrap();
    let numbers: Vec<Value> = (1..=shares.len()).map(|number| json!(number)).collect();
    assert_eq!(*shares, numbers);
    let harness = fs::read_to_string(Path::new(ROOT).join("tests/faults/main.rs")).unwrap();
    for (name, value) in faults["env"].as_object().unwrap() {
        assert!(harness.contains(&format!("| `{name}=")), "the harness knows no {name}");
        assert_eq!(*value, json!("${{ matrix.share }}/${{ strategy.job-total }}"));
    }
}

#[test]
fn what_they_run_is_there() {
    let makefile = fs::read_to_string(Path::new(ROOT).join("Makefile")).unwrap();
    let mut made = BTreeSet::new();
    for (path, text) in texts(".github/workflows") {
        for word in text.split_whitespace() {
            if [".ci/", "krew/", "tests/"].iter().any(|folder| word.starts_with(folder)) {
                assert!(Path::new(ROOT).join(word).is_file(), "{}: {word}", path.display());
            }
        }
        for (_, after) in text.lines().filter_map(|line| line.split_once("run: make ")) {
            let target = after.split(' ').next().unwrap();
            assert!(makefile.lines().any(|line| line.starts_with(&format!("{target}:"))), "make {target}");
            made.insert(target.to_owned());
        }
    }
    assert_eq!(made, ["faults", "fuzz", "lint", "test"].map(str::to_owned).into());
}

#[test]
fn a_release_has_the_platforms_of_the_manifest_and_dependencies_are_checked_for_them() {
    let workflows = workflows();
    let matrix = |job: &str| workflows["release"]["jobs"][job]["strategy"]["matrix"]["include"].clone();
    let column = |matrix: &Value, name: &str| -> BTreeSet<String> {
        matrix.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    let (built, tried) = (matrix("build"), matrix("try"));
    let platforms: BTreeSet<String> = krew::platforms().iter().map(krew::pair).collect();
    assert_eq!(column(&built, "platform"), platforms);
    assert_eq!(column(&tried, "platform"), platforms);

    let deny = fs::read_to_string(Path::new(ROOT).join("deny.toml")).unwrap();
    let listed = deny.split_once("targets = [").unwrap().1.split_once(']').unwrap().0;
    let checked: BTreeSet<String> = listed.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    assert_eq!(column(&built, "target"), checked);
    for row in built.as_array().unwrap() {
        let (system, processor) = row["platform"].as_str().unwrap().split_once('_').unwrap();
        let target = row["target"].as_str().unwrap();
        let processor = if processor == "amd64" { "x86_64-" } else { "aarch64-" };
        assert!(target.starts_with(processor) && target.contains(system), "{row}");
    }
}

#[test]
fn a_tag_is_released_when_it_is_the_version_and_the_changelog_knows_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".ci")).unwrap();
    for file in [".ci/release-notes", "Cargo.toml"] {
        fs::copy(Path::new(ROOT).join(file), dir.path().join(file)).unwrap();
    }
    let released = |tag: &str, changelog: &str| {
        fs::write(dir.path().join("CHANGELOG.md"), changelog).unwrap();
        let output = Command::new(dir.path().join(".ci/release-notes")).arg(tag).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    let (version, tag) = (env!("CARGO_PKG_VERSION"), concat!("v", env!("CARGO_PKG_VERSION")));
    for heading in [version.to_owned(), format!("[{version}] - 2026-01-01")] {
        let changelog =
            format!("# Changelog\n\n## Unreleased\n\n- later\n\n## {heading}\n\n- new\n\n## 0.0.1\n\n- old\n");
        assert_eq!(released(tag, &changelog).as_deref(), Some("- new"), "{heading}");
        assert_eq!(released("v9.9.9", &changelog), None);
        assert_eq!(released(version, &changelog), None, "a tag begins with v");
    }
    assert_eq!(released(tag, "# Changelog\n\n## Unreleased\n\n- new\n"), None);
}
