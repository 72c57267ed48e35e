//! The one body that kubectl sends as protobuf: a TokenRequest. Kubernetes puts the message of its kind into an envelope
//! (k8s.io/apimachinery `pkg/runtime/generated.proto`, `Unknown`) after four bytes; the fields' numbers are those of
//! k8s.io/api `authentication/v1/generated.proto`.

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
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let request = fields(bytes(&envelope, 2)?)?;
    let spec = fields(bytes(&request, 2)?)?;
    let audiences: Vec<&str> = spec.iter().filter(|field| field.0 == 1).filter_map(|field| text(field.1)).collect();
    let mut read = json!({"spec": {"audiences": audiences}});
    if let Some(bound) = bytes(&spec, 3) {
        let bound = fields(bound)?;
        for (number, name) in [(1, "kind"), (2, "apiVersion"), (3, "name"), (4, "uid")] {
            let value = bound.iter().find(|field| field.0 == number).and_then(|field| text(field.1));
            read["spec"]["boundObjectRef"][name] = value.filter(|value| !value.is_empty()).into();
        }
    }
    if let Some((_, Content::Number(seconds))) = spec.iter().find(|field| field.0 == 4) {
        read["spec"]["expirationSeconds"] = (*seconds).into();
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
