//! Who else needs what a delivery is made of: readers that stay.

use serde_json::Value;

use super::{Found, Stage, delivery_of, run_of, stage_of, text};
use crate::{kind::ApiKind, registration::removal::kinds::SERVICE_ACCOUNT};

/// Who else reads a source.
pub(super) fn reader_of(found: &Found, going: &[&(ApiKind, Value)], kind: &ApiKind, source: &Value) -> Option<String> {
    staying(found, going, |reader| {
        let reference = &reader["spec"]["sourceRef"];
        reference["kind"] == kind.kind.as_ref() && reference["name"] == source["metadata"]["name"]
    })
}

/// Who else acts as the ServiceAccount that was made for a run cluster, or to which a Role or RoleBinding
/// belongs.
pub(super) fn actor_as(
    found: &Found,
    going: &[&(ApiKind, Value)],
    kind: &ApiKind,
    object: &Value,
    run: Option<&str>,
) -> Option<String> {
    if stage_of(kind) != Stage::Account {
        return None;
    }
    let is_account = |(of, one): &&(ApiKind, Value)| {
        *of == SERVICE_ACCOUNT
            && delivery_of(one, found.side) == delivery_of(object, found.side)
            && run_of(one, found.side).as_deref() == run
    };
    let (_, account) = found.rest.iter().find(is_account)?;
    staying(found, going, |reader| reader["spec"]["serviceAccountName"] == account["metadata"]["name"])
}

/// The first reader that stays and does this.
fn staying(found: &Found, going: &[&(ApiKind, Value)], does: impl Fn(&Value) -> bool) -> Option<String> {
    let stays = |object: &Value| !going.iter().any(|(_, gone)| gone["metadata"]["uid"] == object["metadata"]["uid"]);
    let other = found.readers.iter().find(|(_, object)| does(object) && stays(object));
    other.map(|(kind, object)| format!("{} '{}'", kind.kind, text(&object["metadata"]["name"])))
}
