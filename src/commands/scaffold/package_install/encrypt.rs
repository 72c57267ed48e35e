//! The values through the user's own sops or kubeseal, by pipes alone.

use std::path::Path;

use serde_json::Value;

use super::make::{FileKind, Installing, MadeFile, Values};
use crate::{
    cli::scaffold::package_install::PackageInstallArgs,
    commands::run_cluster::{RunClusters, Several},
    delivery::params::KEY,
    error::{Error, Result},
    output::pipe::Program,
};

/// Shorter texts are found in any message.
const SECRET: usize = 4;

/// Puts what the programs make of the values in their place.
///
/// # Errors
/// As [`Program::run`], and where what comes out is not encrypted.
pub(super) async fn encrypt(
    args: &PackageInstallArgs,
    values: &Values,
    installations: &mut [Installing],
    run_clusters: Option<&RunClusters<'_>>,
) -> Result<()> {
    let mut secrets = Vec::new();
    texts(&values.given, &mut secrets);
    for installing in installations {
        let arguments = if args.seal { sealing(args, installing, run_clusters).await? } else { Vec::new() };
        for file in installing.files.iter_mut().filter(|file| file.kind == FileKind::Params) {
            let (made, is_good) = if args.sops {
                let made = sops(args, file)?.run(&file.text, &secrets).await?;
                let is_good = is_sops(&made);
                (made, is_good)
            } else if args.seal {
                let made = kubeseal(args, arguments.clone()).run(&file.text, &secrets).await?;
                let is_good = is_sealed(&made);
                (made, is_good)
            } else {
                continue;
            };
            if !is_good {
                let program = file.encrypted_by.unwrap_or_default();
                return Err(Error::failed(format_args!("what {program} made is not encrypted: nothing was written"))
                    .hint("see the creation rules of .sops.yaml: encrypted_regex must take in stringData"));
            }
            file.text = made;
        }
    }
    Ok(())
}

/// sops looks for .sops.yaml from its working folder upwards, and for the rule by the file's path.
fn sops<'a>(args: &'a PackageInstallArgs, file: &MadeFile) -> Result<Program<'a>> {
    let place = args.output_dir.as_deref().unwrap_or(Path::new(".")).join(&file.path);
    let place = std::path::absolute(&place)
        .map_err(|error| Error::failed(format_args!("{} cannot be found: {error}", place.display())))?;
    let fixed = ["encrypt", "--input-type", "yaml", "--output-type", "yaml"];
    let fixed = fixed.iter().map(ToString::to_string);
    // The readers of a Secret must still see its name; Flux decrypts nothing else.
    let regex = ["--encrypted-regex".to_owned(), "^(data|stringData)$".to_owned()];
    let name = ["--filename-override".to_owned(), place.display().to_string()];
    Ok(Program {
        name: "sops",
        arguments: fixed.chain(regex).chain(name).collect(),
        folder: folder(args),
        install: "install sops (https://getsops.io), in a version that encrypts standard input, and write a .sops.yaml",
    })
}

fn kubeseal(args: &PackageInstallArgs, arguments: Vec<String>) -> Program<'_> {
    let fixed = ["--format".to_owned(), "yaml".to_owned()];
    Program {
        name: "kubeseal",
        arguments: fixed.into_iter().chain(arguments).collect(),
        folder: folder(args),
        install: "install kubeseal (https://github.com/bitnami-labs/sealed-secrets)",
    }
}

/// Where the programs work: the repository, for what stands there for them.
fn folder(args: &PackageInstallArgs) -> &Path {
    args.output_dir.as_deref().filter(|folder| folder.is_dir()).unwrap_or(Path::new("."))
}

/// For which key: that of the file, or that of the run cluster.
async fn sealing(
    args: &PackageInstallArgs,
    installing: &Installing,
    run_clusters: Option<&RunClusters<'_>>,
) -> Result<Vec<String>> {
    let text = |path: &Path| {
        let place = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        place.display().to_string()
    };
    if let Some(file) = &args.seal_cert {
        return Ok(vec!["--cert".to_owned(), text(file)]);
    }
    let Some((run_clusters, held)) = run_clusters.zip(installing.target.held.as_ref()) else {
        return Err(Error::usage("--seal needs --seal-cert where no cluster is asked"));
    };
    let context = run_clusters.context(Some(held), Several::First).await?;
    let kubeconfig = args.kubeconfig.kubeconfig.iter().flat_map(|file| ["--kubeconfig".to_owned(), text(file)]);
    Ok(["--context".to_owned(), context].into_iter().chain(kubeconfig).collect())
}

/// Is every value of the Secret encrypted?
fn is_sops(text: &str) -> bool {
    let Ok(read) = serde_saphyr::from_str::<Value>(text) else { return false };
    let is_encrypted = |value: &Value| value.as_str().is_some_and(|text| text.starts_with("ENC["));
    !read["sops"].is_null() && read["data"].is_null() && is_encrypted(&read["stringData"][KEY])
}

fn is_sealed(text: &str) -> bool {
    let Ok(read) = serde_saphyr::from_str::<Value>(text) else { return false };
    read["kind"] == "SealedSecret"
        && read["data"].is_null()
        && read["stringData"].is_null()
        && read["spec"]["encryptedData"][KEY].is_string()
}

/// The texts among the values, the longest first: one may be a part of another.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.len() >= SECRET => {
            found.push(text.clone());
            // A program may tell of one line alone.
            found.extend(text.lines().filter(|line| line.len() >= SECRET).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(fields) => fields.values().for_each(|value| texts(value, found)),
        _ => {}
    }
    found.sort_by_key(|text| std::cmp::Reverse(text.len()));
    found.dedup();
}
