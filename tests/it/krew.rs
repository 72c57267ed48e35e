//! What krew and its index ask of a plugin: the manifest, and the archives that it points to.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const TAG: &str = concat!("v", env!("CARGO_PKG_VERSION"));
/// What `validate-krew-manifest` looks for.
const PLATFORMS: [&str; 11] = [
    "windows_386",
    "windows_amd64",
    "windows_arm64",
    "linux_386",
    "linux_amd64",
    "linux_arm",
    "linux_arm64",
    "linux_ppc64le",
    "darwin_386",
    "darwin_amd64",
    "darwin_arm64",
];

#[test]
fn the_manifest_is_one_that_the_index_takes() {
    let manifest = manifest();
    assert_eq!(manifest["apiVersion"], "krew.googlecontainertools.github.com/v1alpha2");
    assert_eq!(manifest["kind"], "Plugin");
    assert_eq!(manifest["metadata"]["name"], "tapmc", "the name is that of the file");
    let spec = &manifest["spec"];
    let version = text(&spec["version"]).strip_prefix('v').expect("a version begins with v");
    assert_eq!(version.split('.').filter(|part| part.parse::<u64>().is_ok()).count(), 3, "{version}");
    let short = text(&spec["shortDescription"]);
    assert!(!short.is_empty() && short.chars().count() <= 50 && !short.contains(['\r', '\n']), "{short}");
    assert!(text(&spec["homepage"]).starts_with("https://"));
    assert!(!text(&spec["description"]).is_empty());
    // krew links one file only.
    assert!(text(&spec["caveats"]).contains("completion kubectl > "));
}

#[test]
fn each_platform_can_be_installed() {
    let mut seen = BTreeSet::new();
    for platform in platforms() {
        let pair = pair(&platform);
        assert!(PLATFORMS.contains(&pair.as_str()), "{pair}");
        assert!(seen.insert(pair.clone()), "{pair} is there twice");

        let sha256 = text(&platform["sha256"]);
        assert!(sha256.len() == 64 && sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{sha256}");
        let windows = pair.starts_with("windows_");
        let (program, extension) = if windows { ("kubectl-tapmc.exe", "zip") } else { ("kubectl-tapmc", "tar.gz") };
        assert_eq!(
            platform["uri"],
            format!(
                "https://github.com/kubectl-tapmc/kubectl-tapmc/releases/download/{TAG}/kubectl-tapmc_{TAG}_{pair}.{extension}"
            )
        );
        assert_eq!(platform["bin"], program);
        let files: Vec<(&str, &str)> =
            platform["files"].as_array().unwrap().iter().map(|file| (text(&file["from"]), text(&file["to"]))).collect();
        assert_eq!(files, [(program, "."), ("LICENSE", ".")]);
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn dist_packs_what_the_manifest_promises() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    fs::write(&program, "a program").unwrap();
    for platform in platforms() {
        let pair = pair(&platform);
        let name = text(&platform["uri"]).rsplit('/').next().unwrap().to_owned();
        if pair.starts_with("windows_") && Command::new("zip").arg("-v").output().is_err() {
            eprintln!("passed over: {name} needs zip");
            continue;
        }
        let pack = |out: &str| {
            let out = dir.path().join(out);
            let mut dist = Command::new(Path::new(ROOT).join("krew/dist"));
            dist.arg("--binary").arg(&program).args(["--platform", &pair]).arg("--out").arg(&out);
            let output = dist.output().unwrap();
            assert!(output.status.success(), "{output:?}");
            (out.join(&name), String::from_utf8(output.stdout).unwrap())
        };
        let ((first, said), (second, _)) = (pack("first"), pack("second"));
        assert!(said.contains(&name) && said.contains("sha256  "), "{said}");
        assert!(fs::read(&first).unwrap() == fs::read(second).unwrap(), "{name}: the same program, other bytes");
        if name.ends_with(".tar.gz") {
            let listing = Command::new("tar").arg("-tzf").arg(&first).output().unwrap();
            assert_eq!(String::from_utf8(listing.stdout).unwrap(), "LICENSE\nkubectl-tapmc\n");
        }
    }
}

#[test]
fn a_release_has_the_manifest_of_its_archives() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = manifest();
    for platform in expected["spec"]["platforms"].as_array_mut().unwrap() {
        let archive = dir.path().join(text(&platform["uri"]).rsplit('/').next().unwrap());
        fs::write(&archive, text(&platform["uri"])).unwrap();
        platform["sha256"] = sha256(&archive).into();
    }
    let rendered = |tag: &str, folder: &Path| {
        let output = Command::new(Path::new(ROOT).join("krew/manifest")).arg(tag).arg(folder).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (succeeded, printed) = rendered(TAG, dir.path());
    assert!(succeeded, "{printed}");
    assert_eq!(serde_saphyr::from_str::<Value>(&printed).unwrap(), expected);
    assert!(!rendered("v9.9.9", dir.path()).0, "there are no archives of that release");
}

/// As the tool for it says.
fn sha256(file: &Path) -> String {
    let output = Command::new("sha256sum").arg(file).output();
    let output = output.or_else(|_| Command::new("shasum").args(["-a", "256"]).arg(file).output()).unwrap();
    String::from_utf8(output.stdout).unwrap().split(' ').next().unwrap().to_owned()
}

/// The manifest as krew-release-bot renders it, with made-up checksums.
fn manifest() -> Value {
    let template = fs::read_to_string(Path::new(ROOT).join("krew/tapmc.yaml")).unwrap();
    let mut rendered = String::new();
    for line in template.lines() {
        let line = match line.trim_start().strip_prefix("{{addURIAndSha \"") {
            None => line.to_owned(),
            Some(rest) => {
                let indent = " ".repeat(line.len() - line.trim_start().len());
                let (uri, call) = rest.split_once('"').expect("the address ends");
                // The bot gives a second line, which must stand below the first.
                assert_eq!(call, format!(" .TagName | indent {} }}}}", indent.len()), "{line}");
                format!("{indent}uri: {uri}\n{indent}sha256: {}", "0a".repeat(32))
            }
        };
        rendered.push_str(&line.replace("{{ .TagName }}", TAG));
        rendered.push('\n');
    }
    assert!(!rendered.contains("{{"), "{rendered}");
    serde_saphyr::from_str(&rendered).expect("YAML")
}

/// The platforms that it names.
pub fn platforms() -> Vec<Value> {
    manifest()["spec"]["platforms"].as_array().expect("platforms").clone()
}

/// The one operating system and processor that a platform selects.
pub fn pair(platform: &Value) -> String {
    let selector = platform["selector"].as_object().expect("a selector");
    assert_eq!(selector.keys().collect::<Vec<_>>(), ["matchLabels"]);
    let labels = selector["matchLabels"].as_object().expect("labels");
    assert_eq!(labels.keys().collect::<BTreeSet<_>>(), BTreeSet::from([&"arch".to_owned(), &"os".to_owned()]));
    format!("{}_{}", text(&labels["os"]), text(&labels["arch"]))
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}
