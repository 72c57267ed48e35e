//! Objects as files hold them: several documents in one, Lists, YAML or JSON; each with its place,
//! so that whatever is wrong with it later can be found.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;
use serde_saphyr::Spanned;

use crate::{
    error::{Error, Result},
    kind::group_and_version,
};

/// Where an object stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named; or what made the object, where none is.
    pub file: String,
    /// The number of the document in it, those without content not counted, and its line; none
    /// where it was not read from text.
    pub document: Option<(usize, u64)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        match self.document {
            Some((number, line)) => write!(f, " document {number} (line {line})"),
            None => Ok(()),
        }
    }
}

/// An object and its place.
#[derive(Debug, Clone, PartialEq)]
pub struct FileObject {
    /// The object; it has an `apiVersion`, a `kind` and a `metadata.name`.
    pub object: Value,
    /// Its place.
    pub place: Place,
}

impl FileObject {
    /// An object that this plugin makes itself; `maker` stands where others name a file.
    #[must_use]
    pub fn made(object: Value, maker: &str) -> Self {
        Self { object, place: Place { file: maker.to_owned(), document: None } }
    }

    /// `ClusterSupplyChain 'web'`, with its namespace where it says one.
    #[must_use]
    pub fn name(&self) -> String {
        let metadata = &self.object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let namespace = metadata["namespace"].as_str().map_or(String::new(), |name| format!(" in '{name}'"));
        format!("{} '{}'{namespace}", text(&self.object["kind"]), text(&metadata["name"]))
    }
}

/// Reads every object of a file's text; `file` is named in errors. Secrets are refused.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) with file, line and column, or file and document.
pub fn parse(text: &str, file: &str) -> Result<Vec<FileObject>> {
    let objects = parse_any(text, file).map_err(|error| {
        if error.hint_text() == Some(RENDER) { error.replace_hint(RENDER_AND_APPLY) } else { error }
    })?;
    objects.iter().try_for_each(refuse_secret)?;
    Ok(objects)
}

/// As [`parse`], and takes Secrets too: for who only looks at other objects.
///
/// # Errors
/// As [`parse`].
pub fn parse_any(text: &str, file: &str) -> Result<Vec<FileObject>> {
    let documents = serde_saphyr::from_multiple::<Spanned<Value>>(text.trim_start_matches('\u{feff}'));
    let documents = documents.map_err(|error| {
        let error = Error::in_yaml(file, &error);
        if text.lines().any(is_ytt) { error.hint(RENDER) } else { error }
    })?;
    let values: Vec<&Value> = documents.iter().map(|document| &document.value).collect();
    if let Some(line) = ytt_outside_of_strings(text, &values) {
        return Err(Error::usage(format_args!("{file} line {line} holds ytt's annotations: it is not rendered yet"))
            .hint(RENDER));
    }
    let mut objects = Vec::new();
    for (index, document) in documents.into_iter().enumerate() {
        let place = Place { file: file.to_owned(), document: Some((index + 1, document.referenced.line())) };
        expand(document.value, &place, &mut objects)?;
    }
    objects.iter().try_for_each(check)?;
    Ok(objects)
}

const RENDER: &str = "render it with ytt first: ytt -f FILE";
const RENDER_AND_APPLY: &str = "render it with ytt first: ytt -f FILE | kubectl tapmc apply-supply-chain -f -";

/// Refuses objects that are there twice.
///
/// # Errors
/// [`Kind::Usage`](crate::error::Kind::Usage) naming both places.
pub fn refuse_duplicates(objects: &[FileObject]) -> Result<()> {
    let mut seen: BTreeMap<[&str; 4], &FileObject> = BTreeMap::new();
    for found in objects {
        let metadata = &found.object["metadata"];
        let key = [
            group_and_version(&found.object).0,
            found.object["kind"].as_str().unwrap_or_default(),
            metadata["namespace"].as_str().unwrap_or_default(),
            metadata["name"].as_str().unwrap_or_default(),
        ];
        if let Some(first) = seen.insert(key, found) {
            return Err(Error::usage(format_args!(
                "{} is there twice: in {} and in {}",
                found.name(),
                first.place,
                found.place
            ))
            .hint("leave one of them out: which of them is meant cannot be known"));
        }
    }
    Ok(())
}

