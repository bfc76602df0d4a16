//! The site: the door's input lines, its modes, its alarms.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An input line of the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Input {
    /// The exit button (request to exit, REX). Active while pressed.
    Rex,
    /// The door contact. Active while the door is open.
    Contact,
    /// The tamper switch of the housing. Active while the housing is open.
    Tamper,
    /// The release line of the fire alarm. Active while the door must be unlocked.
    Fire,
}

impl Input {
    /// All input lines.
    pub const ALL: [Self; 4] = [Self::Rex, Self::Contact, Self::Tamper, Self::Fire];

    /// The line and its state, for people.
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
    /// Locked. It opens for each person who is granted.
    #[default]
    Normal,
    /// Unlocked from the first grant on.
    OfficeOpen,
    /// Locked for everybody.
    LockDown,
}

impl Mode {
    /// All modes of the door.
    pub const ALL: [Self; 3] = [Self::Normal, Self::OfficeOpen, Self::LockDown];

    /// The mode's name in configuration, records and commands.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::OfficeOpen => "office-open",
            Self::LockDown => "lock-down",
        }
    }

    /// The mode of that name; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where a mode comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ModeSource {
    /// A schedule in the configuration.
    Schedule,
    /// A command. The mode holds until the next command.
    Command,
    /// A command from before the daemon started, which the site keeps.
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

/// The kinds of alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The door was opened although nothing had unlocked it.
    DoorForced,
    /// The door has been open for too long.
    DoorHeldOpen,
    /// The housing was opened.
    Tampered,
    /// The lock's output line cannot be driven.
    LockFault,
    /// An input line chatters or is stuck, or an input line, the keypad or the card reader cannot be read.
    InputFault,
    /// The camera sees nothing: covered, blinded, or too dark.
    CameraBlinded,
    /// The camera is missing.
    CameraLost,
    /// The camera's pictures come from a program, while the lock is real.
    VirtualCamera,
    /// Nothing is recorded now, or the door opened and the audit could not record it.
    AuditFailed,
    /// The disk is nearly full, or records were deleted before their time.
    DiskShort,
    /// The gallery file is not fully in force.
    GalleryFault,
    /// Templates of the store are not used.
    StoreFault,
    /// Strangers may be let in more often than `target-far` allows.
    TargetMissed,
    /// Nothing sets the clock.
    ClockFault,
    /// A mode set by command was lost, or would be lost by a restart.
    ModeFault,
    /// Somebody was forced to open the door. This alarm is silent.
    Duress,
}

impl AlarmKind {
    /// All alarms, the most serious first.
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

    /// Whether it sounds at the door: somebody there can help, or must know.
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

    /// Whether nothing at the door may show it.
    pub fn is_silent(self) -> bool {
        self == Self::Duress
    }

    /// The alarm's name in configuration, records and commands.
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

    /// The alarm of that name; `None` if there is none.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happened to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmStep {
    /// It will be raised soon unless somebody acts.
    Warned,
    /// Its cause has begun.
    Raised,
    /// A person has acknowledged it.
    Acknowledged,
    /// Its cause is over and a person has acknowledged it.
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
