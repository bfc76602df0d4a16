//! Brings a change of the gallery file or the configuration into force in the daemon, or undoes it.

use std::path::Path;

use limen_core::person::printable_path;

use super::context::CommandContext;
use super::outcome::CommandError;
use crate::config::{self, Settings};
use crate::control::ControlError;
use crate::gallery::{GalleryEdit, undo};

/// The result of a change.
pub enum Force {
    /// It is in force, or will be when the daemon starts.
    Yes,
    /// The daemon has not answered yet; the change stays in the file.
    Awaited(CommandError),
    /// The daemon refused it, and the file was restored.
    TakenBack(CommandError),
    /// The daemon refused it, and the file could not be restored.
    Left(CommandError),
}

/// The parts of the messages about a changed file.
struct FileWords {
    /// The name of the file.
    file: String,
    /// What the daemon must do until the change is in force.
    until: &'static str,
    /// The consequence if the daemon also refuses the old file.
    left: &'static str,
}

/// Asks a running daemon to read the changed gallery file. If it refuses, the change is undone.
pub fn bring_into_force(context: &CommandContext, settings: &Settings, edited: &GalleryEdit) -> Force {
    let words = FileWords {
        file: "the gallery file".to_owned(),
        until: "the daemon has embedded its photographs; `limen status` says how many people are in force, and what is \
                wrong if it refuses them",
        left: "; a PIN that it replaced is out of force until the daemon takes the file again",
    };
    ask_or_take_back(context, settings, &words, || {
        undo(&settings.gallery, edited).map_err(CommandError::from)
    })
}

/// [`bring_into_force`] for a change of the configuration `file`.
pub fn bring_configuration_into_force(
    context: &CommandContext,
    settings: &Settings,
    file: &Path,
    edited: &config::edit::ConfigEdit,
) -> Force {
    let words = FileWords {
        file: printable_path(file),
        until: "the daemon has read it; `limen reload` asks again, and says what is wrong if it refuses it",
        left: "",
    };
    ask_or_take_back(context, settings, &words, || {
        config::edit::undo(file, edited).map_err(CommandError::from)
    })
}

fn ask_or_take_back(
    context: &CommandContext,
    settings: &Settings,
    words: &FileWords,
    undo: impl FnOnce() -> Result<(), CommandError>,
) -> Force {
    let FileWords { file, until, .. } = words;
    match context.ask_for_reload(settings) {
        Ok(_) => Force::Yes,
        // The daemon refuses at once; only embedding many photographs takes so long.
        Err(ControlError::NoAnswer) => Force::Awaited(CommandError::Device(format!(
            "the daemon has not answered yet: the change is written to {file} and comes into force when {until}"
        ))),
        Err(why) => match undo() {
            Ok(()) => taken_back(context, settings, words, &why),
            Err(error) => Force::Left(CommandError::Device(format!(
                "NOT in force, and still in {file}:\n{why}\nit could not be undone: {error}"
            ))),
        },
    }
}

/// Asks the daemon to read the restored file again, and reports that the change was undone.
fn taken_back(context: &CommandContext, settings: &Settings, words: &FileWords, why: &ControlError) -> Force {
    let FileWords { file, left, .. } = words;
    let left = if context.ask_for_reload(settings).is_ok() { "" } else { left };
    let what = format!("the daemon refused it, so nothing was changed in {file}{left}:\n{why}");
    Force::TakenBack(CommandError::Device(what))
}

impl Force {
    /// The trouble of a change that is not in force.
    ///
    /// # Errors
    /// Every result but [`Self::Yes`].
    pub fn into_result(self) -> Result<(), CommandError> {
        match self {
            Self::Yes => Ok(()),
            Self::Awaited(error) | Self::TakenBack(error) | Self::Left(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::config::edit::Proposal;
    use crate::control::SOCKET;
    use crate::gallery::{NewPerson, add_people};
    use limen_core::person::{PersonId, PersonName};

    /// The settings of a site in `folder`, whose daemon says this of every reload.
    fn refusing(folder: &Path, why: &'static str) -> Settings {
        let mut settings = Settings::defaults();
        settings.gallery = folder.join("gallery.toml");
        settings.paths.runtime = folder.to_owned();
        let listener = UnixListener::bind(folder.join(SOCKET)).expect("listening");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).expect("asked");
                writeln!(stream, "{}", serde_json::json!({ "v": 1, "ok": false, "error": why }))
                    .expect("answered");
            }
        });
        settings
    }

    /// What becomes of ada, of whom the daemon says this; and whether she is in the file then.
    fn enrolled_and_told(why: &'static str) -> (Force, bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = refusing(folder.path(), why);
        let (id, name) = (PersonId::new("ada").expect("an id"), PersonName::new("Ada").expect("a name"));
        let ada = NewPerson { id, name, photos: vec!["a.jpg".to_owned()], groups: Vec::new() };
        let edited = add_people(&settings.gallery, &[ada]).expect("added");
        let context = CommandContext::new(None, Some(settings.gallery.clone()), false);
        let force = bring_into_force(&context, &settings, &edited);
        (force, settings.gallery.exists())
    }

    #[test]
    fn what_the_daemon_refuses_is_taken_back_and_what_it_has_not_answered_stays() {
        let (force, stays) = enrolled_and_told("a mistake");
        assert!(matches!(force, Force::TakenBack(_)) && !stays);
        let (force, stays) = enrolled_and_told("the daemon gave no answer");
        let Force::Awaited(error) = force else { panic!("it may still come into force") };
        assert!(stays && error.exit_code() == 3 && error.to_string().contains("limen status"), "{error}");
    }

    #[test]
    fn a_configuration_that_the_daemon_refuses_is_as_it_was() {
        const TEXT: &str = "# Ours.\n[recognition]\nmargin = 0.06\n";
        let proposal = Proposal { target_far: Some((3e-5, "a reason".to_owned())), ..Proposal::default() };
        for (why, stays) in [("a mistake", false), ("the daemon gave no answer", true)] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let settings = refusing(folder.path(), why);
            let file = folder.path().join("limen.toml");
            std::fs::write(&file, TEXT).expect("ours");
            let edited = proposal.write(&file).expect("written");
            let context = CommandContext::new(Some(file.clone()), None, false);
            let force = bring_configuration_into_force(&context, &settings, &file, &edited);
            let error = force.into_result().expect_err(why);
            assert_eq!(error.exit_code(), 3);
            let named = error.to_string().contains(&printable_path(&file));
            assert!(named && error.to_string().contains("nothing was changed") != stays, "{error}");
            assert_eq!(std::fs::read_to_string(&file).expect("there") != TEXT, stays);
        }
    }
}
