//! The flags that say which cluster is meant, as whom, and how long it may take.

use std::{path::PathBuf, time::Duration};

use clap::Args;

/// Which kubeconfig is read, and how long its clusters may take to answer.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clusters")]
pub struct KubeconfigArgs {
    /// The kubeconfig file to use; without it $KUBECONFIG, then ~/.kube/config
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// How long a single request may take (0: as long as --timeout)
    #[arg(long, value_name = "DURATION", default_value = "0", value_parser = timeout)]
    pub request_timeout: Duration,

    /// How long all requests to one cluster may take
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = timeout)]
    pub timeout: Duration,
}

/// The build cluster, for verbs that need only this one.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clusters")]
pub struct BuildClusterArgs {
    /// The context of the build cluster; without it the current context
    #[arg(long, alias = "build-context", value_name = "CONTEXT")]
    pub context: Option<String>,

    /// Act as this user on the build cluster
    #[arg(long = "as", alias = "build-as", value_name = "USER")]
    pub as_user: Option<String>,

    /// Act as a member of this group on the build cluster (repeatable)
    #[arg(long = "as-group", alias = "build-as-group", value_name = "GROUP", requires = "as_user")]
    pub as_group: Vec<String>,
}

/// What `--run-context` is where one run cluster is meant, and no pattern is taken.
pub(super) const ONE_RUN_CONTEXT: &str = "Your context for the run cluster; without it the one that leads there";

/// The operator's own way to the run cluster of a registration.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clusters")]
pub struct RunClusterArgs {
    /// Your context for the run cluster; without it the one that leads to the registration's cluster. With a pattern
    /// such as 'prod-*' those registrations are meant to whose run cluster a matching context leads, by that one
    #[arg(long, value_name = "CONTEXT")]
    pub run_context: Option<String>,

    /// Act as this user on the run cluster
    #[arg(long, value_name = "USER")]
    pub run_as: Option<String>,

    /// Act as a member of this group on the run cluster (repeatable)
    #[arg(long, value_name = "GROUP", requires = "run_as")]
    pub run_as_group: Vec<String>,
}

/// Both clusters, for verbs that join them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clusters")]
pub struct BothClustersArgs {
    /// The context of the build cluster; asked for on a terminal
    #[arg(long, alias = "context", value_name = "CONTEXT")]
    pub build_context: Option<String>,

    /// The context of the run cluster; asked for on a terminal. With a pattern such as 'prod-*' every context
    /// that it matches
    #[arg(long, value_name = "CONTEXT")]
    pub run_context: Option<String>,

    /// Act as this user on the build cluster
    #[arg(long, value_name = "USER")]
    pub build_as: Option<String>,

    /// Act as a member of this group on the build cluster (repeatable)
    #[arg(long, value_name = "GROUP", requires = "build_as")]
    pub build_as_group: Vec<String>,

    /// Act as this user on the run cluster
    #[arg(long, value_name = "USER")]
    pub run_as: Option<String>,

    /// Act as a member of this group on the run cluster (repeatable)
    #[arg(long, value_name = "GROUP", requires = "run_as")]
    pub run_as_group: Vec<String>,
}

/// How long controllers may take.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Clusters")]
pub struct WaitArgs {
    /// How long to wait for what a controller must finish, such as a namespace that is going
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = timeout)]
    pub wait_timeout: Duration,
}

/// A duration as kubectl's flags and ours take it: `90s`, `15m`, `24h`, `30d`, sums such as
/// `1h30m`, and a bare `0`.
///
/// # Errors
/// A sentence for anything else.
pub fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(char, u64); 4] = [('s', 1), ('m', 60), ('h', 3_600), ('d', 86_400)];
    let refuse = || format!("'{text}' is not a duration: write 90s, 15m, 24h or 30d");
    let mut rest = text.trim();
    let mut seconds: u64 = 0;
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(refuse());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(refuse)?;
        let number: u64 = rest[..digits].parse().map_err(|_| refuse())?;
        let unit = rest[digits..].chars().next().ok_or_else(refuse)?;
        let factor = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(refuse)?.1;
        seconds = number.checked_mul(factor).and_then(|n| seconds.checked_add(n)).ok_or_else(refuse)?;
        rest = &rest[digits + unit.len_utf8()..];
    }
    Ok(Duration::from_secs(seconds))
}

/// A [`duration`] that may also be a bare number of seconds, as kubectl's --request-timeout.
///
/// # Errors
/// A sentence for anything else.
pub fn timeout(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => duration(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(duration("30d"), Ok(Duration::from_secs(2_592_000)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(timeout("90"), Ok(Duration::from_secs(90)));
        for garbage in ["", "d", "10", "ten minutes", "5w", "-5m", "1.5h", "99999999999999999999d", "5µ"] {
            assert!(duration(garbage).is_err(), "{garbage}");
        }
    }
}
