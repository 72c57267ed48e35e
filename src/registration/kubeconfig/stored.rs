//! The reading of a stored kubeconfig by an allow-list. Nothing in it is followed: no program is run,
//! no file is opened, and what it must not hold is told by its place and never by its content.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_saphyr::{DuplicateKeyPolicy, Error as YamlError, MergeKeyPolicy, Options, budget::BudgetBreach};

use super::{
    super::{
        credential::Token,
        names::{Name, is_dns_label},
    },
    Endpoint,
    document::{Cluster, File, USER},
    proxy_address, render, server_address,
};

/// No Secret holds more.
const MAX_BYTES: usize = 1 << 20;
/// Of a reference inside the kubeconfig.
const OTHER: &str = "names something else than what is there";

/// What a stored kubeconfig holds.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The name of its one cluster and context: the registration's.
    pub name: Name,
    /// The namespace of its context.
    pub namespace: String,
    /// Where it points.
    pub endpoint: Endpoint,
    /// Its token.
    pub token: Token,
}

impl Stored {
    /// The same kubeconfig without its token, for a request that proves address and CA alone.
    #[must_use]
    pub fn without_token(&self) -> String {
        render(&self.name, &self.endpoint, &self.namespace, None)
    }

    /// The kubeconfig as this plugin writes it.
    #[must_use]
    pub fn render(&self) -> String {
        render(&self.name, &self.endpoint, &self.namespace, Some(&self.token))
    }
}

/// Why a stored kubeconfig is not read: where, which field, and what is wrong with it. Never a part of
/// its content, not even the name of a field that no kubeconfig has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Line and column, from 1 on, where they are known.
    pub place: Option<(u64, u64)>,
    /// The field: `users[0].user.exec`.
    pub field: Option<String>,
    /// What is wrong.
    pub why: &'static str,
}

impl Unreadable {
    /// A fault of the whole.
    #[must_use]
    pub fn whole(why: &'static str) -> Self {
        Self { place: None, field: None, why }
    }

    fn field(field: &str, why: &'static str) -> Self {
        Self { place: None, field: Some(field.to_owned()), why }
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.place {
            write!(f, "line {line} column {column}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field} ")?;
        }
        f.write_str(self.why)
    }
}

