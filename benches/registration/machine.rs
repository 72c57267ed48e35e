//! What it was measured on.

use std::{fs, process::Command};

use anyhow::Result;

/// The machine and the versions, as lines to read; with the plugin, and kubectl for the build cluster.
pub fn describe(mut plugin: Command, mut kubectl: Command) -> Result<String> {
    let cores = std::thread::available_parallelism()?;
    let processor = field("/proc/cpuinfo", "model name", ':').unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    let system = field("/etc/os-release", "PRETTY_NAME", '=').unwrap_or_else(|| std::env::consts::OS.to_owned());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let plugin = plugin.arg("version").output()?.stdout;
    let kubectl = kubectl.args(["--context", "build", "version"]).output()?;
    let version = |what: &str| {
        let text = String::from_utf8_lossy(&kubectl.stdout).into_owned();
        text.lines().find_map(|line| line.strip_prefix(what)).unwrap_or("of an unknown version").trim().to_owned()
    };
    Ok(format!(
        "{processor}, {cores} cores, {system}, Linux {}\n{}, kubectl {}, control planes {}",
        kernel.trim(),
        String::from_utf8_lossy(&plugin).trim(),
        version("Client Version:"),
        version("Server Version:"),
    ))
}

fn field(file: &str, name: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let (_, value) = text.lines().filter_map(|line| line.split_once(separator)).find(|(key, _)| key.trim() == name)?;
    Some(value.trim().trim_matches('"').to_owned())
}
