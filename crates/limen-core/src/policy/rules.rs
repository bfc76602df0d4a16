//! What the configuration tells the policy, and limits that no configuration can change.

use std::time::Duration;

use crate::event::LogRatio;

/// How long a grant waits for the audit to accept its record.
pub const AUDIT_PATIENCE: Duration = Duration::from_millis(5);
/// After an audit that was too slow: how long until a person who still stands there can get a grant again.
pub const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The longest time that a grant of a person or of the exit button can last, whatever is configured.
pub const LONGEST_UNLOCK: Duration = Duration::from_secs(60);

/// What happens to a grant that the audit could not record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnAuditFailure {
    /// The door stays locked.
    #[default]
    Refuse,
    /// The door opens, and the fault is reported.
    AllowAndAlarm,
}

/// When a recognition opens the door, and how the door behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Frames of one track that must agree (K), at least 1.
    pub frames: usize,
    /// The number of last frames among which they are counted (N), at least K.
    pub window: usize,
    /// How long a grant unlocks the door.
    pub unlock: Duration,
    /// What happens to a grant that the audit could not record.
    pub on_audit_failure: OnAuditFailure,
    /// What another face in the picture means.
    pub multiple_faces: MultipleFaces,
    /// How it is shown that a living head stands there.
    pub liveness: LivenessRules,
    /// The rules of the door: relocking, exit button, alarms.
    pub door: DoorRules,
}

impl Rules {
    /// How long a grant of a person or of the exit button unlocks the door. `longer`: for people who need
    /// more time.
    pub(super) fn unlock_length(&self, longer: bool) -> Duration {
        let usual = if longer { self.unlock.max(self.door.extended) } else { self.unlock };
        let length = match self.door.relock {
            Relocking::AfterTime => usual,
            Relocking::OnClose => usual.max(self.door.longest),
        };
        length.min(LONGEST_UNLOCK)
    }
}

/// What another living face in the picture means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultipleFaces {
    /// Nothing: the nearer face decides.
    #[default]
    Nearest,
    /// Nobody is let in while a second face is there, against tailgating.
    Refuse,
}

/// How it is shown that a living head stands at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LivenessMode {
    /// Not at all: a photograph opens the door.
    #[default]
    Off,
    /// By how the head moves; who moves too little is asked to turn the head, if the door can ask.
    Motion,
    /// By turning the head as the door asks.
    Challenge,
}

/// What follows an attempt that left it open whether a living head stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterUnsure {
    /// The person is refused.
    #[default]
    Refuse,
    /// The person's PIN lets in; a card does not.
    Pin,
}

/// What the evidence of motion must reach. The distributions that were measured give these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivenessLimits {
    /// A track with this much evidence of a solid head, or more, passes unasked.
    pub solid: LogRatio,
    /// As much as turns to one side alone can show; below `solid`. Light never lifts evidence from here or below.
    pub side: LogRatio,
    /// A turn counts with this much evidence of a solid head, or more.
    pub turn: LogRatio,
    /// A turn with this much evidence, or less, is that of a sheet.
    pub sheet: LogRatio,
    /// As much as light can show, for a solid head or against one; at least 0.
    pub light: LogRatio,
    /// Whether turned faces are compared with themselves from the front: then a turn counts only if one of its frames is
    /// alike.
    pub compares: bool,
}

impl LivenessLimits {
    /// Limits that no evidence reaches.
    pub const UNREACHABLE: Self = Self {
        solid: LogRatio::new(f32::INFINITY),
        side: LogRatio::new(f32::INFINITY),
        turn: LogRatio::new(f32::INFINITY),
        sheet: LogRatio::new(f32::NEG_INFINITY),
        light: LogRatio::new(0.0),
        compares: true,
    };
}

/// What the configuration tells the policy about liveness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivenessRules {
    /// How it is shown that a living head stands there.
    pub mode: LivenessMode,
    /// Whether the door can ask: lights, a buzzer or a screen for prompts are configured.
    pub prompts: bool,
    /// Whether the door has a light for faces.
    pub light: bool,
    /// What follows an attempt that left it open.
    pub after_unsure: AfterUnsure,
    /// What the evidence of motion must reach.
    pub limits: LivenessLimits,
}

impl LivenessRules {
    /// No proof is asked for.
    pub const OFF: Self = Self {
        mode: LivenessMode::Off,
        prompts: false,
        light: false,
        after_unsure: AfterUnsure::Refuse,
        limits: LivenessLimits::UNREACHABLE,
    };
}

/// When an unlocked door is locked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Relocking {
    /// When the unlock time is over.
    #[default]
    AfterTime,
    /// When the door was opened and is closed again, or after the longest time.
    OnClose,
}

/// What the configuration tells the policy about the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoorRules {
    /// When an unlocked door is locked again.
    pub relock: Relocking,
    /// The longest time that the door stays unlocked with [`Relocking::OnClose`].
    pub longest: Duration,
    /// The unlock time of people who need more time.
    pub extended: Duration,
    /// Whether the exit button works in lock-down.
    pub rex_in_lock_down: bool,
    /// How long the door may stand open before the alarm.
    pub held_open: Duration,
    /// How long before that alarm the warning begins.
    pub warning: Duration,
    /// How long the camera may show nothing before the alarm; `None`: there is no such alarm.
    pub blind: Option<Duration>,
    /// Whether a real lock is driven by a camera whose pictures may come from a program.
    pub virtual_camera: bool,
}

impl DoorRules {
    /// The defaults of the configuration.
    pub const DEFAULT: Self = Self {
        relock: Relocking::AfterTime,
        longest: Duration::from_secs(20),
        extended: Duration::from_secs(15),
        rex_in_lock_down: true,
        held_open: Duration::from_secs(30),
        warning: Duration::from_secs(10),
        blind: Some(Duration::from_secs(30)),
        virtual_camera: false,
    };
}
