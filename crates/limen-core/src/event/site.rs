//! The door around the face: its input lines, its modes, its alarms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An input line of the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The exit button (request to exit, REX); active while pressed.
    Rex,
    /// The door contact; active while the door is open.
    Contact,
    /// The tamper switch of the housing; active while it is open.
    Tamper,
    /// The fire alarm's release; active while the door must be unlocked.
    Fire,
}

impl Input {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rex, Self::Contact, Self::Tamper, Self::Fire];

    /// What it is and what it says, for people.
    pub fn in_words(self, active: bool) -> &'static str {
        match (self, active) {
            (Self::Rex, true) => "exit button: pressed",
            (Self::Rex, false) => "exit button: not pressed",
            (Self::Contact, true) => "door contact: the door is open",
            (Self::Contact, false) => "door contact: the door is closed",
            (Self::Tamper, true) => "tamper switch: the housing is open",
            (Self::Tamper, false) => "tamper switch: the housing is closed",
            (Self::Fire, true) => "fire alarm: the door must be unlocked",
            (Self::Fire, false) => "fire alarm: none",
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rex => "rex",
            Self::Contact => "contact",
            Self::Tamper => "tamper",
            Self::Fire => "fire",
        })
    }
}

/// What the door does for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Locked; whoever is granted passes.
    #[default]
    Normal,
    /// Unlocked from the first grant on.
    OfficeOpen,
    /// Locked for everybody.
    LockDown,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Normal, Self::OfficeOpen, Self::LockDown];

    /// The name in configuration, records and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::OfficeOpen => "office-open",
            Self::LockDown => "lock-down",
        }
    }

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What put a mode into force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeSource {
    /// A schedule of the configuration.
    Schedule,
    /// A command; it holds until another one.
    Command,
    /// It was commanded before the daemon started, and the site keeps it.
    Kept,
}

impl fmt::Display for ModeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Schedule => "by a schedule",
            Self::Command => "by command",
            Self::Kept => "as it was commanded before the restart",
        })
    }
}

/// What is alarming.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The door was opened while nothing had unlocked it.
    DoorForced,
    /// The door has been open for too long.
    DoorHeldOpen,
    /// The housing is open.
    Tampered,
    /// The lock's line cannot be driven.
    LockFault,
    /// An input line chatters or is stuck; it, the keypad or the card reader cannot be read.
    InputFault,
    /// The camera shows nothing: covered, blinded, or no light.
    CameraBlinded,
    /// The camera is gone.
    CameraLost,
    /// The camera's pictures come from a program, and the lock is real.
    VirtualCamera,
    /// Nothing is recorded now, or a door was opened that the audit could not record.
    AuditFailed,
    /// The disk is nearly full, or records had to be deleted that were to be kept.
    DiskShort,
    /// The gallery file is not in force as it is.
    GalleryFault,
    /// Templates on the disk are not used.
    StoreFault,
    /// Strangers are let in more often than `target-far` says.
    TargetMissed,
    /// Nothing sets the clock.
    ClockFault,
    /// A commanded mode was lost, or will not outlast a restart.
    ModeFault,
    /// Somebody was made to open the door. Silent.
    Duress,
}

impl AlarmKind {
    /// All of them, the gravest first.
    pub const ALL: [Self; 16] = [
        Self::Duress,
        Self::DoorForced,
        Self::Tampered,
        Self::DoorHeldOpen,
        Self::LockFault,
        Self::InputFault,
        Self::CameraLost,
        Self::CameraBlinded,
        Self::VirtualCamera,
        Self::AuditFailed,
        Self::DiskShort,
        Self::GalleryFault,
        Self::StoreFault,
        Self::TargetMissed,
        Self::ClockFault,
        Self::ModeFault,
    ];

    /// It sounds at the door: somebody there can do something about it, or must be told.
    pub fn is_heard(self) -> bool {
        !self.is_silent()
            && !matches!(
                self,
                Self::VirtualCamera
                    | Self::DiskShort
                    | Self::GalleryFault
                    | Self::StoreFault
                    | Self::TargetMissed
                    | Self::ClockFault
                    | Self::ModeFault
            )
    }

    /// Nothing at the door may show it.
    pub fn is_silent(self) -> bool {
        self == Self::Duress
    }

    /// The name in configuration, records and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::DoorForced => "door-forced",
            Self::DoorHeldOpen => "door-held-open",
            Self::Tampered => "tampered",
            Self::LockFault => "lock-fault",
            Self::InputFault => "input-fault",
            Self::CameraBlinded => "camera-blinded",
            Self::CameraLost => "camera-lost",
            Self::VirtualCamera => "virtual-camera",
            Self::AuditFailed => "audit-failed",
            Self::DiskShort => "disk-short",
            Self::GalleryFault => "gallery-fault",
            Self::StoreFault => "store-fault",
            Self::TargetMissed => "target-missed",
            Self::ClockFault => "clock-fault",
            Self::ModeFault => "mode-fault",
            Self::Duress => "duress",
        }
    }

    /// The alarm of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happens to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmStep {
    /// It will be raised soon unless somebody acts.
    Warned,
    /// Its condition has begun.
    Raised,
    /// Somebody has seen it.
    Acknowledged,
    /// Its condition is over and somebody has seen it.
    Cleared,
}

impl fmt::Display for AlarmStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Warned => "warned",
            Self::Raised => "raised",
            Self::Acknowledged => "acknowledged",
            Self::Cleared => "cleared",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_and_modes_are_found_by_the_names_that_records_give_them() {
        for kind in AlarmKind::ALL {
            assert_eq!(AlarmKind::named(kind.name()), Some(kind));
            assert_eq!(serde_json::to_value(kind).expect("JSON"), kind.name());
        }
        for mode in Mode::ALL {
            assert_eq!(Mode::named(mode.name()), Some(mode));
            assert_eq!(serde_json::to_value(mode).expect("JSON"), mode.name());
            assert_eq!(mode.to_string(), mode.name());
        }
    }
}