/// Takes Lists apart.
fn expand(value: Value, place: &Place, objects: &mut Vec<FileObject>) -> Result<()> {
    let kind = value["kind"].as_str().unwrap_or_default().to_owned();
    let Some(item_kind) = kind.strip_suffix("List").filter(|_| value["items"].is_array()) else {
        objects.push(FileObject { object: value, place: place.clone() });
        return Ok(());
    };
    let api_version = value["apiVersion"].clone();
    let Value::Object(mut fields) = value else { return Ok(()) };
    let Some(Value::Array(items)) = fields.remove("items") else { return Ok(()) };
    for mut item in items {
        // The items of a list of one kind may leave out what the list says.
        if let (Value::Object(item), false) = (&mut item, item_kind.is_empty()) {
            item.entry("apiVersion").or_insert_with(|| api_version.clone());
            item.entry("kind").or_insert_with(|| Value::from(item_kind));
        }
        expand(item, place, objects)?;
    }
    Ok(())
}

fn check(found: &FileObject) -> Result<()> {
    let refuse = |what: &str| Error::usage(format_args!("{}: {what}", found.place));
    let (object, metadata) = (&found.object, &found.object["metadata"]);
    if !object.is_object() {
        return Err(refuse("this is no object").hint("each document is a Kubernetes object, or a List of them"));
    }
    let text = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    if !text(&object["apiVersion"]) {
        return Err(refuse("the object has no apiVersion"));
    }
    if !text(&object["kind"]) {
        return Err(refuse("the object has no kind"));
    }
    let (group, version) = group_and_version(object);
    if !is_word(group, ".-") || !is_word(version, "") || version.is_empty() {
        return Err(refuse("its apiVersion is none: it is GROUP/VERSION, such as carto.run/v1alpha1"));
    }
    let kind = object["kind"].as_str().unwrap_or_default();
    if !text(&metadata["name"]) {
        if !metadata["generateName"].is_null() {
            return Err(refuse(&format!("the {kind} has a generateName, which makes another object at each run"))
                .hint("give it a metadata.name"));
        }
        return Err(refuse(&format!("the {kind} has no metadata.name")));
    }
    // RBAC's names may hold a colon.
    if !is_word(metadata["name"].as_str().unwrap_or_default(), ".:_@-") {
        return Err(refuse(&format!("the {kind}'s metadata.name holds characters that no name has")));
    }
    if !metadata["namespace"].is_null() && !metadata["namespace"].as_str().is_some_and(|name| is_word(name, "-")) {
        return Err(refuse(&format!("the {kind}'s metadata.namespace is no namespace's name")));
    }
    Ok(())
}

fn refuse_secret(found: &FileObject) -> Result<()> {
    if !group_and_version(&found.object).0.is_empty() || found.object["kind"] != "Secret" {
        return Ok(());
    }
    let name = found.object["metadata"]["name"].as_str().unwrap_or_default();
    Err(Error::usage(format_args!(
        "{}: the Secret '{name}' is not for this command: its backup would hold a credential",
        found.place
    ))
    .hint("take it out of the files, and give it to kubectl apply"))
}

fn is_word(text: &str, more: &str) -> bool {
    ![".", ".."].contains(&text) && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
}

fn is_ytt(line: &str) -> bool {
    line.trim_start().starts_with("#@")
}

/// The line of the first annotation of ytt's that is not the text of a template.
fn ytt_outside_of_strings(text: &str, documents: &[&Value]) -> Option<usize> {
    const MARK: &str = "#@";
    let inside: Vec<&str> = documents.iter().flat_map(|document| strings(document)).collect();
    let count = inside.iter().map(|string| string.matches(MARK).count()).sum::<usize>();
    if text.matches(MARK).count() <= count {
        return None;
    }
    let is_inside = |line: &str| inside.iter().any(|string| string.lines().any(|inner| inner.trim() == line.trim()));
    let marked = text.lines().enumerate().filter(|(_, line)| line.contains(MARK));
    let found = marked.filter(|(_, line)| !is_inside(line)).map(|(index, _)| index + 1).next();
    Some(found.unwrap_or(1))
}

fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(strings).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(key, value)| std::iter::once(key.as_str()).chain(strings(value))).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: &str = "apiVersion: carto.run/v1alpha1\nkind: ClusterSupplyChain\nmetadata: {name: a}\n";

    fn refused(text: &str) -> String {
        let error = parse(text, "f.yaml").unwrap_err();
        assert_eq!(error.kind(), crate::error::Kind::Usage);
        error.to_string()
    }

    #[test]
    fn documents_lists_comments_and_json() {
        let template = "apiVersion: carto.run/v1alpha1\nkind: ClusterTemplate\nmetadata: {name: t}\nspec:\n  ytt: |\n    #@ load(\"@ytt:data\", \"data\")\n    x: #@ data.values\n";
        let text =
            format!("# a comment\n---\n---\n# another\n{CHAIN}---\n\n---\nnull\n---\n{template}---\n# the end\n");
        let found = parse(&text, "f.yaml").unwrap();
        let places: Vec<String> = found.iter().map(|found| found.place.to_string()).collect();
        assert_eq!(places, ["f.yaml document 1 (line 5)", "f.yaml document 2 (line 13)"]);
        assert_eq!(found[1].object["spec"]["ytt"].as_str().unwrap().lines().count(), 2);
        let list = r#"{"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "carto.run/v1alpha1", "kind": "ClusterTemplateList", "items": [{"metadata": {"name": "x"}}]}]}"#;
        let found = parse(list, "f.json").unwrap();
        assert_eq!((found.len(), found[0].name().as_str()), (1, "ClusterTemplate 'x'"));
        assert!(parse("", "f").unwrap().is_empty() && parse("# nothing\n", "f").unwrap().is_empty());
        assert_eq!(parse(&format!("\u{feff}{CHAIN}"), "f").unwrap().len(), 1);
        assert_eq!(parse(&CHAIN.replace('\n', "\r\n"), "f").unwrap().len(), 1);
    }

    #[test]
    fn mistakes_have_their_place() {
        let second = format!("{CHAIN}---\nkind: X\n");
        for (text, sentence) in [
            ("a: [1", "f.yaml line "),
            ("a: 1\na: 2\n", "f.yaml line 2 column 1: "),
            ("just words", "f.yaml document 1 (line 1): this is no object"),
            (second.as_str(), "f.yaml document 2 (line 5): the object has no apiVersion"),
            ("apiVersion: v1\nkind: ''\n", "f.yaml document 1 (line 1): the object has no kind"),
            (
                "apiVersion: v1\nkind: A\nmetadata: {name: 3}\n",
                "f.yaml document 1 (line 1): the A has no metadata.name",
            ),
            (
                "apiVersion: v1\nkind: A\nmetadata: {generateName: a-}\n",
                "f.yaml document 1 (line 1): the A has a generate",
            ),
            ("apiVersion: v1\nkind: A\nmetadata: {name: a/b}\n", "f.yaml document 1 (line 1): the A's metadata.name"),
            ("apiVersion: v1\nkind: A\nmetadata: {name: ..}\n", "f.yaml document 1 (line 1): the A's metadata.name"),
            (
                "apiVersion: a/../b\nkind: A\nmetadata: {name: a}\n",
                "f.yaml document 1 (line 1): its apiVersion is none",
            ),
            ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", "f.yaml document 1 (line 1): the Secret 's'"),
            ("#@ load('x')\na: 1\n", "f.yaml line 1 holds ytt's annotations"),
            ("a: 1\nb: #@ data.values.b\n", "f.yaml line 2 holds ytt's annotations"),
        ] {
            let error = refused(text);
            assert!(error.starts_with(sentence), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn what_is_there_twice_is_refused() {
        let both = [parse(CHAIN, "a.yaml").unwrap(), parse(&format!("---\n{CHAIN}"), "b.yaml").unwrap()].concat();
        let error = refuse_duplicates(&both).unwrap_err().to_string();
        let sentence =
            "ClusterSupplyChain 'a' is there twice: in a.yaml document 1 (line 1) and in b.yaml document 1 (line 2)";
        assert_eq!(error, sentence);
        assert!(refuse_duplicates(&both[..1]).is_ok());
    }
}
