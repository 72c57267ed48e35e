//! What a reader leaves behind on the run cluster when its object goes.

use serde_json::Value;

use crate::{
    plan::Side,
    registration::trial::{Made, inventory},
};

/// What stays, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftovers {
    /// Why the reader leaves it behind.
    pub why: String,
    /// The objects, as far as the reader lists them: `configmap/settings in 'apps'`.
    pub objects: Vec<String>,
}

/// What stays of an App or a Kustomization that stands on the cluster of that side; none where its controller takes everything back.
///
/// Flux prunes nothing for a Kustomization that is suspended, or whose ServiceAccount does not exist on
/// its own cluster (fluxcd/kustomize-controller `internal/controller/kustomization_controller.go`,
/// `finalize`); kapp-controller also deletes the content of an App that is paused.
#[must_use]
pub fn of(object: &Value, side: Side, has_service_account: impl Fn(&str) -> bool) -> Option<Leftovers> {
    let spec = &object["spec"];
    let why = if object["kind"] == "App" {
        let options = spec["deploy"].as_array().cloned().unwrap_or_default();
        let options = options.iter().filter_map(|deploy| deploy["kapp"]["delete"]["rawOptions"].as_array().cloned());
        let options: Vec<String> = options.flatten().filter_map(|option| option.as_str().map(str::to_owned)).collect();
        match (spec["noopDelete"] == true, options.as_slice()) {
            (true, _) => "spec.noopDelete tells kapp-controller so".to_owned(),
            (false, []) => return None,
            (false, options) => format!("perhaps: kapp deletes with {}", options.join(" ")),
        }
    } else if spec["prune"] != true {
        "spec.prune does not tell Flux to prune".to_owned()
    } else if spec["suspend"] == true {
        "it is suspended, and Flux prunes nothing then".to_owned()
    } else {
        let account =
            spec["serviceAccountName"].as_str().filter(|name| !name.is_empty() && !has_service_account(name))?;
        format!("Flux prunes nothing while its namespace on the {side} cluster has no ServiceAccount '{account}'")
    };
    Some(Leftovers { why, objects: listed(object) })
}

/// What a Kustomization made, as it lists it.
#[must_use]
pub fn listed(kustomization: &Value) -> Vec<String> {
    inventory(kustomization).iter().map(shown).collect()
}

fn shown(made: &Made) -> String {
    let kind = made.kind.to_lowercase();
    let kind = if made.group.is_empty() { kind } else { format!("{kind}.{}", made.group) };
    let place = made.namespace.as_ref().map_or(String::new(), |namespace| format!(" in '{namespace}'"));
    format!("{kind}/{}{place}", made.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_readers_leave_behind() {
        let with = |spec: Value| {
            let inventory = json!({"entries": [{"id": "apps_settings__ConfigMap", "v": "v1"}]});
            json!({"kind": "Kustomization", "spec": spec, "status": {"inventory": inventory}})
        };
        let all: fn(&str) -> bool = |_| true;
        let of = |object: &Value, has: fn(&str) -> bool| of(object, Side::Build, has);
        assert_eq!(of(&with(json!({"prune": true})), all), None);
        let left = of(&with(json!({})), all).unwrap();
        assert_eq!(left.objects, ["configmap/settings in 'apps'"]);
        assert!(of(&with(json!({"prune": true, "suspend": true})), all).unwrap().why.contains("suspended"));
        let impersonating = with(json!({"prune": true, "serviceAccountName": "d"}));
        assert!(of(&impersonating, all).is_none() && of(&impersonating, |_| false).is_some());
        let app = |spec: Value| of(&json!({"kind": "App", "spec": spec}), all);
        assert_eq!(app(json!({"paused": true})), None);
        assert!(app(json!({"noopDelete": true})).is_some());
        let options = json!({"deploy": [{"kapp": {"delete": {"rawOptions": ["--apply-ignored=true"]}}}]});
        assert!(app(options).unwrap().why.contains("--apply-ignored=true"));
    }
}
