//! What a reader's credential must be able to do, and whether what is granted serves it.

use std::fmt;

use crate::{
    error::{Error, Result},
    registration::profiles::{Grants, Profile},
    words,
};

/// What a reader needs of the credential.
#[derive(Debug, Clone, Copy)]
pub enum Needs {
    /// What the registration may, if it has one of these profiles or rules of the user's own.
    AnyOf(&'static [Profile]),
    /// What the registration may, and these profiles as well.
    AsRegistered(&'static [Profile]),
    /// These profiles alone.
    Only(&'static [Profile]),
    /// Rules that no profile has, in words.
    Rules(&'static str),
}

impl Needs {
    /// What the reader's credential is granted where nobody says otherwise: never more than it needs. The
    /// `registered` grants are those of the registration.
    #[must_use]
    pub fn grants(self, registered: &Grants) -> Grants {
        match self {
            Self::AnyOf(_) | Self::Rules(_) => registered.clone(),
            Self::AsRegistered(more) => {
                let mut grants = registered.clone();
                grants.profiles.extend(more);
                grants.profiles.sort_unstable();
                grants.profiles.dedup();
                grants
            }
            Self::Only(profiles) => Grants::of(profiles.to_vec()),
        }
    }

    /// Does that serve the reader? Rules of the user's own are taken at their word.
    ///
    /// # Errors
    /// [`Kind::Usage`](crate::error::Kind::Usage) for grants that cannot be enough; `title` is the reader's.
    pub fn check(self, title: &str, grants: &Grants) -> Result<()> {
        if grants.has_own_rules() {
            return Ok(());
        }
        if grants.namespaced_rules().is_empty() && !matches!(self, Self::Only(_) | Self::AnyOf(_)) {
            return Err(Error::usage(format_args!(
                "{title} could do nothing: nothing is granted in the run namespaces"
            ))
            .hint("say what it deploys with --profile, or with --rules FILE"));
        }
        let flags = |profiles: &[Profile]| {
            let flags = profiles.iter().map(|profile| format!("--profile {profile}")).collect::<Vec<_>>();
            flags.join(" ")
        };
        let lacks = |profile: &Profile| !grants.profiles.contains(profile);
        match self {
            Self::Rules(what) => Err(Error::usage(format_args!("{title} needs rights that no profile has ({what})"))
                .hint("say what it may do: --rules FILE, with --allow-broad-rules where they reach far")),
            Self::AnyOf(profiles) if profiles.iter().all(lacks) => Err(Error::usage(format_args!(
                "{title} can do nothing with what {} grants",
                words::list(grants.profiles.iter().map(|profile| format!("'{profile}'")))
            ))
            .hint(format_args!("give it one of these: {}", words::list(profiles.iter().map(ToString::to_string))))),
            Self::Only(profiles) | Self::AsRegistered(profiles) if profiles.iter().any(lacks) => {
                let missing = profiles.iter().filter(|profile| lacks(profile));
                Err(Error::usage(format_args!(
                    "{title} needs the profile {}",
                    words::list(missing.map(|profile| format!("'{profile}'")))
                ))
                .hint(format_args!("leave --profile out, or add {}", flags(profiles))))
            }
            _ => Ok(()),
        }
    }
}

/// As the README's table tells it.
impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticked =
            |profiles: &[Profile]| profiles.iter().map(|profile| format!("`{profile}`")).collect::<Vec<_>>().join(", ");
        match self {
            Self::Rules(what) => write!(f, "`--rules`: {what}"),
            Self::AnyOf(all) if all.len() == Profile::ALL.len() => f.write_str("any"),
            Self::AnyOf(profiles) | Self::Only(profiles) => f.write_str(&ticked(profiles)),
            Self::AsRegistered([]) => f.write_str("as the registration's"),
            Self::AsRegistered(more) => write!(f, "as the registration's, and {}", ticked(more)),
        }
    }
}
