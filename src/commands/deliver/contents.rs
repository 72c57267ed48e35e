//! What is in the folders of a delivery, where a working tree of the repository is at hand.

use std::{collections::BTreeMap, path::Path};

use crate::{
    commands::object_files::{in_folder, text_of},
    delivery::{Delivery, Destination, contents::Contents},
    error::{Error, Result},
    supply_chain::files,
    words,
};

/// What was found, by folder.
pub(super) struct Found {
    contents: BTreeMap<String, Contents>,
    /// What should be known of it.
    pub warnings: Vec<String>,
    /// Is something there encrypted with SOPS?
    pub is_encrypted: bool,
}

impl Found {
    /// What is delivered to one run cluster.
    pub(super) fn of(&self, delivery: &Delivery, destination: &Destination) -> Contents {
        let folders = delivery.packages().into_iter().chain([delivery.own(destination)]);
        let of_each = folders.filter_map(|folder| self.contents.get(&folder));
        of_each.fold(Contents::default(), |mut all, one| {
            all.objects.extend(one.objects.iter().cloned());
            all
        })
    }
}

/// Reads the folders of all run clusters, each once.
pub(super) fn read(root: Option<&Path>, delivery: &Delivery, destinations: &[&Destination]) -> Result<Found> {
    let mut found = Found { contents: BTreeMap::new(), warnings: Vec::new(), is_encrypted: false };
    let Some(root) = root else {
        found.warnings.push(
            "what is in the repository was not looked at: --working-tree DIR compares it with what the reader may write"
                .to_owned(),
        );
        return Ok(found);
    };
    let own = destinations.iter().map(|destination| delivery.own(destination));
    for folder in delivery.packages().into_iter().chain(own) {
        if !found.contents.contains_key(&folder) {
            let contents = in_one(&root.join(&folder))?;
            found.is_encrypted |= contents.is_encrypted();
            found.warnings.extend(told(&folder, &contents));
            found.contents.insert(folder, contents);
        }
    }
    Ok(found)
}

fn in_one(folder: &Path) -> Result<Contents> {
    if !folder.is_dir() {
        return Err(Error::usage(format_args!("--working-tree: there is no folder {}", folder.display())).hint(
            "the readers will look for it: push it first, or name another with PACKAGE, --path or --run RUN=FOLDER",
        ));
    }
    let mut contents = Contents::default();
    for file in in_folder(folder, true)? {
        let name = file.display().to_string();
        match text_of(&file).and_then(|text| files::parse_any(&text, &name)) {
            Ok(objects) => contents.objects.extend(objects.into_iter().map(|object| object.object)),
            Err(error) => contents.unread.push(error.to_string()),
        }
    }
    Ok(contents)
}

fn told(folder: &str, contents: &Contents) -> Vec<String> {
    let mut warnings = Vec::new();
    if !contents.unread.is_empty() {
        warnings.push(format!("not looked at in '{folder}': {}", words::list(contents.unread.iter().cloned())));
    }
    if !contents.cluster_wide().is_empty() {
        warnings.push(format!(
            "'{folder}' holds what stands outside of namespaces, which no profile lets a reader write: {}",
            words::list(contents.cluster_wide())
        ));
    }
    if contents.objects.is_empty() && contents.unread.is_empty() {
        warnings.push(format!("'{folder}' holds no objects"));
    }
    warnings
}
