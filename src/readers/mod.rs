//! The readers of a run cluster's credential: the systems that reach another cluster with a kubeconfig or a
//! token, in what form each takes it, what it makes of it, and what it silently leaves out. One table, a row for
//! each; the README's is made from it, and the checks of `lint` follow it. Pure.
//!
//! The objects that refer to one kubeconfig Secret are another thing: [`crate::registration::readers`].

mod fields;
mod form;
mod needs;
pub mod objects;
mod table;

use crate::{
    error::{Error, Result},
    words,
};

pub use fields::{Effect, Field};
pub use form::{Keys, LabelValue, Naming, SecretForm, Stands};
pub use needs::Needs;
pub use objects::{ObjectForm, Place};
pub use table::READERS;

/// One system that reads a credential for another cluster.
#[derive(Debug)]
pub struct Reader {
    /// As it is typed.
    pub name: &'static str,
    /// Other names for the same.
    pub aliases: &'static [&'static str],
    /// As people call it, with the objects that refer to the credential.
    pub title: &'static str,
    /// Where the credential stands.
    pub stands: Stands,
    /// What it reads there.
    pub reads: Reads,
    /// What the credential must be able to do.
    pub needs: Needs,
    /// The objects of the reader's own that may refer to the credential; the first one where none is named.
    pub objects: &'static [ObjectForm],
    /// What is to be done on the reader's own side.
    pub advice: Option<&'static str>,
    /// How it comes by a renewed credential.
    pub renewal: &'static str,
    /// Where this is known from: `REPOSITORY@COMMIT:PATH`.
    pub sources: &'static [&'static str],
}

/// What a reader reads.
#[derive(Debug, Clone, Copy)]
pub enum Reads {
    /// A kubeconfig; with what it does about the fields that it does not simply use.
    Kubeconfig {
        /// Every field that is not named is used.
        effects: &'static [(Field, Effect)],
        /// Which of the contexts.
        context: Context,
    },
    /// Argo CD's own form: address, name and a JSON document.
    ArgoCd,
    /// A token, and the CA beside it under this key.
    Token {
        /// The data key of the CA, where the reader takes it from the same Secret.
        certificate_authority: Option<&'static str>,
    },
    /// A list of clusters, each with its address, token and CA.
    ClusterList,
}

/// Which context of a kubeconfig a reader uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// The `current-context`.
    Current,
    /// The one that its object names, else the `current-context`.
    Named,
}

impl Reader {
    /// What it does about a field of a kubeconfig.
    #[must_use]
    pub fn effect(&self, field: Field) -> Effect {
        let Reads::Kubeconfig { effects, .. } = self.reads else { return Effect::Used };
        effects.iter().find(|(named, _)| *named == field).map_or(Effect::Used, |(_, effect)| *effect)
    }

    /// Does it read kubeconfigs?
    #[must_use]
    pub fn reads_kubeconfigs(&self) -> bool {
        matches!(self.reads, Reads::Kubeconfig { .. })
    }

    /// Can its object name the context?
    #[must_use]
    pub fn names_context(&self) -> bool {
        matches!(self.reads, Reads::Kubeconfig { context: Context::Named, .. })
    }

    /// Its Secret, where the credential stands in one.
    #[must_use]
    pub fn secret(&self) -> Option<&SecretForm> {
        match &self.stands {
            Stands::Secret(form) => Some(form),
            Stands::File(_) | Stands::Values(_) => None,
        }
    }

    /// Its fields with one effect, as a short text.
    #[must_use]
    pub fn fields(&self, effect: Effect) -> String {
        let fields = Field::ALL.into_iter().filter(|field| self.effect(*field) == effect);
        fields.map(Field::word).collect::<Vec<_>>().join(", ")
    }

    /// Its row of the README's table.
    #[must_use]
    pub fn row(&self) -> String {
        let names: Vec<String> = [&self.name].into_iter().chain(self.aliases).map(|name| format!("`{name}`")).collect();
        let mut form = self.stands.to_string();
        let mut kinds: Vec<&str> = self.objects.iter().map(|object| object.kind.kind.as_ref()).collect();
        kinds.dedup();
        if let [first, rest @ ..] = kinds.as_slice() {
            let rest: String = rest.iter().filter(|kind| *kind != first).map(|kind| format!(" or `{kind}`")).collect();
            form.push_str(&format!("; `{first}`{rest} refers to it"));
        }
        format!("| {} | {form} | {} | {} | {} |", names.join(", "), self.left_out(), self.needs, self.renewal)
    }

    /// What it leaves out, refuses, or looks for beside itself: the cell of the README's table.
    #[must_use]
    pub fn left_out(&self) -> String {
        let parts = [(Effect::Dropped, ""), (Effect::Refused, "refuses "), (Effect::Local, "local: ")];
        let shown = |effect: Effect| match self.fields(effect) {
            // What most readers do is said in short.
            all if all == "exec, client files, CA file, tokenFile" && effect == Effect::Local => {
                "programs and files".into()
            }
            some => some,
        };
        let parts = parts.into_iter().map(|(effect, word)| (word, shown(effect)));
        let parts: Vec<String> =
            parts.filter(|(_, fields)| !fields.is_empty()).map(|(word, fields)| format!("{word}{fields}")).collect();
        if parts.is_empty() { "-".to_owned() } else { parts.join("; ") }
    }
}

/// The reader of that name.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) for a name that none has, with the one that was probably meant.
pub fn named(typed: &str) -> Result<&'static Reader> {
    let found = READERS.iter().find(|reader| reader.name == typed || reader.aliases.contains(&typed));
    found.ok_or_else(|| {
        let names: Vec<String> = names().map(str::to_owned).collect();
        let error = Error::usage(format_args!("there is no reader '{}'", typed.escape_debug()));
        match words::closest(typed, &names) {
            Some(close) => error.hint(format_args!("did you mean '{close}'?")),
            None => error.hint(format_args!("the readers are {}", words::list(names))),
        }
    })
}

/// Every name that can be typed.
pub fn names() -> impl Iterator<Item = &'static str> {
    READERS.iter().flat_map(|reader| [reader.name].into_iter().chain(reader.aliases.iter().copied()))
}

#[cfg(test)]
mod tests;
