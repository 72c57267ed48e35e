//! The two bodies that kubectl sends as protobuf: a TokenRequest and a SelfSubjectAccessReview. Kubernetes puts the message
//! of its kind into an envelope (k8s.io/apimachinery `pkg/runtime/generated.proto`, `Unknown`) after four bytes; the fields'
//! numbers are those of k8s.io/api `authentication/v1/generated.proto` and `authorization/v1/generated.proto`.

use serde_json::{Value, json};

const MAGIC: &[u8] = b"k8s\0";

/// A field of a message: its number, and what it holds.
type Field<'a> = (u64, Content<'a>);

#[derive(Clone, Copy)]
enum Content<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The TokenRequest as JSON; none where it is something else.
pub(super) fn token_request(body: &[u8]) -> Option<Value> {
    let spec = spec(body)?;
    let audiences: Vec<&str> = spec.iter().filter(|field| field.0 == 1).filter_map(|field| text(field.1)).collect();
    let mut read = json!({"spec": {"audiences": audiences}});
    if let Some(bound) = bytes(&spec, 3) {
        read["spec"]["boundObjectRef"] = texts(bound, &[(1, "kind"), (2, "apiVersion"), (3, "name"), (4, "uid")])?;
    }
    if let Some((_, Content::Number(seconds))) = spec.iter().find(|field| field.0 == 4) {
        read["spec"]["expirationSeconds"] = (*seconds).into();
    }
    Some(read)
}

/// The SelfSubjectAccessReview as JSON; none where it is something else.
pub(super) fn access_review(body: &[u8]) -> Option<Value> {
    let names =
        [(1, "namespace"), (2, "verb"), (3, "group"), (4, "version"), (5, "resource"), (6, "subresource"), (7, "name")];
    Some(json!({"spec": {"resourceAttributes": texts(bytes(&spec(body)?, 1)?, &names)?}}))
}

fn spec(body: &[u8]) -> Option<Vec<Field<'_>>> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let object = fields(bytes(&envelope, 2)?)?;
    fields(bytes(&object, 2)?)
}

/// The texts of a message by their names; what is empty is left out.
fn texts(message: &[u8], names: &[(u64, &str)]) -> Option<Value> {
    let message = fields(message)?;
    let mut read = json!({});
    for (number, name) in names {
        let value = message.iter().find(|field| field.0 == *number).and_then(|field| text(field.1));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            read[*name] = value.into();
        }
    }
    Some(read)
}

fn bytes<'a>(fields: &[Field<'a>], number: u64) -> Option<&'a [u8]> {
    fields.iter().find_map(|field| match field {
        (found, Content::Bytes(bytes)) if *found == number => Some(*bytes),
        _ => None,
    })
}

fn text(content: Content<'_>) -> Option<&str> {
    match content {
        Content::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        Content::Number(_) => None,
    }
}

fn fields(mut message: &[u8]) -> Option<Vec<Field<'_>>> {
    let mut read = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message)?;
        let content = match key & 7 {
            0 => Content::Number(varint(&mut message)?),
            2 => {
                let length = usize::try_from(varint(&mut message)?).ok()?;
                let (content, rest) = message.split_at_checked(length)?;
                message = rest;
                Content::Bytes(content)
            }
            _ => return None,
        };
        read.push((key >> 3, content));
    }
    Some(read)
}

fn varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = message.split_first()?;
        *message = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