/// Reads the bytes of a stored kubeconfig by an allow-list: exactly the fields that
/// [`render`](super::render) writes, with values that it would write.
///
/// # Errors
/// Says what else it is.
pub fn parse(bytes: &[u8]) -> Result<Stored, Unreadable> {
    if bytes.len() > MAX_BYTES {
        return Err(Unreadable::whole("is larger than 1 MiB"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_text(bytes, error.valid_up_to()))?;
    let file: File = serde_saphyr::from_str_with_options(text, options()).map_err(|error| yaml_fault(&error))?;
    // YAML's own tags are no error of the library's, and readers need not agree on what they mean.
    if text.contains("!!") {
        return Err(Unreadable::whole("holds a tag"));
    }
    let [cluster] = file.clusters.as_slice() else {
        return Err(Unreadable::field("clusters", "does not hold exactly one entry"));
    };
    let [user] = file.users.as_slice() else {
        return Err(Unreadable::field("users", "does not hold exactly one entry"));
    };
    let [context] = file.contexts.as_slice() else {
        return Err(Unreadable::field("contexts", "does not hold exactly one entry"));
    };
    let Ok(name) = Name::parse(&cluster.name) else {
        return Err(Unreadable::field("clusters[0].name", "is not the name of a registration"));
    };
    for (is_right, field, why) in [
        (file.api_version == "v1", "apiVersion", "is not v1"),
        (file.kind == "Config", "kind", "is not Config"),
        (user.name == USER, "users[0].name", "is not the name that this plugin gives"),
        (context.name == cluster.name, "contexts[0].name", OTHER),
        (context.context.cluster == cluster.name, "contexts[0].context.cluster", OTHER),
        (context.context.user == user.name, "contexts[0].context.user", OTHER),
        (file.current_context == cluster.name, "current-context", OTHER),
        (is_dns_label(&context.context.namespace), "contexts[0].context.namespace", "is not a namespace"),
    ] {
        if !is_right {
            return Err(Unreadable::field(field, why));
        }
    }
    let token = user.user.token.as_deref().unwrap_or_default();
    if !is_token(token) {
        return Err(Unreadable::field("users[0].user.token", "is not a token"));
    }
    Ok(Stored {
        name,
        namespace: context.context.namespace.clone(),
        endpoint: endpoint(&cluster.cluster)?,
        token: Token::new(token.to_owned()),
    })
}

fn endpoint(cluster: &Cluster) -> Result<Endpoint, Unreadable> {
    let field = |name: &str, why| Unreadable::field(&format!("clusters[0].cluster.{name}"), why);
    if server_address(&cluster.server, "").ok().as_ref() != Some(&cluster.server) {
        return Err(field("server", "is not a plain https address"));
    }
    if let Some(proxy) = &cluster.proxy_url
        && proxy_address(proxy, "").ok().as_ref() != Some(proxy)
    {
        return Err(field("proxy-url", "is not a plain proxy address"));
    }
    let is_name = |name: &str| !name.is_empty() && name.len() <= 253 && name.chars().all(|c| c.is_ascii_graphic());
    if cluster.tls_server_name.as_deref().is_some_and(|name| !is_name(name)) {
        return Err(field("tls-server-name", "is not the name of a server"));
    }
    let decode =
        |data: &String| STANDARD.decode(data).map_err(|_| field("certificate-authority-data", "is not base64"));
    Ok(Endpoint {
        server: cluster.server.clone(),
        certificate_authority: cluster.certificate_authority_data.as_ref().map(decode).transpose()?,
        tls_server_name: cluster.tls_server_name.clone(),
        proxy_url: cluster.proxy_url.clone(),
    })
}

/// A bearer token as RFC 6750 has it.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b))
}

fn not_text(bytes: &[u8], valid: usize) -> Unreadable {
    let before = &bytes[..valid];
    let begin = before.iter().rposition(|b| *b == b'\n').map_or(0, |end| end + 1);
    let line = before.split(|b| *b == b'\n').count();
    let place = u64::try_from(line).ok().zip(u64::try_from(valid - begin + 1).ok());
    Unreadable { place, field: None, why: "is not text (UTF-8)" }
}

/// No kubeconfig of ours needs more, and nothing may be said twice or by reference.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_reader_input_bytes: Some(MAX_BYTES),
            max_events: 1_000,
            max_nodes: 500,
            max_depth: 8,
            max_documents: 1,
            max_aliases: 0,
            max_anchors: 0,
            max_merge_keys: 0,
            max_total_scalar_bytes: MAX_BYTES,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// Why a text is not the YAML that was expected. Only words of our own: the library's may quote the document.
#[must_use]
pub fn yaml_fault(error: &YamlError) -> Unreadable {
    let error = error.without_snippet();
    let place = error.location().map(|at| (at.line(), at.column()));
    let place = place.filter(|_| !matches!(error, YamlError::Eof { .. }));
    let (field, why) = match error {
        YamlError::SerdeUnknownField { field, expected, .. } => unknown_field(field, expected),
        YamlError::SerdeMissingField { field, .. } => (Some((*field).to_owned()), "is missing"),
        YamlError::DuplicateMappingKey { .. } => (None, "says a field twice"),
        YamlError::MultipleDocuments { .. } => (None, "holds several documents"),
        YamlError::MergeKeyNotAllowed { .. } => (None, "holds a merge key"),
        YamlError::UnsupportedTag { .. } => (None, "holds a tag"),
        YamlError::Budget { breach, .. } => (None, breached(breach)),
        YamlError::UnknownAnchor { .. } | YamlError::AliasError { .. } => (None, "holds an alias"),
        YamlError::Eof { .. } => (None, "is empty"),
        YamlError::SerdeInvalidType { .. } | YamlError::Unexpected { .. } | YamlError::NullIntoString { .. } => {
            (None, "is of another kind than this field has")
        }
        _ => (None, "is not YAML that can be read"),
    };
    Unreadable { place, field, why }
}

fn breached(breach: &BudgetBreach) -> &'static str {
    match breach {
        BudgetBreach::Aliases { .. } | BudgetBreach::Anchors { .. } => "holds an anchor or an alias",
        BudgetBreach::Depth { .. } => "is nested too deeply",
        BudgetBreach::Documents { .. } => "holds several documents",
        _ => "holds too much",
    }
}

/// The fields that a kubeconfig can have and ours has not, with the reason.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("is not allowed: it would run a program", &["exec", "auth-provider"]),
    ("is not allowed: it names a file", &["certificate-authority", "client-certificate", "client-key", "tokenFile"]),
    ("is not allowed: it would trust any server", &["insecure-skip-tls-verify"]),
    (
        "is not allowed: only a token is stored",
        &[
            "client-certificate-data",
            "client-key-data",
            "username",
            "password",
            "as",
            "as-uid",
            "as-groups",
            "as-user-extra",
        ],
    ),
    ("is not allowed", &["extensions", "preferences", "disable-compression"]),
];

fn unknown_field(field: &str, expected: &[&str]) -> (Option<String>, &'static str) {
    let place = match expected {
        ["token"] => "users[0].user.",
        ["server", ..] => "clusters[0].cluster.",
        ["cluster", ..] => "contexts[0].context.",
        _ => "",
    };
    let known = FORBIDDEN.iter().find_map(|(why, fields)| Some((fields.iter().find(|known| **known == field)?, why)));
    match known {
        Some((known, why)) => (Some(format!("{place}{known}")), why),
        None => (None, "holds a field that this plugin does not write"),
    }
}

#[cfg(test)]
mod tests;
