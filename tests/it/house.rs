//! The rules of the house, held by reading the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn dependencies_point_one_way() {
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let shown = file.strip_prefix(root()).unwrap().display().to_string();
        let in_folder = |folder: &str| shown.starts_with(&format!("src/{folder}"));
        if !in_folder("cluster/") {
            for word in ["kube::Client", "Api<", "Api::", "hyper::"] {
                assert!(!text.contains(word), "{shown} says {word}: only src/cluster/ calls an API server");
            }
        }
        if !in_folder("output/") {
            for word in ["println!", "eprintln!", "print!(", "std::io::stdout", "std::io::stderr"] {
                assert!(!text.contains(word), "{shown} says {word}: only src/output/ writes");
            }
        }
        let pure = [
            "registration/",
            "supply_chain/",
            "package_install/",
            "delivery/",
            "readers/",
            "lint/",
            "former/",
            "plan.rs",
            "kind.rs",
            "diff.rs",
        ];
        if pure.iter().any(|place| in_folder(place)) {
            for word in ["crate::cluster", "crate::commands", "crate::output", "crate::cli", "use kube::", "tokio"] {
                assert!(!text.contains(word), "{shown} says {word}: it is pure");
            }
        }
        if in_folder("cli/") {
            for word in ["crate::cluster", "crate::commands", "crate::registration", "use kube"] {
                assert!(!text.contains(word), "{shown} says {word}: cli/ holds what can be typed");
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in sources(&root().join("src")).into_iter().chain(sources(&root().join("tests/it"))) {
        let text = fs::read_to_string(&file).unwrap();
        // What is not Rust is a template of ytt's, and this is how comments begin there.
        let beginning = if file.extension().is_some_and(|extension| extension == "rs") { "//! " } else { "#! " };
        assert!(text.starts_with(beginning), "{} does not", file.display());
        let stem = file.file_stem().unwrap().to_str().unwrap();
        assert!(
            !["util", "utils", "helpers", "common", "misc"].contains(&stem),
            "{} has a name that says nothing",
            file.display()
        );
    }
}
