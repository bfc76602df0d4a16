//! Whom a record of version 1 names. Such a record has them in its core, under keys that are told apart by their
//! names alone.

use serde_json::Value;

/// Keys of version 1 that name people: one id, or a list of them.
const IDS: [&str; 5] = ["person", "second", "nearest", "added", "removed"];
/// A kind of version 1 whose text `what` may name people.
const TALKATIVE: &str = "gallery-refused";

/// The values in a fact of version 1 that name people.
pub fn values(fact: &Value) -> impl Iterator<Item = &str> {
    let what = (fact["kind"] == TALKATIVE).then_some("what");
    let values = IDS.into_iter().chain(what).flat_map(|key| match &fact[key] {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    });
    values.filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::says;
    use super::*;

    #[test]
    fn a_person_is_named_by_an_id_in_a_list_or_in_a_text() {
        for fact in [
            json!({"kind": "granted", "person": "zoe", "second": null}),
            json!({"kind": "granted", "person": "bob", "second": "zoe"}),
            json!({"kind": "refused", "nearest": "zoe"}),
            json!({"kind": "gallery-loaded", "added": ["bob", "zoe"], "removed": []}),
            json!({"kind": "gallery-refused", "what": "gallery.toml:3: \"zoe\": no face"}),
        ] {
            let named = |id: &str| values(&fact).any(|value| says(value, id));
            assert!(named("zoe") && !named("zo"), "{fact}");
        }
        assert_eq!(values(&json!({"kind": "risk", "what": "zoe"})).count(), 0);
    }
}
