//! `limen pages`: writes the manual pages and the completions for shells, from the table of arguments.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use serde_json::json;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{say, say_json};

/// The shells.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

/// Write manual pages and completions for bash, zsh and fish. `make install` and the packages use it.
///
/// The pages come into man/ of the folder, and the completions into bash/, zsh/ and fish/, each with the name under which
/// its shell looks for it.
///
/// With --json one object: folder.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder, which is made if it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// Writes the pages of a program with this table of arguments.
pub fn pages(
    context: &CommandContext,
    arguments: &Arguments,
    table: &clap::Command,
) -> Result<CommandOutcome, CommandError> {
    let folder = &arguments.folder;
    write_pages(table, folder)
        .map_err(|error| CommandError::Device(format!("{}: {error}", folder.display())))?;
    if context.json {
        say_json(&json!({ "folder": folder }));
    } else {
        say(&format!("manual pages and completions are in {}", folder.display()));
    }
    Ok(CommandOutcome::Yes)
}

fn write_pages(command: &clap::Command, folder: &Path) -> io::Result<()> {
    let man = made(folder.join("man"))?;
    // The program's name, not the type's.
    clap_mangen::generate_to(command.clone().name("limen"), &man)?;
    for shell in SHELLS {
        let place = made(folder.join(shell.to_string()))?;
        let written = clap_complete::generate_to(shell, &mut command.clone(), "limen", &place)?;
        // What Debian calls it; the other shells look for the name that they got.
        if shell == Shell::Bash {
            fs::rename(written, place.join("limen"))?;
        }
    }
    Ok(())
}

/// A folder that is there.
fn made(folder: PathBuf) -> io::Result<PathBuf> {
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> clap::Command {
        <crate::cli::arguments::Arguments as clap::CommandFactory>::command()
    }

    /// The names of the files in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn every_command_has_its_manual_page_and_is_completed_in_every_shell() {
        let folder = tempfile::tempdir().expect("a folder");
        let command = table();
        write_pages(&command, folder.path()).expect("written");
        let man = names(&folder.path().join("man"));
        let completions = ["bash/limen", "zsh/_limen", "fish/limen.fish"]
            .map(|path| fs::read_to_string(folder.path().join(path)).expect(path));
        for inner in command.get_subcommands() {
            assert!(man.contains(&format!("limen-{}.1", inner.get_name())), "{}", inner.get_name());
            assert!(completions.iter().all(|text| text.contains(inner.get_name())), "{}", inner.get_name());
        }
        assert!(
            man.contains(&"limen.1".to_owned()) && man.contains(&"limen-audit-show.1".to_owned()),
            "{man:?}"
        );
        assert!(!man.iter().any(|name| name.contains("help")), "{man:?}");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let context = CommandContext::new(None, None, false);
        let folder = file.path().join("below");
        let error =
            pages(&context, &Arguments { folder: folder.clone() }, &table()).expect_err("a file is there");
        assert!(error.to_string().starts_with(&folder.display().to_string()), "{error}");
    }
}
