//! Facts: what the audit records, one fact per record.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::entry::{EntryDevice, EntryMistake, FactorRefusal};
use super::liveness::{ChallengeOutcome, LivenessProof};
use super::observation::TrackId;
use super::personal::Personal;
use super::refusal::Refusal;
use super::site::{AlarmKind, AlarmStep, Input, Mode, ModeSource};
use crate::credential::{BROKER, CodeName, Factor};
use crate::person::PersonId;

/// What holds the door unlocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// An enrolled person was recognised.
    Face,
    /// A command by somebody who may give it.
    Manual,
    /// The exit button (REX).
    Rex,
    /// A mode that leaves the door unlocked.
    Mode,
    /// The fire alarm.
    Fire,
}

impl fmt::Display for GrantKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Face => "by their face",
            Self::Manual => "by command",
            Self::Rex => "by the exit button",
            Self::Mode => "by the mode office-open",
            Self::Fire => "by the fire alarm",
        })
    }
}

/// Why the door was locked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relock {
    /// The unlock time ended.
    TimeOver,
    /// A command locked it.
    Command,
    /// The person was removed or suspended while the door was open.
    Revoked,
    /// The daemon stops.
    Shutdown,
    /// A part failed.
    Fault,
    /// The door was opened and is closed again.
    Closed,
    /// The mode no longer leaves the door unlocked.
    Mode,
    /// The fire alarm is over.
    FireOver,
}

impl fmt::Display for Relock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TimeOver => "the unlock time is over",
            Self::Command => "by command",
            Self::Revoked => "whoever was let in is removed or suspended now",
            Self::Shutdown => "limen is leaving",
            Self::Fault => "because of a fault",
            Self::Closed => "the door was opened and is closed again",
            Self::Mode => "the mode no longer leaves it unlocked",
            Self::FireOver => "the fire alarm is over",
        })
    }
}

/// A part of the system that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The camera or its cable.
    Camera,
    /// The vision thread: from frames to observations.
    Vision,
    /// The lock's output line.
    Door,
    /// The audit files.
    Audit,
    /// The gallery file, its photographs or the template store.
    Gallery,
    /// The control socket.
    Control,
    /// The input lines: exit button, door contact, tamper switch and fire alarm.
    Inputs,
    /// The keypad for PINs.
    Keypad,
    /// The card reader.
    Reader,
    /// The template store on the disk.
    Store,
    /// The error rate that the configuration asks for.
    Model,
    /// The wall clock.
    Clock,
    /// The file that keeps a mode set by command.
    Mode,
    /// The disk with the audit files.
    Disk,
    /// The light on faces.
    Light,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 14] = [
        Self::Camera,
        Self::Vision,
        Self::Door,
        Self::Audit,
        Self::Gallery,
        Self::Control,
        Self::Inputs,
        Self::Keypad,
        Self::Reader,
        Self::Store,
        Self::Model,
        Self::Clock,
        Self::Mode,
        Self::Disk,
    ];

    /// Whether a failure of this part stops the door from opening for faces.
    pub fn stops_the_door(self) -> bool {
        matches!(self, Self::Camera | Self::Vision | Self::Door)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Camera => "camera",
            Self::Vision => "vision",
            Self::Door => "door",
            Self::Audit => "audit",
            Self::Gallery => "gallery",
            Self::Control => "control",
            Self::Inputs => "inputs",
            Self::Keypad => "keypad",
            Self::Reader => "reader",
            Self::Store => "store",
            Self::Model => "model",
            Self::Clock => "clock",
            Self::Mode => "mode",
            Self::Disk => "disk",
            Self::Light => "light",
        })
    }
}

/// Who gave a command, by the socket's peer credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// The caller's user id.
    pub uid: u32,
    /// The caller's process id.
    pub pid: i32,
}

/// Who stands behind a command from the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// Whoever may publish at the broker: MQTT does not say who that was.
    Broker,
    /// Whoever knows the remote code of this name.
    Code(CodeName),
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broker => f.write_str(BROKER),
            Self::Code(name) => name.fmt(f),
        }
    }
}

impl Serialize for Behind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// What a command does to the template store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreChange {
    /// Seal it with another key.
    Rotate,
    /// Accept an older store, or an older model, as the newest.
    AcceptRollback,
}

impl fmt::Display for StoreChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rotate => "sealed with a new key",
            Self::AcceptRollback => "an older one or another model accepted",
        })
    }
}

