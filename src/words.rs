//! Words for counts, lists, times and likely meanings, so that every message says them the same way.

use jiff::Timestamp;

/// `1 change`, `2 changes`.
#[must_use]
pub fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// `a`, `a and b`, `a, b and c`.
#[must_use]
pub fn list(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// [`list`] of the first few, and how many more there are.
#[must_use]
pub fn first_few(items: &[String]) -> String {
    const SHOWN: usize = 5;
    let more = items.len().saturating_sub(SHOWN);
    list(items.iter().take(SHOWN).cloned().chain((more > 0).then(|| format!("{more} more"))))
}

/// The candidate that was probably meant.
#[must_use]
pub fn closest<'a>(typed: &str, candidates: &'a [String]) -> Option<&'a str> {
    let scored = candidates.iter().map(|candidate| (strsim::jaro_winkler(typed, candidate), candidate.as_str()));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (best.0 > 0.8).then_some(best.1)
}

/// A word as a shell takes it: quoted where something in it would mean more than itself.
#[must_use]
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A time to the second, RFC 3339 in UTC: `2026-01-31T09:05:00Z`.
#[must_use]
pub fn moment(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// Seconds as a person says them: `30d`, `23h59m`, `10m`, `45s`; two units at the most.
#[must_use]
pub fn duration(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, unit) in UNITS {
        let whole = rest / length;
        rest %= length;
        if whole > 0 {
            parts.push(format!("{whole}{unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.concat() }
}

/// A duration as Go writes it, which API servers take: `1h0m0s`, `5m0s`, `45s`.
#[must_use]
pub fn go_duration(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, minutes) => format!("{minutes}m{rest}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_lists() {
        assert_eq!((count(1, "change"), count(0, "change")), ("1 change".into(), "0 changes".into()));
        assert_eq!(list(["a", "b", "c"].map(String::from)), "a, b and c");
        assert_eq!(list(Vec::new()), "nothing");
        assert_eq!(first_few(&["a", "b", "c", "d", "e", "f", "g"].map(String::from)), "a, b, c, d, e and 2 more");
    }

    #[test]
    fn likely_meanings() {
        let names = ["prod-eu", "prod-us", "build"].map(String::from);
        assert_eq!(closest("prod-ue", &names), Some("prod-eu"));
        assert_eq!(closest("zzz", &names), None);
    }

    #[test]
    fn durations() {
        assert_eq!(duration(2_592_000), "30d");
        assert_eq!(duration(86_399), "23h59m");
        assert_eq!(duration(3_605), "1h");
        assert_eq!(duration(0), "0s");
        let go = [45, 60, 3_600, 90].map(|seconds| go_duration(std::time::Duration::from_secs(seconds)));
        assert_eq!(go, ["45s", "1m0s", "1h0m0s", "1m30s"]);
    }
}
