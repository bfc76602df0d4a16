//! What the parts of the program tell each other: observations of faces for the policy, facts for the audit.
//!
//! Glossary: a *track* is one face followed over several frames; a *probe* is what is compared with the
//! gallery; an *observation* is the outcome of one frame for one track; a *fact* is something that the audit
//! records.

mod entry;
mod fact;
mod light;
mod liveness;
mod motion;
mod observation;
mod personal;
mod refusal;
mod site;

pub use entry::{EntryDevice, EntryMistake, FactorRefusal};
pub use fact::{Behind, Caller, Fact, GrantKind, Part, Relock, StoreChange};
pub use light::{LightChange, LightPattern};
pub use liveness::{ChallengeOutcome, LivenessProof};
pub use motion::{DenyCue, Draw, LogRatio, Motion, Prompt, Side, Step, Turn};
pub use observation::{Candidate, Comparison, FRESHNESS, NoMatch, Observation, TrackId, Unusable};
pub use personal::Personal;
pub use refusal::Refusal;
pub use site::{AlarmKind, AlarmStep, Input, Mode, ModeSource};
