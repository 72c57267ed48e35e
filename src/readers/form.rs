//! Where a credential stands for its reader.

use std::fmt;

/// Where a credential stands.
#[derive(Debug)]
pub enum Stands {
    /// In a Secret.
    Secret(SecretForm),
    /// In a file; with what it is given to.
    File(&'static str),
    /// In a configuration, under this path.
    Values(&'static str),
}

/// The Secret that a reader takes.
#[derive(Debug)]
pub struct SecretForm {
    /// What it is called.
    pub name: Naming,
    /// In which namespace, in words.
    pub namespace: &'static str,
    /// The only namespace where it can be, where there is one.
    pub only_in: Option<&'static str>,
    /// The label by which the reader finds it.
    pub label: Option<(&'static str, LabelValue)>,
    /// The type that it has, where that matters.
    pub type_: Option<&'static str>,
    /// The annotation that holds the name of the cluster.
    pub annotation: Option<&'static str>,
    /// The key of the bare token, where some take that instead of the kubeconfig beside it.
    pub token_key: Option<&'static str>,
    /// The namespace where it is usually looked for.
    pub usually_in: Option<&'static str>,
    /// The data keys.
    pub keys: Keys,
    /// The field of the reader's object that names the Secret, and the key where it can.
    pub named_by: Option<&'static str>,
}

/// The value of a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LabelValue {
    /// This one.
    Is(&'static str),
    /// Whatever: the name of the cluster.
    Any,
}

/// What a Secret is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// As one likes: an object of the reader's names it.
    Any,
    /// The name of the cluster, then this.
    Suffix(&'static str),
    /// This, then the name of the cluster.
    Prefix(&'static str),
    /// The name of the cluster.
    Cluster,
}

/// The data keys that a reader looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    /// The one that its object names, else the first of these that is there.
    Default(&'static [&'static str]),
    /// The one that its object names, else whichever comes first.
    AnyFirst,
    /// The one that its object names: there is no other way.
    Named,
    /// This one, always.
    Fixed(&'static str),
    /// Each of them is a cluster, by its name.
    Every,
    /// All of these.
    All(&'static [&'static str]),
}

impl Keys {
    /// Can an object of the reader's name another key?
    #[must_use]
    pub fn can_be_named(self) -> bool {
        matches!(self, Self::Default(_) | Self::AnyFirst | Self::Named)
    }

    /// The keys that it looks for by itself.
    #[must_use]
    pub fn by_itself(self) -> &'static [&'static str] {
        match self {
            Self::Default(keys) | Self::All(keys) => keys,
            Self::AnyFirst | Self::Named | Self::Every | Self::Fixed(_) => &[],
        }
    }
}

impl SecretForm {
    /// Has a Secret with these labels the one by which the reader finds it?
    #[must_use]
    pub fn is_labelled<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        match self.label {
            None => false,
            Some((key, LabelValue::Any)) => label(key).is_some(),
            Some((key, LabelValue::Is(value))) => label(key) == Some(value),
        }
    }

    /// `KEY=VALUE`; empty where it needs none.
    #[must_use]
    pub fn label_text(&self) -> String {
        match self.label {
            None => String::new(),
            Some((key, LabelValue::Any)) => format!("{key}=CLUSTER"),
            Some((key, LabelValue::Is(value))) => format!("{key}={value}"),
        }
    }
}

impl Naming {
    /// Is a Secret of that name called so? Where any name will do, none tells anything.
    #[must_use]
    pub fn tells(self, name: &str) -> bool {
        match self {
            Self::Any | Self::Cluster => false,
            Self::Suffix(suffix) => name.ends_with(suffix),
            Self::Prefix(prefix) => name.starts_with(prefix),
        }
    }
}

impl fmt::Display for Naming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Secret"),
            Self::Suffix(suffix) => write!(f, "Secret `CLUSTER{suffix}`"),
            Self::Prefix(prefix) => write!(f, "Secret `{prefix}CLUSTER`"),
            Self::Cluster => f.write_str("Secret `CLUSTER`"),
        }
    }
}

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ticked = |keys: &[&str]| keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>();
        match self {
            Self::Default(keys) => write!(f, "key {}", ticked(keys).join(", then ")),
            Self::AnyFirst => f.write_str("the key that is named, else any"),
            Self::Named => f.write_str("the key that is named"),
            Self::Fixed(key) => write!(f, "key `{key}`"),
            Self::Every => f.write_str("each key a cluster"),
            Self::All(keys) => write!(f, "keys {}", ticked(keys).join(", ")),
        }
    }
}

impl fmt::Display for Stands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(given) => write!(f, "file, {given}"),
            Self::Values(path) => write!(f, "`{path}`"),
            Self::Secret(form) => {
                write!(f, "{} in {}, {}", form.name, form.namespace, form.keys)?;
                if form.label.is_some() {
                    write!(f, ", label `{}`", form.label_text())?;
                }
                Ok(())
            }
        }
    }
}
