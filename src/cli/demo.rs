//! `limen demo`: runs the daemon on built-in photographs, with a door that moves nothing.

mod liveness;
pub mod photographs;
mod screen;

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use limen_core::embedding::Crops;
use limen_core::person::{PersonId, PersonName};
use limen_core::policy::LivenessMode;
use limen_files::Trust;
use limen_vision::frame::Picture;
use limen_vision::matching::thresholds::Case;
use limen_vision::model::Models;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{STRONG, is_lost, say, styled};
use crate::camera::replay::Replay;
use crate::clocks;
use crate::config::Settings;
use crate::daemon::{self, DaemonObserver, Setup, Wiring};
use crate::door::dry_run::DryRun;
use crate::enrol::{GallerySource, StoreUse};
use crate::gallery::{NewPerson, add_people};
use crate::pipeline::{Attempt, scoring, thresholds};
use photographs::{ENROLLED, VISITORS};
use screen::{Screen, Timetable};

/// The time between frames: that of a slow camera, so that people can read along.
const INTERVAL: Duration = Duration::from_millis(100);
/// How many frames show each visitor.
const STAY: u32 = 8;
/// How many frames show nobody before the next visitor.
const GAP: u32 = 12;
/// How long the demo's door stays unlocked.
const UNLOCK: Duration = Duration::from_secs(1);

/// Show recognition, from frames to the lock, on built-in photographs with a door that moves nothing.
///
/// One person is enrolled with one photograph. Then other photographs come before the camera, each for some
/// frames, and every decision is shown with its reason. At last the door watches how faces move: a photograph of the
/// enrolled person stays out, a head that turns comes in. The code is that of the daemon. Exit code 0 if those opened
/// the door who should, and nobody else, else 1.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Let the visitors come again and again, until Ctrl-C; without the part about moving faces
    #[arg(long = "loop")]
    looping: bool,
}

pub fn demo(_context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let folder = tempfile::tempdir()?;
    let id = PersonId::new("barack-obama").map_err(|error| CommandError::Usage(error.to_string()))?;
    let settings = settings(folder.path(), &id)?;
    let models = Models::load(&settings.model)?;
    say(&styled(
        STRONG,
        "limen demo: the daemon on built-in photographs; the door is a dry run, nothing moves",
        0,
    ));
    say(&format!("  enrolled   {id}, from one photograph ({}.jpg)", ENROLLED.name));
    let scoring = scoring(&settings.recognition, &models)?;
    let thresholds = thresholds(&settings.recognition, &models, &scoring, Attempt::Track)?;
    let threshold =
        |frames| thresholds.threshold(Case { people: 1, photographs: 1, frames, crops: Crops::Plain });
    let one = Case { people: 1, photographs: 1, frames: 3, crops: Crops::Plain };
    let promised = thresholds.promise(one).map_or(settings.recognition.target_far, |promised| promised.met);
    say(&format!("  model      {} {}", models.embedder.entry().name, models.digest().short()));
    say(&format!(
        "  threshold  {:.3} for one frame, {:.3} for three: a stranger's attempt succeeds once in {:.0}",
        threshold(1),
        threshold(3),
        1.0 / promised
    ));
    say(&format!(
        "  policy     {} of the last {} frames must agree; the door then opens for {} s\n",
        settings.rules.frames,
        settings.rules.window,
        settings.rules.unlock.as_secs()
    ));
    let pictures: Vec<Picture> =
        VISITORS.iter().map(|visitor| visitor.at_the_door()).collect::<Result<_, _>>()?;
    let replay = Replay::new(pictures, INTERVAL, clocks::moment())?
        .repeat(STAY)
        .blanks_between(GAP)
        .looping(arguments.looping)
        .paced(true);
    let timetable = Timetable { stay: STAY.into(), gap: GAP.into() };
    let (screen, outcome) = Screen::new(timetable);
    rehearse(&settings, &models, replay, Box::new(screen))?;
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    outcome.tell();
    if arguments.looping || is_lost() || !outcome.is_as_it_should_be() {
        return Ok(CommandOutcome::of(outcome.is_as_it_should_be()));
    }
    moving_faces(settings, &models)
}

/// The second part: whose head moves is let in.
fn moving_faces(mut settings: Settings, models: &Arc<Models>) -> Result<CommandOutcome, CommandError> {
    settings.rules.liveness.mode = LivenessMode::Motion;
    say("");
    let replay = Replay::new(liveness::frames()?, INTERVAL, clocks::moment())?.paced(true);
    let (witness, outcome) = liveness::Witness::new(models.liveness_limits().solid);
    rehearse(&settings, models, replay, Box::new(witness))?;
    let outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
    outcome.tell();
    Ok(CommandOutcome::of(outcome.is_as_it_should_be()))
}

/// Runs the daemon on these pictures, with a door that moves nothing.
fn rehearse(
    settings: &Settings,
    models: &Arc<Models>,
    replay: Replay,
    observer: Box<dyn DaemonObserver>,
) -> Result<(), CommandError> {
    daemon::run(Setup {
        config_file: None,
        gallery: GallerySource {
            file: settings.gallery.clone(),
            store: StoreUse::Own(settings.store_file()),
            trust: Trust::Checked,
        },
        models: Arc::clone(models),
        wiring: Wiring::Rehearsal { replay, lock: DryRun },
        socket: None,
        observer: Some(observer),
        settings: settings.clone(),
    })?;
    Ok(())
}

/// The default settings, with every file in `folder`.
fn settings(folder: &Path, id: &PersonId) -> Result<Settings, CommandError> {
    let mut settings = Settings::defaults();
    settings.gallery = folder.join("gallery.toml");
    settings.paths.state = folder.join("state");
    settings.paths.runtime = folder.join("run");
    settings.audit.folder = folder.join("audit");
    settings.rules.unlock = UNLOCK;
    // The visitors are photographs.
    settings.rules.liveness.mode = LivenessMode::Off;
    daemon::make_folder(&settings.paths.state)?;
    let photo = format!("{}.jpg", ENROLLED.name);
    limen_files::write_atomically(&folder.join(&photo), ENROLLED.jpeg, 0o600)?;
    let name = PersonName::new("Barack Obama").map_err(|error| CommandError::Usage(error.to_string()))?;
    add_people(
        &settings.gallery,
        &[NewPerson { id: id.clone(), name, photos: vec![photo], groups: Vec::new() }],
    )?;
    Ok(settings)
}
