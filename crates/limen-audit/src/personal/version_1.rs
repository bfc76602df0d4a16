//! Whom a record of version 1 names. Such a record has them in its core, under keys that are told apart by their
//! names alone.

use serde_json::Value;

use super::says;

/// Keys of version 1 that name people: one id, or a list of them.
const IDS: [&str; 5] = ["person", "second", "nearest", "added", "removed"];
/// A kind of version 1 whose text `what` may name people.
const TALKATIVE: &str = "gallery-refused";

/// Whether a fact of version 1 names this person.
pub fn names(fact: &Value, id: &str) -> bool {
    let what = (fact["kind"] == TALKATIVE).then_some("what");
    let mut values = IDS.into_iter().chain(what).flat_map(|key| match &fact[key] {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    });
    values.any(|value| value.as_str().is_some_and(|value| says(value, id)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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
            assert!(names(&fact, "zoe") && !names(&fact, "zo"), "{fact}");
        }
        assert!(!names(&json!({"kind": "risk", "what": "zoe"}), "zoe"));
    }
}
