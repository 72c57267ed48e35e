//! The README's tables are those of the code.

use std::fs;

use kubectl_tapmc::{
    error::EXIT_CODES,
    lint::RULES,
    readers::READERS,
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
        let grants = Grants::of(vec![profile]);
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

#[test]
fn readers() {
    let readme = readme();
    for reader in &READERS {
        let row = reader.row();
        assert!(readme.contains(&format!("{row}\n")), "the README lacks: {row}");
    }
    let section = readme.split("| reader | where it stands |").nth(1).expect("the table of readers");
    let rows = section.split("\n\n").next().unwrap_or_default().lines().filter(|line| line.starts_with("| `"));
    assert_eq!(rows.count(), READERS.len(), "the README has rows of readers that there are not");
}

#[test]
fn rules_of_lint() {
    use clap::CommandFactory as _;
    let mut command = kubectl_tapmc::cli::Cli::command();
    let help = command.find_subcommand_mut("lint").unwrap().render_long_help().to_string();
    for (_, id, _, text) in RULES {
        assert!(help.contains(&format!("  {id} ")) && help.contains(text), "lint --help lacks {id}");
    }
}
