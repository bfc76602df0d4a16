//! What the audit keeps: one fact a record.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    AlarmKind, AlarmStep, EntryDevice, EntryMistake, FactorRefusal, Input, Mode, ModeSource, Personal,
    Refusal, TrackId,
};
use crate::credential::Factor;
use crate::person::PersonId;

/// What allows the door to be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantKind {
    /// An enrolled person was recognised.
    Face,
    /// Somebody allowed to asked for it by command.
    Manual,
    /// The exit button.
    Rex,
    /// The mode leaves the door unlocked.
    Mode,
    /// The fire alarm releases the door.
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
    /// The unlock time was over.
    TimeOver,
    /// Somebody asked for it by command.
    Command,
    /// The person was removed or suspended while the door was open.
    Revoked,
    /// The daemon is leaving.
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

/// A part of the machine that can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The camera or its cable.
    Camera,
    /// The vision thread.
    Vision,
    /// The line to the relay.
    Door,
    /// The record file.
    Audit,
    /// The gallery file, its photographs or the template store.
    Gallery,
    /// The control socket.
    Control,
    /// The lines of exit button, door contact, tamper switch and fire alarm.
    Inputs,
    /// The keypad.
    Keypad,
    /// The card reader.
    Reader,
    /// The templates on the disk.
    Store,
    /// The error rate that was asked for.
    Model,
    /// The clock on the wall.
    Clock,
    /// The file that keeps a commanded mode.
    Mode,
    /// The disk that has the records.
    Disk,
}

impl Part {
    /// Whether nobody is let in by their face while it is away.
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
        })
    }
}

/// Who asked, from the socket's peer credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// User.
    pub uid: u32,
    /// Process.
    pub pid: i32,
}

/// What may be done to the template store by command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoreChange {
    /// Sealed with another key.
    Rotate,
    /// An older one, or an older model, taken as the newest.
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

/// Something that happened and that the audit keeps: one record each. Whom it names is [`Personal`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Fact {
    /// The daemon started.
    Started {
        /// Of the program.
        version: String,
        /// Digest of the embedding model.
        model: String,
        /// Driver of the lock.
        driver: String,
    },
    /// The daemon left in order.
    Stopped,
    /// The door was unlocked.
    Granted {
        /// By what.
        grant: GrantKind,
        /// Whom, if a person.
        person: Option<Personal<PersonId>>,
        /// Who was recognised before and goes in as well, where two people are needed.
        #[serde(skip_serializing_if = "Option::is_none")]
        second: Option<Personal<PersonId>>,
        /// What the person proved besides the face.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        factors: Vec<Factor>,
        /// Whose face, if a face.
        track: Option<TrackId>,
        /// Distance to the template; for administrators.
        distance: Option<f32>,
        /// Longest time unlocked, in milliseconds; none: until what the grant is for is over.
        unlock_ms: Option<u64>,
        /// Who asked, if by command.
        caller: Option<Caller>,
    },
    /// Somebody was recognised who enters only with a second person or factor; nothing opens until that comes.
    Waiting {
        /// Whose face.
        track: TrackId,
        /// Whom.
        person: Personal<PersonId>,
        /// How long, in seconds.
        seconds: u64,
        /// For which of these factors; none: for a second person.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        factors: Vec<Factor>,
    },
    /// A PIN or a card opened nothing.
    FactorRefused {
        /// Which.
        factor: Factor,
        /// Why.
        why: FactorRefusal,
        /// Against whom it was held.
        person: Option<Personal<PersonId>>,
        /// For how long that person is locked out now, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        locked_out_s: Option<u64>,
    },
    /// Entries on keypad or reader that no person can have meant: one record for many.
    EntryMistaken {
        /// On which.
        device: EntryDevice,
        /// What was wrong with them.
        mistake: EntryMistake,
        /// How many since the last record of it, 1 or more.
        count: u32,
    },
    /// A track ended, or was decided, without a grant.
    Refused {
        /// Whose face.
        track: TrackId,
        /// Why.
        refusal: Refusal,
        /// The nearest person, for administrators.
        nearest: Option<Personal<PersonId>>,
        /// And how far.
        distance: Option<f32>,
        /// Frames of the track that were compared.
        frames: u32,
    },
    /// The door was locked again.
    Locked {
        /// Why.
        why: Relock,
        /// Who asked, if by command.
        caller: Option<Caller>,
    },
    /// A part failed; the door is locked while it is away.
    Fault {
        /// Which.
        part: Part,
        /// What it said.
        what: String,
    },
    /// A failed part is back.
    Recovered {
        /// Which.
        part: Part,
        /// How long it was away, in milliseconds.
        after_ms: u64,
    },
    /// A gallery came into force.
    GalleryLoaded {
        /// People in it.
        people: usize,
        /// Templates in it.
        templates: usize,
        /// Ids that are new.
        added: Vec<Personal<PersonId>>,
        /// Ids that are gone.
        removed: Vec<Personal<PersonId>>,
        /// The number of the store that has its templates; the next one is not older.
        #[serde(skip_serializing_if = "Option::is_none")]
        store: Option<u64>,
    },
    /// A template in the store was altered, or put there from elsewhere, and is not used.
    TemplateRefused {
        /// Whose it claims to be.
        person: Option<Personal<PersonId>>,
    },
    /// The store was changed by command.
    StoreChanged {
        /// How.
        how: StoreChange,
        /// Its number since then.
        store: u64,
        /// Who asked the daemon; none where no daemon ran.
        caller: Option<Caller>,
    },
    /// A gallery was refused; what was in force stays, less what it takes away.
    GalleryRefused {
        /// What was wrong with it; repeats lines of the gallery file, which name people.
        what: Personal<String>,
    },
    /// The daemon runs with a setting that lowers what it promises.
    Risk {
        /// Which setting, and what it means.
        what: String,
    },
    /// Input lines moved: one record a change, or one for many while a line chatters.
    Input {
        /// Which.
        input: Input,
        /// What it is at now: pressed, open, tampered with, released.
        active: bool,
        /// How often it changed since the last record of it, 1 or more.
        changes: u32,
        /// What it was found at when the daemon started, not a change.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        at_start: bool,
    },
    /// An alarm took a step.
    Alarm {
        /// Which.
        alarm: AlarmKind,
        /// What happened to it.
        step: AlarmStep,
        /// Who acknowledged it.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<Caller>,
    },
    /// Another mode is in force.
    Mode {
        /// Which.
        mode: Mode,
        /// By what.
        source: ModeSource,
        /// Who asked, if by command.
        #[serde(skip_serializing_if = "Option::is_none")]
        caller: Option<Caller>,
    },
    /// A command over the socket that changes or shows something, and has no record of its own.
    Command {
        /// Its name.
        command: String,
        /// Who asked.
        caller: Caller,
        /// Why it was refused; none if it was not.
        #[serde(skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
    },
    /// Commands that were not recorded one by one: there were too many.
    CommandsLeftOut {
        /// How many since the last record of this kind, 1 or more.
        count: u64,
    },
    /// A snapshot of the camera was handed out.
    Snapshot {
        /// To whom.
        caller: Caller,
    },
    /// Records may be missing: the last run ended without closing the file.
    Gap {
        /// What was found.
        what: String,
    },
}