/// Something that happened and that the audit keeps: one record per fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fact {
    /// The daemon started.
    Started {
        /// The program's version.
        version: String,
        /// The digest of the embedding model.
        model: String,
        /// The driver of the lock.
        driver: String,
    },
    /// The daemon stopped in order.
    Stopped,
    /// The door was unlocked.
    Granted {
        /// What opened it.
        grant: GrantKind,
        /// The person, if it opened for a person.
        person: Option<Personal<PersonId>>,
        /// Where two people are needed: the person who was recognised first.
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<Personal<PersonId>>,
        /// The factors that the person proved besides the face.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        factors: Vec<Factor>,
        /// How it was shown that the person is no picture; none if the site asks for no proof.
        #[serde(skip_serializing_if = "Option::is_none")]
        liveness: Option<LivenessProof>,
        /// The track, if it opened for a face.
        track: Option<TrackId>,
        /// The distance to the template, for administrators.
        distance: Option<f32>,
        /// The longest time unlocked, in milliseconds. `None`: until the reason for the grant ends.
        unlock_ms: Option<u64>,
        /// Who gave the command, if it was one.
        caller: Option<Caller>,
    },
    /// A person was recognised who needs a second person or a second factor. The door stays locked until
    /// then.
    Waiting {
        /// The track of the person.
        track: TrackId,
        /// The person who was recognised.
        person: Personal<PersonId>,
        /// How long the door waits, in seconds.
        seconds: u64,
        /// The factors, of which one is needed. Empty: a second person is needed.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        factors: Vec<Factor>,
    },
    /// Somebody who was recognised was asked to turn their head, and this came of one attempt.
    Challenged {
        /// The track of the face.
        track: TrackId,
        /// The person who was recognised.
        person: Personal<PersonId>,
        /// How the attempt ended.
        outcome: ChallengeOutcome,
        /// The number of the attempt for this track, from 1.
        attempt: u32,
        /// How long it took, in milliseconds.
        took_ms: u64,
    },
    /// A PIN or a card did not open the door.
    FactorRefused {
        /// PIN or card.
        factor: Factor,
        /// Why it was refused.
        why: FactorRefusal,
        /// The person whose PIN or card was expected.
        person: Option<Personal<PersonId>>,
        /// How long that person is now locked out, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        locked_out_s: Option<u64>,
    },
    /// Entries on a keypad or reader that no person can have meant: one record for many.
    EntryMistaken {
        /// The keypad or the reader.
        device: EntryDevice,
        /// What was wrong with them.
        mistake: EntryMistake,
        /// How many since the last such record, 1 or more.
        count: u32,
    },
    /// A track ended, or was decided, without a grant.
    Refused {
        /// The track of the face.
        track: TrackId,
        /// Why it was refused.
        refusal: Refusal,
        /// The nearest person, for administrators.
        nearest: Option<Personal<PersonId>>,
        /// The distance to that person's template, for administrators.
        distance: Option<f32>,
        /// How many frames of the track were compared.
        frames: u32,
    },
    /// The door was locked again.
    Locked {
        /// Why it was locked.
        why: Relock,
        /// Who gave the command, if it was one.
        caller: Option<Caller>,
    },
    /// A part failed. [`Part::stops_the_door`] says whether the door still opens for faces meanwhile.
    Fault {
        /// The part that failed.
        part: Part,
        /// The error message.
        what: String,
    },
    /// A failed part works again.
    Recovered {
        /// The part that had failed.
        part: Part,
        /// How long it had failed, in milliseconds.
        after_ms: u64,
    },
    /// A gallery took effect.
    GalleryLoaded {
        /// The number of people.
        people: usize,
        /// The number of samples of all people.
        templates: usize,
        /// The people who are new.
        added: Vec<Personal<PersonId>>,
        /// The people who are gone.
        removed: Vec<Personal<PersonId>>,
        /// The generation of the template store; it never decreases.
        #[serde(skip_serializing_if = "Option::is_none")]
        store: Option<u64>,
    },
    /// A template in the store was altered, or comes from another store. It is not used.
    TemplateRefused {
        /// The person whom it claims to be.
        person: Option<Personal<PersonId>>,
    },
    /// A command changed the template store.
    StoreChanged {
        /// The kind of change.
        how: StoreChange,
        /// The generation of the store since then.
        store: u64,
        /// Who gave the command to the daemon; none if no daemon ran.
        caller: Option<Caller>,
    },
    /// A gallery was refused. The old one stays in force, without the people whom the new one takes away.
    GalleryRefused {
        /// The error message.
        what: Personal<String>,
    },
    /// A setting of the daemon lowers its security.
    Risk {
        /// The setting, and what it means.
        what: String,
    },
    /// An input line changed: one record per change, or one for many changes while the line chatters.
    Input {
        /// The input line.
        input: Input,
        /// Whether it is active now: pressed, open, tampered with, released.
        active: bool,
        /// How many changes since the last record of this line, 1 or more.
        changes: u32,
        /// Whether this is the state at the start of the daemon, not a change.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        at_start: bool,
    },
    /// The state of an alarm changed.
    Alarm {
        /// The kind of alarm.
        alarm: AlarmKind,
        /// The new state.
        step: AlarmStep,
        /// Who acknowledged the alarm.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<Caller>,
    },
    /// Another mode took effect.
    Mode {
        /// The mode from now on.
        mode: Mode,
        /// Where the mode comes from.
        source: ModeSource,
        /// Who gave the command, if it was one.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<Caller>,
    },
    /// A command over the socket that changes or shows something and has no other record.
    Command {
        /// The name of the command.
        command: String,
        /// Who gave the command.
        caller: Caller,
        /// Who stands behind a command that the gateway handed on.
        #[serde(skip_serializing_if = "Option::is_none")]
        behind: Option<Behind>,
        /// Why it was refused; none if it was not.
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// There were too many commands to record each of them.
    CommandsLeftOut {
        /// How many since the last record of this kind, 1 or more.
        count: u64,
    },
    /// Somebody got a snapshot of the camera.
    Snapshot {
        /// Who asked for it.
        caller: Caller,
    },
    /// Records may be missing: the last run ended without closing the audit file.
    Gap {
        /// What was found.
        what: String,
    },
}
