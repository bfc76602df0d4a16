//! The checked configuration: every value is present, in its range and unit, and every path can be opened.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use limen_audit::AuditSettings;
use limen_core::embedding::{Distance, Margin};
use limen_core::policy::access::WhenClockUnknown;
use limen_core::policy::{AccessRules, LivenessMode, RemoteRules, Rules};
use limen_vision::matching::LookAlikes;
use limen_vision::model::{EmbedderChoice, Packs};
use limen_vision::quality::Gate;

use super::gateway::GatewaySettings;
use crate::camera::CameraSettings;
use crate::door::{DoorSettings, Driver, LockType};
use crate::entry::EntrySettings;
use crate::gallery::{AtBoot, StoreFile};

/// The warning if [`Settings::virtual_camera_opens`], with the remedy.
pub const VIRTUAL_CAMERA_OPENS: &str = "allow-virtual: with a real lock whoever runs the program behind the camera can \
                                        open the door; that is for tests only, so write allow-virtual = false";

/// A configuration without mistakes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The camera, and the frames that it should deliver.
    pub camera: CameraSettings,
    /// When a face is recognised as a person.
    pub recognition: RecognitionSettings,
    /// The network that makes embeddings.
    pub model: EmbedderChoice,
    /// The driver and the lines of the door.
    pub door: DoorSettings,
    /// The keypad and the card reader.
    pub entry: EntrySettings,
    /// Frames that must agree, unlock time, what an audit failure does.
    pub rules: Rules,
    /// Who may enter, and when.
    pub access: Arc<AccessRules>,
    /// Whether a mode that was set by `limen mode` is in force again after a restart.
    pub keep_mode: bool,
    /// The group of the system whose members operate the door over the socket.
    pub operators: Option<String>,
    /// The gateway's socket, and what may be asked over it. `None`: there is none.
    pub gateway: Option<GatewaySettings>,
    /// The gallery file.
    pub gallery: PathBuf,
    /// What happens at a start if nothing in the gallery file can be read.
    pub gallery_at_boot: AtBoot,
    /// Where records go, how long they are kept, and when they are sealed.
    pub audit: AuditSettings,
    /// The file with the key that encrypts the templates. If `None`, it is the systemd credential, or a key is made.
    pub store_key: Option<PathBuf>,
    /// The folders of state and run-time files.
    pub paths: PathSettings,
    /// Whether the installer accepts that a photograph may open the door; always true with a real lock and without
    /// liveness.
    pub accept_photo_risk: bool,
    /// Warnings for the log: what is allowed, but perhaps not meant.
    pub warnings: Vec<String>,
}

/// The settings that a reload brings into force in the running daemon. [`Settings::needs_restart`] names the others.
#[derive(Debug)]
pub struct Reloads<'a> {
    /// When faces open the door and how it behaves.
    pub rules: &'a Rules,
    /// Who may enter, and when.
    pub access: &'a Arc<AccessRules>,
    /// When a face is recognised as a person, and which faces are compared.
    pub recognition: &'a RecognitionSettings,
    /// Whether a mode that was set by `limen mode` is in force again after a restart.
    pub keep_mode: bool,
    /// What the gateway may ask for. `None`: nothing.
    pub remote: Option<&'a RemoteRules>,
    /// The gallery file.
    pub gallery: &'a Path,
    /// The warnings of [`Settings::risks`].
    pub risks: Vec<String>,
}

impl Settings {
    /// The settings that a reload brings into force.
    pub fn reloads(&self) -> Reloads<'_> {
        Reloads {
            rules: &self.rules,
            access: &self.access,
            recognition: &self.recognition,
            keep_mode: self.keep_mode,
            remote: self.gateway.as_ref().map(|gateway| &gateway.rules),
            gallery: &self.gallery,
            risks: self.risks(),
        }
    }

    /// The sections that are different in `new` and need a restart.
    pub fn needs_restart(&self, new: &Self) -> Vec<&'static str> {
        let changed = [
            ("[camera]", self.camera != new.camera),
            ("[camera.light]", self.door.light != new.door.light),
            ("[door]", self.door != DoorSettings { light: self.door.light, ..new.door.clone() }),
            ("[keypad]", self.entry.keypad != new.entry.keypad),
            ("[reader]", self.entry.reader != new.entry.reader),
            ("[model]", self.model != new.model),
            ("[control]", self.operators != new.operators),
            ("[control.gateway]", self.gateway_user() != new.gateway_user()),
            // If the state folder changes, so does the folder of the records; then [paths] is named.
            ("[audit]", self.audit != new.audit && self.paths == new.paths),
            ("[store]", self.store_key != new.store_key),
            ("[paths]", self.paths != new.paths),
        ];
        changed.into_iter().filter_map(|(section, differs)| differs.then_some(section)).collect()
    }

    /// The user who may use the gateway's socket, if there is one.
    pub fn gateway_user(&self) -> Option<&str> {
        self.gateway.as_ref().map(|gateway| gateway.user.as_str())
    }

    /// The template store, and the place of its key.
    pub fn store_file(&self) -> StoreFile {
        StoreFile::in_state(&self.paths.state, self.store_key.as_deref())
    }

    /// Whether pictures from a program can open a real lock, which is for tests only.
    pub fn virtual_camera_opens(&self) -> bool {
        self.camera.allow_virtual && self.door.driver != Driver::DryRun
    }

    /// The settings that make the door less safe, each with its consequence; logged at every start.
    pub fn risks(&self) -> Vec<String> {
        let real = self.door.driver != Driver::DryRun;
        let risks = [
            (
                real && self.rules.liveness.mode == LivenessMode::Off,
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
                "max-distance: the threshold is this distance, and its error rate is not known",
            ),
            (
                self.access.when_clock_unknown == WhenClockUnknown::Believe,
                "when-clock-unknown: schedules and dates use the clock even if nothing has set it",
            ),
            (
                self.gallery_at_boot == AtBoot::LastGood,
                "at-boot = \"last-good\": after a start with a gallery file that cannot be read, people who were removed \
                 from it may enter",
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
    /// By how much the nearest person must lead the second one, 0 to 0.5.
    pub margin: Margin,
    /// Pairs of people who look alike, each with its own larger margin.
    pub look_alikes: LookAlikes,
    /// The quality that a face must have to be compared.
    pub gate: Gate,
}

/// `[paths]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSettings {
    /// The folder of templates and records, which must survive a restart.
    pub state: PathBuf,
    /// The folder of the socket and of the file that names the lock's line. A restart of the machine empties it.
    pub runtime: PathBuf,
}

impl PathSettings {
    /// The folder of the installed networks.
    pub fn packs(&self) -> Packs {
        Packs::in_state(&self.state)
    }
}
