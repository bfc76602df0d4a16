//! The entries of a TOML text: which one lies at a place, and how it is called.

use toml::de::{DeTable, DeValue};

/// Removes the innermost entry whose key or value holds byte `at`, and returns its path.
pub fn take_out(table: &mut DeTable<'_>, at: usize) -> Option<Vec<String>> {
    for (key, value) in table.iter_mut() {
        if let Some(mut path) = take_out_of_value(value.get_mut(), at) {
            path.insert(0, key.get_ref().to_string());
            return Some(path);
        }
    }
    let hit = table.iter().find(|(key, value)| key.span().contains(&at) || value.span().contains(&at));
    let name = hit.map(|(key, _)| key.get_ref().to_string())?;
    table.remove(name.as_str());
    Some(vec![name])
}

fn take_out_of_value(value: &mut DeValue<'_>, at: usize) -> Option<Vec<String>> {
    match value {
        DeValue::Table(table) => take_out(table, at),
        DeValue::Array(items) => items.iter_mut().find_map(|item| take_out_of_value(item.get_mut(), at)),
        _ => None,
    }
}

/// `["recognition", "quality", "max-yaw"]` as `[recognition.quality] max-yaw`.
pub fn key_of(path: &[String]) -> String {
    match path.split_last() {
        None => String::new(),
        Some((section, [])) => format!("[{section}]"),
        Some((key, sections)) => format!("[{}] {key}", sections.join(".")),
    }
}
