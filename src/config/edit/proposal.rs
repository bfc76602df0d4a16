//! A proposal for `[recognition]`, as a text to read or merged into the configuration file.

use std::path::Path;

use limen_core::person::PersonId;
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, Value, value};

use super::change::{ConfigEdit, ConfigEditError, change};

/// Changes that are proposed for `[recognition]`, each with its reason.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Proposal {
    /// The comment lines at the beginning of the text.
    pub about: Vec<String>,
    /// A new `target-far`, and the reason.
    pub target_far: Option<(f64, String)>,
    /// The pairs that need a margin of their own.
    pub look_alikes: Vec<ProposedPair>,
}

/// A margin for two people.
#[derive(Debug, Clone, PartialEq)]
pub struct ProposedPair {
    /// The ids of the two people.
    pub people: [PersonId; 2],
    /// By how much one must lead the other, as a distance from 0 to 1.
    pub margin: f32,
    /// The reason, which becomes a comment.
    pub why: String,
}

impl Proposal {
    /// Whether no change is proposed.
    pub fn is_empty(&self) -> bool {
        self.target_far.is_none() && self.look_alikes.is_empty()
    }

    /// The proposal as a part of a configuration file, with comments. It is a valid configuration by itself.
    pub fn fragment(&self) -> String {
        let mut text: String = self.about.iter().map(|line| format!("# {line}\n")).collect();
        if let Some((far, why)) = &self.target_far {
            text.push_str(&format!("\n[recognition]\n# {why}\ntarget-far = {far:e}\n"));
        }
        for pair in &self.look_alikes {
            let [one, other] = &pair.people;
            text.push_str(&format!(
                "\n# {}\n[[recognition.look-alikes]]\npeople = [\"{one}\", \"{other}\"]\nmargin = {:.2}\n",
                pair.why, pair.margin
            ));
        }
        text
    }

    /// Merges the proposal into the configuration file at `path`, which must exist. It keeps its owner and mode.
    ///
    /// # Errors
    /// The file cannot be read, edited or written, or has mistakes.
    pub fn write(&self, path: &Path) -> Result<ConfigEdit, ConfigEditError> {
        change(path, |document| self.merge_into(document))
    }

    fn merge_into(&self, document: &mut DocumentMut) -> Result<(), ConfigEditError> {
        let recognition = document
            .entry("recognition")
            .or_insert(Item::Table(Table::new()))
            .as_table_mut()
            .ok_or(ConfigEditError::Layout("[recognition]"))?;
        if let Some((far, _)) = self.target_far {
            set_target(recognition, far)?;
        }
        self.look_alikes.iter().try_for_each(|pair| set_margin(recognition, pair))
    }
}

fn set_target(recognition: &mut Table, far: f64) -> Result<(), ConfigEditError> {
    let target = recognition.entry("target-far").or_insert(value(far));
    replace_value(target, number(&format!("{far:e}"), far), "target-far")
}

/// Sets the margin of a pair in its entry; a pair without one gets an entry at the end of the list.
fn set_margin(recognition: &mut Table, pair: &ProposedPair) -> Result<(), ConfigEditError> {
    const KEY: &str = "[[recognition.look-alikes]]";
    let list = recognition
        .entry("look-alikes")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(ConfigEditError::Layout(KEY))?;
    let margin = number(&format!("{:.2}", pair.margin), f64::from(pair.margin));
    if let Some(known) = list.iter_mut().find(|known| is(known, &pair.people)) {
        return replace_value(known.entry("margin").or_insert(value(0.0)), margin, KEY);
    }
    let mut table = Table::new();
    table.decor_mut().set_prefix(format!("\n# {}\n", pair.why));
    table.insert("people", value(pair.people.iter().map(PersonId::as_str).collect::<Array>()));
    table.insert("margin", Item::Value(margin));
    list.push(table);
    Ok(())
}

/// A number, written as `text`.
fn number(text: &str, value: f64) -> Value {
    text.parse().unwrap_or_else(|_| Value::from(value))
}

/// Replaces a value and keeps the comment behind it.
fn replace_value(item: &mut Item, new: Value, key: &'static str) -> Result<(), ConfigEditError> {
    let old = item.as_value_mut().ok_or(ConfigEditError::Layout(key))?;
    let decor = old.decor().clone();
    *old = new;
    *old.decor_mut() = decor;
    Ok(())
}

