//! A change of the gallery file is in force, or it is taken back.

use super::context::Context;
use super::trouble::Trouble;
use crate::config::Settings;
use crate::control::ControlError;
use crate::gallery::{Edited, undo};

/// A no would have come sooner than the embedding of many photographs.
const AWAITED: &str = "the daemon has not answered yet: the change is written to the gallery file and comes into force when \
     the daemon has embedded its photographs; `limen status` says how many people are in force, and what is wrong if it \
     refuses them";

/// What became of a change.
pub enum Force {
    /// The daemon has taken it, or will when it starts.
    Yes,
    /// The daemon has neither taken nor refused it yet; it stays in the file.
    Awaited(Trouble),
    /// The daemon refused it, and the file is as it was before.
    TakenBack(Trouble),
    /// The daemon refused it, and the file could not be put back.
    Left(Trouble),
}

/// Asks a running daemon to take the change; what it refuses is undone.
pub fn bring_into_force(context: &Context, settings: &Settings, edited: &Edited) -> Force {
    match context.ask_for_reload(settings) {
        Ok(_) => Force::Yes,
        Err(ControlError::NoAnswer) => Force::Awaited(Trouble::Device(AWAITED.to_owned())),
        Err(why) => take_back(context, settings, edited, &why),
    }
}

fn take_back(context: &Context, settings: &Settings, edited: &Edited, why: &ControlError) -> Force {
    if let Err(error) = undo(&settings.gallery, edited) {
        return Force::Left(Trouble::Device(format!(
            "NOT in force, and still in the gallery file:\n{why}\nit could not be taken back: {error}"
        )));
    }
    let left = match context.ask_for_reload(settings) {
        Ok(_) => "",
        Err(_) => "; a PIN that it replaced is out of force until the daemon takes the file again",
    };
    let what =
        format!("the daemon did not take it, so nothing was changed in the gallery file{left}:\n{why}");
    Force::TakenBack(Trouble::Device(what))
}

impl Force {
    /// For a change that leaves nothing else to be cleared up.
    pub fn into_result(self) -> Result<(), Trouble> {
        match self {
            Self::Yes => Ok(()),
            Self::Awaited(trouble) | Self::TakenBack(trouble) | Self::Left(trouble) => Err(trouble),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::control::SOCKET;
    use crate::gallery::{NewPerson, add_people};
    use limen_core::person::{PersonId, PersonName};

    /// What becomes of ada, of whom the daemon says this; and whether she is in the file then.
    fn enrolled_and_told(why: &'static str) -> (Force, bool) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut settings = Settings::defaults();
        settings.gallery = folder.path().join("gallery.toml");
        settings.paths.runtime = folder.path().to_owned();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("listening");
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut line = String::new();
                BufReader::new(&stream).read_line(&mut line).expect("asked");
                writeln!(stream, "{}", serde_json::json!({ "v": 1, "ok": false, "error": why }))
                    .expect("answered");
            }
        });
        let (id, name) = (PersonId::new("ada").expect("an id"), PersonName::new("Ada").expect("a name"));
        let ada = NewPerson { id, name, photos: vec!["a.jpg".to_owned()], groups: Vec::new() };
        let edited = add_people(&settings.gallery, &[ada]).expect("added");
        let context = Context::new(None, Some(settings.gallery.clone()), false);
        let force = bring_into_force(&context, &settings, &edited);
        (force, settings.gallery.exists())
    }

    #[test]
    fn what_the_daemon_refuses_is_taken_back_and_what_it_has_not_answered_stays() {
        let (force, stays) = enrolled_and_told("a mistake");
        assert!(matches!(force, Force::TakenBack(_)) && !stays);
        let (force, stays) = enrolled_and_told("the daemon gave no answer");
        let Force::Awaited(trouble) = force else { panic!("it may still come into force") };
        assert!(
            stays && trouble.exit_code() == 3 && trouble.to_string().contains("limen status"),
            "{trouble}"
        );
    }
}
