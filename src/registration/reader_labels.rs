//! Labels that a reader needs on the kubeconfig Secret: recorded facts of the registration, so that
//! each later write of the Secret keeps them.

use super::record::{Map, key};

/// By this label Flux looks at the Secret whenever it changes, and not only at the next interval
/// (fluxcd/pkg `runtime/client`, `reconcile.fluxcd.io/watch`).
pub const FLUX_WATCH: (&str, &str) = ("reconcile.fluxcd.io/watch", "Enabled");

/// Every label that a reader may need: whoever may write the Secret's record can ask for no other.
const KNOWN: [(&str, &str); 1] = [FLUX_WATCH];

/// The recorded labels, from the Secret's annotations.
#[must_use]
pub fn recorded(annotations: &Map) -> Map {
    let text = annotations.get(key::READER_LABELS).map_or("", String::as_str);
    let is_recorded = |(key, value): &&(&str, &str)| text.split(',').any(|one| one == format!("{key}={value}"));
    KNOWN.iter().filter(is_recorded).map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// As they are recorded; none where there are none.
#[must_use]
pub fn annotation(labels: &Map) -> Option<(String, String)> {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    (!pairs.is_empty()).then(|| (key::READER_LABELS.to_owned(), pairs.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_labels_are_kept_and_no_others() {
        let labels = Map::from([(FLUX_WATCH.0.to_owned(), FLUX_WATCH.1.to_owned())]);
        let annotations = Map::from([annotation(&labels).unwrap()]);
        assert_eq!(recorded(&annotations), labels);
        let typed = Map::from([(key::READER_LABELS.to_owned(), "a=b,reconcile.fluxcd.io/watch=Off".to_owned())]);
        assert_eq!((recorded(&typed), annotation(&Map::new())), (Map::new(), None));
    }
}
