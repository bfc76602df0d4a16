//! Writes the name of the network that makes embeddings into `[model]`.

use std::path::Path;

use toml_edit::{Decor, DocumentMut, Item, Table, TableLike, Value};

use super::change::{ConfigEditError, change};

/// Writes the name of the model into `[model] embedding`, and removes `path` and `sha256`.
///
/// # Errors
/// The file cannot be read, edited or written, or has mistakes.
pub fn set_model(file: &Path, name: &str) -> Result<(), ConfigEditError> {
    change(file, |document| name_model(document, name)).map(drop)
}

fn name_model(document: &mut DocumentMut, name: &str) -> Result<(), ConfigEditError> {
    let mut section = Table::new();
    if !document.as_table().is_empty() || document.trailing().as_str().is_some_and(|rest| !rest.is_empty()) {
        section.decor_mut().set_prefix("\n");
    }
    let model = document.entry("model").or_insert(Item::Table(section));
    let model = model.as_table_like_mut().ok_or(ConfigEditError::Layout("[model]"))?;
    let kept: String = ["path", "sha256"].into_iter().map(|key| take_out(model, key)).collect();
    let mut value = Value::from(name);
    match model.get_mut("embedding") {
        Some(old) => {
            if let Some(old) = old.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *old = Item::Value(value);
        }
        None => {
            model.insert("embedding", Item::Value(value));
        }
    }
    if let (Some(mut key), false) = (model.key_mut("embedding"), kept.is_empty()) {
        let own = prefix_of(key.leaf_decor()).to_owned();
        key.leaf_decor_mut().set_prefix(kept + &own);
    }
    Ok(())
}

/// Removes a key. Returns the comments in front of it and behind it.
fn take_out(table: &mut dyn TableLike, key: &str) -> String {
    let Some((name, item)) = table.get_key_value(key) else { return String::new() };
    let before = prefix_of(name.leaf_decor()).to_owned();
    let behind = item.as_value().and_then(|value| value.decor().suffix()?.as_str()).unwrap_or_default();
    let behind = behind.trim().to_owned();
    table.remove(key);
    let before = if before.contains('#') { before } else { String::new() };
    if behind.contains('#') { format!("{before}{behind}\n") } else { before }
}

fn prefix_of(decor: &Decor) -> &str {
    decor.prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::ConfigError;
    use crate::config::edit::change::changed_text;
    use limen_files::write_atomically;

    fn changed(text: &str) -> String {
        changed_text(text, Path::new("limen.toml"), |document| name_model(document, "mine"))
            .expect("editable")
    }

    #[test]
    fn the_shipped_file_changes_in_one_word() {
        let shipped = include_str!("../../../config/limen.toml");
        let expected = shipped.replace("embedding = \"int8\"", "embedding = \"mine\"");
        assert_ne!(expected, shipped);
        assert_eq!(changed(shipped), expected);
    }

    #[test]
    fn a_file_without_the_section_or_the_key_gets_it() {
        assert_eq!(changed(""), "[model]\nembedding = \"mine\"\n");
        assert_eq!(
            changed("# Mine.\n[camera]\nfps = 15\n"),
            "# Mine.\n[camera]\nfps = 15\n\n[model]\nembedding = \"mine\"\n"
        );
        assert_eq!(changed("[model]\n[camera]\n"), "[model]\nembedding = \"mine\"\n[camera]\n");
        assert_eq!(
            changed("model.embedding = \"int8\" # as shipped\n"),
            "model.embedding = \"mine\" # as shipped\n"
        );
        assert_eq!(changed("model = { embedding = \"int8\" }\n"), "model = { embedding = \"mine\" }\n");
    }

    #[test]
    fn a_file_named_by_path_is_named_no_longer_and_its_comments_stay() {
        let text =
            "[model]\n# From the lab.\npath = \"m.onnx\" # big\nsha256 = \"00\"\n\n# The door.\n[door]\n";
        let expected = "[model]\n# From the lab.\n# big\nembedding = \"mine\"\n\n# The door.\n[door]\n";
        assert_eq!(changed(text), expected);
    }

    #[test]
    fn the_file_keeps_its_mode_and_a_bad_name_is_not_written() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("limen.toml");
        write_atomically(&file, b"[model]\nembedding = \"int8\"\n", 0o440).expect("written");
        assert!(matches!(set_model(&file, "no/name"), Err(ConfigEditError::Config(ConfigError::Wrong(_)))));
        set_model(&file, "mine").expect("changed");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o440);
        assert_eq!(fs::read_to_string(&file).expect("text"), "[model]\nembedding = \"mine\"\n");
    }
}
