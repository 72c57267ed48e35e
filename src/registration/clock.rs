//! Clocks that disagree. When a token ends is always told by the cluster's own clock; that the others
//! are wrong is worth a word.

use jiff::SignedDuration;

use crate::words;

/// Less than this is no wrong clock.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);

/// The clock of a cluster beside this machine's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// As the cluster is called in messages.
    pub place: String,
    /// How far it is ahead of this machine's; negative where it is behind.
    pub ahead: SignedDuration,
}

/// A sentence for each clock that differs from this machine's, and for each two clusters whose clocks
/// differ.
#[must_use]
pub fn warnings(clocks: &[Clock]) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut told: Vec<&Clock> = Vec::new();
    for clock in clocks.iter().filter(|clock| clock.ahead.abs() > TOLERANCE) {
        if told.iter().any(|other| (other.ahead - clock.ahead).abs() <= TOLERANCE) {
            continue;
        }
        told.push(clock);
        let same = clocks.iter().filter(|other| (other.ahead - clock.ahead).abs() <= TOLERANCE);
        warnings.push(format!(
            "the clock of this machine is {} that of {}: when a token ends is told by the clusters' clocks",
            apart(-clock.ahead),
            words::list(same.map(|other| other.place.clone()))
        ));
    }
    for (index, one) in clocks.iter().enumerate() {
        for other in &clocks[index + 1..] {
            let ahead = other.ahead - one.ahead;
            if ahead.abs() > TOLERANCE {
                warnings.push(format!("the clock of {} is {} that of {}", other.place, apart(ahead), one.place));
            }
        }
    }
    warnings
}

/// `3h ahead of`, `2m behind`.
fn apart(ahead: SignedDuration) -> String {
    let way = if ahead.is_negative() { "behind" } else { "ahead of" };
    format!("{} {way}", words::duration(ahead.abs().as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(clocks: &[(&str, i64)]) -> Vec<String> {
        let clock = |(place, minutes): &(&str, i64)| Clock {
            place: (*place).to_owned(),
            ahead: SignedDuration::from_mins(*minutes),
        };
        warnings(&clocks.iter().map(clock).collect::<Vec<_>>())
    }

    #[test]
    fn a_few_minutes_are_nothing() {
        assert!(
            warned(&[("build", 5), ("run", -5)]).iter().all(|line| line.starts_with("the clock of run is 10m behind"))
        );
        assert!(warned(&[("build", 3), ("run", -2)]).is_empty() && warned(&[]).is_empty());
    }

    #[test]
    fn this_machine_is_told_of_once() {
        assert_eq!(
            warned(&[("build", 180), ("run", 181)]),
            [
                "the clock of this machine is 3h behind that of build and run: when a token ends is told by the clusters' clocks"
            ]
        );
    }

    #[test]
    fn clusters_that_differ_are_named() {
        let warnings = warned(&[("build", 0), ("run", -120)]);
        assert!(warnings[0].starts_with("the clock of this machine is 2h ahead of that of run:"), "{warnings:?}");
        assert_eq!(warnings[1..], ["the clock of run is 2h behind that of build"]);
    }
}
