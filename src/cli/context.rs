//! What the commands share: the places of configuration and gallery, and loading them.

use std::io::{IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_core::embedding::{Crops, Embedding, Score};
use limen_core::people::Gallery;
use limen_core::person::printable_path;
use limen_core::policy::AccessRules;
use limen_files::Trust;
use limen_vision::analyst::Analyst;
use limen_vision::face::Face;
use limen_vision::frame::Picture;
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::thresholds::Case;
use limen_vision::matching::{Matcher, Prepared, Rule};
use limen_vision::model::Models;
use limen_vision::pixels::photograph::{MAX_FILE, PhotographError, load_photograph, photograph_from_bytes};

use super::outcome::CommandError;
use super::output;
use crate::config::{ConfigError, DEFAULT_FILE, Settings};
use crate::control::{self, ControlError, SOCKET};
use crate::enrol::{EnrolError, Enrolled, Enroller, GallerySource, StoreUse, load_gallery, only_face};
use crate::pipeline::{Attempt, same_face, scoring, thresholds};

/// The arguments that every command takes.
#[derive(Debug)]
pub struct CommandContext {
    config: Option<PathBuf>,
    gallery: Option<PathBuf>,
    /// Whether to print JSON.
    pub json: bool,
}

impl CommandContext {
    /// The context for the arguments `--config`, `--gallery` and `--json`.
    pub fn new(config: Option<PathBuf>, gallery: Option<PathBuf>, json: bool) -> Self {
        Self { config, gallery, json }
    }

    /// The gallery file that `--gallery` names.
    pub fn gallery(&self) -> Option<&Path> {
        self.gallery.as_deref()
    }

    /// The configuration file.
    pub fn config_file(&self) -> &Path {
        self.config.as_deref().unwrap_or(Path::new(DEFAULT_FILE))
    }

    /// The configuration for a command that opens no door. With `--gallery` and without `--config` these are the
    /// defaults.
    ///
    /// # Errors
    /// The configuration cannot be read or has mistakes.
    pub fn settings(&self) -> Result<Settings, CommandError> {
        Ok(self.with_gallery(match self.file_of_settings() {
            Some(file) => Settings::load(file, self.trust())?,
            None => Settings::defaults(),
        }))
    }

    /// [`Self::settings`] for a command about people. If no configuration and no gallery is named, and no configuration
    /// is installed, it is an error: the gallery file of the defaults would surprise.
    ///
    /// # Errors
    /// The configuration does not exist, cannot be read or has mistakes.
    pub fn settings_of_gallery(&self) -> Result<Settings, CommandError> {
        match (self.file_of_settings(), self.gallery()) {
            (None, None) => Ok(Settings::load(self.config_file(), self.trust())?),
            _ => self.settings(),
        }
    }

    /// The configuration file that [`Self::settings`] reads; `None` if it takes the defaults.
    pub fn file_of_settings(&self) -> Option<&Path> {
        let by_default = self.gallery.is_none() && Path::new(DEFAULT_FILE).exists();
        (self.config.is_some() || by_default).then(|| self.config_file())
    }

    /// The configuration as the daemon reads it, with a check of the file's rights.
    ///
    /// # Errors
    /// The configuration cannot be read, may be written by others, or has mistakes.
    pub fn trusted_settings(&self) -> Result<Settings, ConfigError> {
        Ok(self.with_gallery(Settings::load(self.config_file(), Trust::Checked)?))
    }

    /// A configuration with the gallery file that `--gallery` names, if it names one.
    pub fn with_gallery(&self, settings: Settings) -> Settings {
        match &self.gallery {
            Some(file) => Settings { gallery: file.clone(), ..settings },
            None => settings,
        }
    }

    /// How files are trusted: the rights of a gallery that the user names are not checked, those of the installation
    /// are.
    pub fn trust(&self) -> Trust {
        if self.gallery.is_some() { Trust::Anyone } else { Trust::Checked }
    }

    /// Loads the networks.
    ///
    /// # Errors
    /// A network cannot be read or is not the right one.
    pub fn models(&self, settings: &Settings) -> Result<Arc<Models>, CommandError> {
        Ok(Models::load(&settings.model)?)
    }

    /// The gallery file and its known templates; nothing is written.
    pub fn gallery_source(&self, settings: &Settings) -> GallerySource {
        let store = match &self.gallery {
            Some(_) => StoreUse::Memory,
            None => StoreUse::Read(settings.store_file()),
        };
        GallerySource { file: settings.gallery.clone(), store, trust: self.trust() }
    }

    /// Loads the gallery, with notes about it. Nothing is written.
    ///
    /// # Errors
    /// The gallery cannot be read or has mistakes.
    pub fn enrolled(&self, settings: &Settings, models: &Arc<Models>) -> Result<Enrolled, EnrolError> {
        let source = self.gallery_source(settings);
        let bar = output::progress(0, "looking at photographs");
        let mut progress = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        let mut enroller = Enroller::new(analyst(settings, models));
        let enrolled = load_gallery(&source, self.access(settings), &mut enroller, &mut progress);
        bar.finish_and_clear();
        enrolled
    }

    /// The access rules; `None` without a configuration, because it defines the groups.
    pub fn access<'a>(&self, settings: &'a Settings) -> Option<&'a AccessRules> {
        self.file_of_settings().map(|_| &*settings.access)
    }

    /// Loads the gallery, and prints the notes about it.
    ///
    /// # Errors
    /// The gallery cannot be read or has mistakes.
    pub fn load_gallery(&self, settings: &Settings, models: &Arc<Models>) -> Result<Gallery, CommandError> {
        let built = self.enrolled(settings, models)?.built;
        built.notes.iter().for_each(|diagnostic| output::note(&diagnostic.to_string()));
        Ok(built.gallery)
    }

    /// A matcher that compares single photographs with a gallery, by plain and mirrored crops on both sides.
    ///
    /// # Errors
    /// The model has no threshold for the configuration.
    pub fn matcher(
        &self,
        settings: &Settings,
        models: &Models,
        gallery: Gallery,
    ) -> Result<Matcher, CommandError> {
        let scoring = scoring(&settings.recognition, models)?;
        let rule = Rule {
            thresholds: thresholds(&settings.recognition, models, &scoring, Attempt::Photograph)?,
            margin: settings.recognition.margin,
            look_alikes: settings.recognition.look_alikes.clone(),
            window: 1,
            same_face: same_face(&settings.recognition, models)?,
        };
        Ok(Matcher::new(rule, Arc::new(Prepared::new(gallery, scoring))))
    }

    /// The path of the daemon's socket.
    pub fn socket(&self, settings: &Settings) -> PathBuf {
        settings.paths.runtime.join(SOCKET)
    }

    /// The path of the socket, for commands that must work even if the configuration has mistakes.
    pub fn socket_whatever_the_configuration(&self) -> PathBuf {
        self.socket(&self.settings().unwrap_or_else(|_| Settings::defaults()))
    }

    /// Asks a running daemon to read the gallery again and returns its answer. If none runs, that is `None`: the daemon
    /// will read the gallery when it starts.
    ///
    /// # Errors
    /// The daemon refuses or does not answer.
    pub fn ask_for_reload(&self, settings: &Settings) -> Result<Option<control::Answer>, ControlError> {
        let socket = self.socket(settings);
        match socket.exists().then(|| control::ask(&socket, control::Request::Reload)) {
            Some(Ok(answer)) => Ok(Some(answer)),
            Some(Err(error)) if !error.nobody_listens() => Err(error),
            // A daemon that was killed leaves its socket.
            Some(Err(_)) | None => {
                output::note("no daemon is running; it will read the gallery when it starts");
                Ok(None)
            }
        }
    }
}

