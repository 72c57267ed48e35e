//! The README's tables are those of the code.

use std::fs;

use kubectl_tapmc::{
    error::EXIT_CODES,
    registration::profiles::{Grants, Profile, describe},
};

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

#[test]
fn exit_codes() {
    for (_, code, meaning) in EXIT_CODES {
        let row = format!("| {code} | {meaning} |");
        assert!(readme().contains(&row), "the README lacks: {row}");
    }
}

#[test]
fn profiles() {
    for profile in Profile::ALL {
        assert!(readme().contains(&format!("| `{profile}` |")), "the README lacks the profile {profile}");
        let grants = Grants { profiles: vec![profile], rules: Vec::new(), impersonate: None };
        for rule in grants.namespaced_rules() {
            let line = describe(&rule);
            let resources = line.split(':').next().unwrap();
            assert!(readme().contains(resources), "the README does not say that {profile} grants {resources}");
        }
    }
}

#[test]
fn commands() {
    use clap::CommandFactory as _;
    for command in kubectl_tapmc::cli::Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let row = format!("| `{}` |", command.get_name());
        assert!(readme().contains(&row), "the README lacks: {row}");
    }
}