fn is(table: &Table, people: &[PersonId; 2]) -> bool {
    let listed = table.get("people").and_then(Item::as_array);
    let ids: Vec<&str> = listed.into_iter().flatten().filter_map(Value::as_str).collect();
    let [one, other] = people.each_ref().map(PersonId::as_str);
    ids == [one, other] || ids == [other, one]
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::config::Settings;
    use crate::config::edit::change::{changed_text, undo};
    use limen_core::embedding::Margin;
    use limen_files::Trust;

    const PATH: &str = "/etc/limen/limen.toml";

    fn id(text: &str) -> PersonId {
        PersonId::new(text).expect("an id")
    }

    fn proposal(margin: f32) -> Proposal {
        let people = [id("ada"), id("bob")];
        Proposal {
            about: vec!["Proposed.".to_owned()],
            target_far: Some((3e-5, "more pairs pass than promised".to_owned())),
            look_alikes: vec![ProposedPair { people, margin, why: "they look alike".to_owned() }],
        }
    }

    fn merged(proposal: &Proposal, text: &str) -> Result<String, ConfigEditError> {
        let changed = changed_text(text, Path::new(PATH), |document| proposal.merge_into(document))?;
        Settings::parse(&changed, Path::new(PATH))?;
        Ok(changed)
    }

    fn parsed(text: &str) -> Settings {
        Settings::parse(text, Path::new(PATH)).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn a_fragment_is_a_configuration() {
        let text = proposal(0.12).fragment();
        let recognition = parsed(&text).recognition;
        assert_eq!(recognition.target_far, 3e-5);
        assert_eq!(
            recognition.look_alikes.of(&id("bob")),
            [(id("ada"), Margin::new(0.12).expect("a margin"))]
        );
        assert!(text.contains("target-far = 3e-5\n") && text.contains("# they look alike\n"), "{text}");
        assert!(Proposal::default().is_empty() && Proposal::default().fragment().is_empty());
    }

    #[test]
    fn merged_into_the_shipped_file_only_what_is_proposed_changes() {
        let shipped = include_str!("../../../config/limen.toml");
        let changed = merged(&proposal(0.12), shipped).expect("merged");
        let pair =
            "\n# they look alike\n[[recognition.look-alikes]]\npeople = [\"ada\", \"bob\"]\nmargin = 0.12\n";
        assert!(changed.contains(pair), "{changed}");
        let without_pair = changed.replace(pair, "").replace("target-far = 3e-5", "target-far = 1e-4");
        assert_eq!(without_pair.trim_end(), shipped.trim_end());
        let recognition = parsed(&changed).recognition;
        assert_eq!((recognition.target_far, recognition.look_alikes.pairs().count()), (3e-5, 1));
    }

    #[test]
    fn a_pair_that_is_listed_gets_the_new_margin_in_its_place() {
        let text =
            "[[recognition.look-alikes]]\npeople = [\"bob\", \"ada\"] # brothers\nmargin = 0.1 # old\n";
        let only_pair = Proposal { target_far: None, ..proposal(0.2) };
        let changed = merged(&only_pair, text).expect("merged");
        assert_eq!(changed, text.replace("0.1", "0.20"));
    }

    #[test]
    fn an_empty_configuration_gets_a_section() {
        let changed = merged(&proposal(0.1), "# Ours.\n").expect("merged");
        assert_eq!(parsed(&changed).recognition.look_alikes.pairs().count(), 1);
        assert!(changed.contains("# Ours."), "{changed}");
    }

    #[test]
    fn what_cannot_be_edited_or_is_wrong_already_is_left_alone() {
        let inline = "recognition = { target-far = 1e-4 }\n";
        assert!(matches!(merged(&proposal(0.1), inline), Err(ConfigEditError::Layout("[recognition]"))));
        let list = "[recognition]\nlook-alikes = []\n";
        assert!(matches!(merged(&proposal(0.1), list), Err(ConfigEditError::Layout(_))));
        let wrong = merged(&proposal(0.1), "[camera]\nfps = 0\n");
        assert!(matches!(wrong, Err(ConfigEditError::Config(_))));
    }

    #[test]
    fn a_configuration_that_is_no_toml_is_one_line_with_its_place() {
        let error = merged(&proposal(0.1), "[door]\npin = = 3\n").expect_err("no TOML");
        assert!(matches!(error, ConfigEditError::Syntax(_)));
        let said = error.to_string();
        assert!(
            said.starts_with("/etc/limen/limen.toml:2: column 7: ") && said.contains("; write "),
            "{said}"
        );
        assert_eq!(said.lines().count(), 1, "{said}");
    }

    #[test]
    fn a_change_is_undone_with_the_rights_that_the_file_had() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("limen.toml");
        let text = "# Ours.\n[recognition]\nmargin = 0.06\n";
        fs::write(&file, text).expect("ours");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).expect("ours");
        let edited = proposal(0.1).write(&file).expect("written");
        undo(&file, &edited).expect("undone");
        assert_eq!(fs::read_to_string(&file).expect("there"), text);
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o400);
        assert!(matches!(undo(&file, &edited), Err(ConfigEditError::Overtaken(_))), "not what was written");
    }

    #[test]
    fn the_file_keeps_its_mode_and_must_be_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("limen.toml");
        assert!(proposal(0.1).write(&file).is_err());
        fs::write(&file, "[recognition]\nmargin = 0.06\n").expect("ours");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).expect("ours");
        proposal(0.1).write(&file).expect("written");
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o440);
        assert_eq!(Settings::load(&file, Trust::Checked).expect("sound").recognition.target_far, 3e-5);
    }
}
