//! Writes the hash of a remote code into `[control.gateway.codes]`, or removes it.

use std::path::Path;

use limen_core::credential::{CodeName, PinHash};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use super::change::{ConfigEdit, ConfigEditError, change};

/// Writes the hash of a code; `None` removes the code.
///
/// # Errors
/// The file cannot be read, edited or written, or has mistakes.
pub fn set_code(file: &Path, name: &CodeName, hash: Option<&PinHash>) -> Result<ConfigEdit, ConfigEditError> {
    change(file, |document| write_code(document, name, hash))
}

fn write_code(
    document: &mut DocumentMut,
    name: &CodeName,
    hash: Option<&PinHash>,
) -> Result<(), ConfigEditError> {
    let control = section(document.as_table_mut(), "control", "[control]")?;
    let gateway = section(control, "gateway", "[control.gateway]")?;
    let codes = section(gateway, "codes", "[control.gateway.codes]")?;
    match hash {
        Some(hash) => codes.insert(name.as_str(), value(hash.to_string())),
        None => codes.remove(name.as_str()),
    };
    Ok(())
}

/// A section of a table. A new one gets no header of its own unless it has keys.
fn section<'a>(
    table: &'a mut dyn TableLike,
    key: &'static str,
    name: &'static str,
) -> Result<&'a mut dyn TableLike, ConfigEditError> {
    let mut new = Table::new();
    new.set_implicit(true);
    let item = table.entry(key).or_insert(Item::Table(new));
    item.as_table_like_mut().ok_or(ConfigEditError::Layout(name))
}

#[cfg(test)]
mod tests {
    use limen_core::credential::{Digits, SALT};

    use super::super::change::changed_text;
    use super::*;
    use crate::config::Settings;

    const FILE: &str = "/etc/limen/limen.toml";

    fn written(text: &str, hash: Option<&PinHash>) -> String {
        let name = CodeName::new("kitchen").expect("a name");
        changed_text(text, Path::new(FILE), |document| write_code(document, &name, hash)).expect("edited")
    }

    fn names(text: &str) -> Vec<String> {
        let settings =
            Settings::parse(text, Path::new(FILE)).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let codes = settings.gateway.map(|gateway| gateway.rules.codes).unwrap_or_default();
        codes.iter().map(|code| code.name.to_string()).collect()
    }

    #[test]
    fn a_code_is_written_replaced_and_removed_and_the_rest_of_the_file_stays() {
        let hash =
            |salt| PinHash::of(&Digits::new("4815162342").expect("digits"), [salt; SALT]).expect("memory");
        for text in
            ["", "# door\n[control]\noperators = \"ops\" # them\n", "[control.gateway]\nmay = [\"lock\"]\n"]
        {
            let first = written(text, Some(&hash(1)));
            assert!(first.starts_with(text), "{first}");
            assert_eq!(names(&first), ["kitchen"]);
            let second = written(&first, Some(&hash(2)));
            assert!(second.contains(&hash(2).to_string()) && !second.contains(&hash(1).to_string()));
            assert_eq!(names(&written(&second, None)), Vec::<String>::new());
        }
    }

    #[test]
    fn removing_the_last_code_removes_no_right() {
        let text = "[control.gateway]\nmay = [\"lock\"]\n";
        let hash = PinHash::of(&Digits::new("4815162342").expect("digits"), [1; SALT]).expect("memory");
        assert!(written(&written(text, Some(&hash)), None).starts_with(text));
    }
}