/// An analyst for single photographs.
pub fn analyst(settings: &Settings, models: &Arc<Models>) -> Analyst {
    Analyst::new(Arc::clone(models), settings.recognition.gate, Crops::Mirrored)
}

/// Decides whether two photographs show one person, mirrored crops on both sides.
pub struct PairRule {
    scoring: Scoring,
    /// The largest score that counts as one person.
    pub threshold: Score,
}

/// The result of comparing two photographs.
pub struct PairVerdict {
    /// The distance of the embeddings.
    pub distance: f32,
    /// The distance, centred if there is a cohort.
    pub score: f32,
    /// Whether they show one person.
    pub same: bool,
}

impl PairRule {
    /// The rule for the configured error rate.
    ///
    /// # Errors
    /// The model has no threshold for the configuration.
    pub fn new(settings: &Settings, models: &Models) -> Result<Self, CommandError> {
        let scoring = scoring(&settings.recognition, models)?;
        let thresholds = thresholds(&settings.recognition, models, &scoring, Attempt::Photograph)?;
        let pair = Case { people: 1, photographs: 1, frames: 1, crops: Crops::Mirrored };
        Ok(Self { scoring, threshold: thresholds.threshold(pair) })
    }

    /// Compares the embeddings of two photographs.
    pub fn compare(&self, one: &Embedding, other: &Embedding) -> PairVerdict {
        let apart = || self.scoring.ready(one)?.compare(&self.scoring.ready(other)?);
        let apart = apart();
        PairVerdict {
            // Embeddings that cannot be compared count as most unlike.
            distance: apart.map_or(f32::MAX, |(distance, _)| distance.get()),
            score: apart.map_or(f32::MAX, |(_, score)| score.get()),
            same: apart.is_some_and(|(_, score)| score <= self.threshold),
        }
    }
}

