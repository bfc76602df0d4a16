//! What we will do: every value present, in range, with its unit, paths ready to be opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_audit::AuditSettings;
use limen_core::embedding::{Distance, Margin};
use limen_core::policy::access::WhenClockUnknown;
use limen_core::policy::{AccessRules, Rules};
use limen_vision::matching::LookAlikes;
use limen_vision::model::{EmbedderChoice, Packs};
use limen_vision::quality::Gate;

use crate::camera::CameraSettings;
use crate::door::{DoorSettings, Driver, LockType};
use crate::entry::EntrySettings;
use crate::gallery::{AtBoot, Vault};

/// What [`Settings::virtual_camera_opens`] means, with the remedy.
pub const VIRTUAL_CAMERA_OPENS: &str = "allow-virtual: with a real lock whoever runs the program behind the camera can \
                                        open the door; that is for tests only, so write allow-virtual = false";

/// A configuration without mistakes. Never changes once made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which camera, and how.
    pub camera: CameraSettings,
    /// When a face counts as a person's.
    pub recognition: RecognitionSettings,
    /// What makes embeddings.
    pub model: EmbedderChoice,
    /// The lock and its lights.
    pub door: DoorSettings,
    /// Keypad and card reader.
    pub entry: EntrySettings,
    /// Frames that must agree, unlock time, what an audit failure does.
    pub rules: Rules,
    /// Who may when.
    pub access: Arc<AccessRules>,
    /// A commanded mode is in force again after a restart.
    pub keep_mode: bool,
    /// The group of the system whose members operate the door over the socket.
    pub operators: Option<String>,
    /// The gallery file.
    pub gallery: PathBuf,
    /// What a start does with a gallery file of which nothing can be read.
    pub gallery_at_boot: AtBoot,
    /// The records.
    pub audit: AuditSettings,
    /// A file with the key that seals the templates; `None` takes the systemd credential or makes one.
    pub store_key: Option<PathBuf>,
    /// Where state and run-time files are.
    pub paths: PathSettings,
    /// The installer knows that a photograph may open the door; always so with a real lock.
    pub accept_photo_risk: bool,
    /// Legal, but worth a line in the log.
    pub warnings: Vec<String>,
}

/// What a reload brings into force in the running daemon; the rest is named by [`Settings::needs_restart`].
#[derive(Debug)]
pub struct Reloads<'a> {
    /// When faces open the door and how it behaves.
    pub rules: &'a Rules,
    /// Who may when.
    pub access: &'a Arc<AccessRules>,
    /// When a face counts as somebody's, and which faces are compared.
    pub recognition: &'a RecognitionSettings,
    /// A commanded mode outlasts a restart.
    pub keep_mode: bool,
    /// The gallery file.
    pub gallery: &'a Path,
    /// What is said of settings that lower what is promised.
    pub risks: Vec<String>,
}

impl Settings {
    /// What a reload brings into force.
    pub fn reloads(&self) -> Reloads<'_> {
        Reloads {
            rules: &self.rules,
            access: &self.access,
            recognition: &self.recognition,
            keep_mode: self.keep_mode,
            gallery: &self.gallery,
            risks: self.risks(),
        }
    }

    /// The sections that `new` changes and that only a restart brings into force.
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        let changed = [
            ("[camera]", self.camera != new.camera),
            ("[door]", self.door != new.door),
            ("[keypad]", self.entry.keypad != new.entry.keypad),
            ("[reader]", self.entry.reader != new.entry.reader),
            ("[model]", self.model != new.model),
            ("[control]", self.operators != new.operators),
            // Its folder follows the state folder, which is named below.
            ("[audit]", self.audit != new.audit && self.paths == new.paths),
            ("[store]", self.store_key != new.store_key),
            ("[paths]", self.paths != new.paths),
        ];
        changed.into_iter().filter_map(|(section, differs)| differs.then_some(section)).collect()
    }

    /// The template store, and where its key lies.
    pub fn vault(&self) -> Vault {
        Vault::in_state(&self.paths.state, self.store_key.as_deref())
    }

    /// Whether pictures that a program makes can open a real lock: for tests, and wrong at any door that matters.
    pub fn virtual_camera_opens(&self) -> bool {
        self.camera.allow_virtual && self.door.driver != Driver::DryRun
    }

    /// The settings that lower what the program promises, each with what it means: said at every start.
    pub fn risks(&self) -> Vec<String> {
        let real = self.door.driver != Driver::DryRun;
        let risks = [
            (
                real && self.accept_photo_risk,
                "accept-photo-risk: a photograph of an enrolled person can open the door",
            ),
            (
                real && self.door.lock == LockType::FailSafe,
                "lock = \"fail-safe\": the door is open while there is no power",
            ),
            (self.virtual_camera_opens(), VIRTUAL_CAMERA_OPENS),
            (
                self.camera.allow_virtual && !real,
                "allow-virtual: pictures may come from a program; nothing moves, as driver = \"dry-run\"",
            ),
            (
                self.door.external_pull,
                "external-pull: only the resistor on the board keeps the door locked while limen is not running",
            ),
            (
                self.recognition.max_distance.is_some(),
                "max-distance: the threshold is this distance, whatever error rate it means",
            ),
            (
                self.access.when_clock_unknown == WhenClockUnknown::Believe,
                "when-clock-unknown: schedules and dates go by the clock even where nothing has set it",
            ),
            (
                self.gallery_at_boot == AtBoot::LastGood,
                "at-boot = \"last-good\": after a start with a gallery file that cannot be read, whoever was taken out of \
                 it since may enter",
            ),
        ];
        risks.into_iter().filter(|(taken, _)| *taken).map(|(_, risk)| risk.to_owned()).collect()
    }
}

/// `[recognition]`
#[derive(Debug, Clone, PartialEq)]
pub struct RecognitionSettings {
    /// The chance that one attempt of a stranger opens the door, 1e-8 to 1e-1.
    pub target_far: f64,
    /// A distance instead of the measured threshold, above 0 to 100.
    pub max_distance: Option<Distance>,
    /// By how much the nearest must lead the runner-up, 0 to 0.5.
    pub margin: Margin,
    /// Pairs of people that must be told apart by more.
    pub look_alikes: LookAlikes,
    /// What a face must be like to be compared.
    pub gate: Gate,
}

/// `[paths]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSettings {
    /// Templates and audit; survives a restart.
    pub state: PathBuf,
    /// Socket and the name of the line; gone after a restart.
    pub runtime: PathBuf,
}

impl PathSettings {
    /// The installed networks.
    pub fn packs(&self) -> Packs {
        Packs::in_state(&self.state)
    }
}
