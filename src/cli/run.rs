//! `limen run`: starts the daemon with the parts of a real door: a camera that is reopened when it is lost, the
//! configured lock, and the store, which only this process writes.

use limen_files::Trust;

use super::context::CommandContext;
use super::outcome::{CommandError, CommandOutcome};
use crate::camera::open::open;
use crate::camera::reopen::Reopening;
use crate::daemon::{self, Setup, Wiring};
use crate::enrol::{GallerySource, StoreUse};
use crate::pipeline::may_drive;

pub fn run(context: &CommandContext) -> Result<CommandOutcome, CommandError> {
    daemon::keep_secrets_out_of_dumps();
    let settings = context.trusted_settings()?;
    for folder in [&settings.paths.state, &settings.paths.runtime] {
        daemon::make_folder(folder)?;
    }
    settings.warnings.iter().for_each(|warning| log::warn!("{warning}"));
    let models = context.models(&settings)?;
    may_drive(&settings, models.embedder.entry())?;
    let camera = settings.camera.clone();
    let setup = Setup {
        config_file: Some(context.config_file().to_owned()),
        gallery: GallerySource {
            file: settings.gallery.clone(),
            store: StoreUse::Own(settings.store_file()),
            trust: Trust::Checked,
        },
        models,
        wiring: Wiring::Live { camera: Reopening::new(move || open(&camera)), door: settings.door.clone() },
        socket: Some(context.socket(&settings)),
        observer: None,
        settings,
    };
    daemon::run(setup)?;
    Ok(CommandOutcome::Yes)
}