/// The name in messages for the photograph "-".
pub const STANDARD_INPUT: &str = "standard input";

/// Whether a photograph is named "-".
fn is_standard_input(photo: &Path) -> bool {
    photo == Path::new("-")
}

/// Checks that at most one photograph is read from standard input.
///
/// # Errors
/// More than one is named "-".
pub fn read_once<'a>(photos: impl IntoIterator<Item = &'a PathBuf>) -> Result<(), CommandError> {
    match photos.into_iter().filter(|photo| is_standard_input(photo)).count() {
        0 | 1 => Ok(()),
        _ => Err(CommandError::Usage(
            "\"-\" is standard input, which gives one photograph; name it once".to_owned(),
        )),
    }
}

/// Reads a photograph from a file, or from standard input if it is named "-".
///
/// # Errors
/// The photograph cannot be read or decoded.
pub fn photograph(photo: &Path) -> Result<Picture, PhotographError> {
    if !is_standard_input(photo) {
        return load_photograph(photo);
    }
    let input = std::io::stdin();
    if input.is_terminal() {
        output::note("waiting for a photograph on standard input");
    }
    let (mut bytes, file) = (Vec::new(), || STANDARD_INPUT.to_owned());
    let read = input.lock().take(MAX_FILE + 1).read_to_end(&mut bytes);
    read.map_err(|source| PhotographError::Unreadable { file: file(), source })?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(PhotographError::FileTooLarge { file: file() });
    }
    photograph_from_bytes(&bytes, STANDARD_INPUT)
}

/// The only face of a photograph, which must be a good one.
///
/// # Errors
/// The photograph cannot be read, or has not exactly one good face.
pub fn face_of(analyst: &Analyst, photo: &Path) -> Result<Face, CommandError> {
    face_in(analyst, &photograph(photo)?, photo)
}

/// The only face of a picture that was read from `photo`, which must be a good one.
///
/// # Errors
/// The picture has not exactly one good face.
pub fn face_in(analyst: &Analyst, picture: &Picture, photo: &Path) -> Result<Face, CommandError> {
    only_face(analyst.faces(picture)?)
        .map_err(|why| CommandError::Device(format!("{}: {why}", printable_path(photo))))
}
