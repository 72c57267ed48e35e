//! Which part of everything is played: by kind, and one machine's share of what several play.

use std::{env, fmt, str::FromStr};

/// What is played, and how it is shared.
#[derive(Debug, Clone)]
pub struct Part {
    /// All of them where it is empty.
    kinds: Vec<Kind>,
    /// This machine's.
    pub share: Share,
}

/// A kind of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// kill -9 before and after a request.
    Kills,
    /// One fault.
    Faults,
    /// A fault, and another one in the run that repairs.
    Pairs,
    /// Two operators at once.
    Races,
    /// Thirty days of a simulated fleet.
    Renewals,
}

impl Kind {
    const ALL: [(&str, Self); 5] = [
        ("kills", Self::Kills),
        ("faults", Self::Faults),
        ("pairs", Self::Pairs),
        ("races", Self::Races),
        ("renewals", Self::Renewals),
    ];
}

/// A share: the n-th case and each so many further on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// From 1 on.
    number: usize,
    of: usize,
}

impl Part {
    /// As the environment says.
    pub fn from_environment() -> Self {
        let text = |name: &str| env::var(name).unwrap_or_default();
        let kind = |word: &str| {
            let known = Kind::ALL.iter().find(|(name, _)| *name == word);
            let Some((_, kind)) = known else {
                let names = Kind::ALL.map(|(name, _)| name).join(", ");
                panic!("TAPMC_FAULTS_KINDS: there is no kind '{word}': there are {names}")
            };
            *kind
        };
        let (kinds, share) = (text("TAPMC_FAULTS_KINDS"), text("TAPMC_FAULTS_SHARE"));
        Self {
            kinds: kinds.split(',').map(str::trim).filter(|word| !word.is_empty()).map(kind).collect(),
            share: if share.is_empty() {
                Share { number: 1, of: 1 }
            } else {
                share.parse().unwrap_or_else(|()| {
                    panic!("TAPMC_FAULTS_SHARE is '{share}', and not a share such as 1/4, the first of four")
                })
            },
        }
    }

    /// Is that kind played?
    pub fn has(&self, kind: Kind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }
}

impl Share {
    /// Its part of these.
    pub fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.number - 1).step_by(self.of).collect()
    }
}

impl FromStr for Share {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (number, of) = text.split_once('/').ok_or(())?;
        let (number, of) = (number.parse().map_err(drop)?, of.parse().map_err(drop)?);
        if (1..=of).contains(&number) { Ok(Self { number, of }) } else { Err(()) }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}
