//! The door room: the relay's output line, and how long it may be unlocked.
//!
//! The line is locked unless it is held by a [`Lease`](limen_core::lease::Lease), and only the policy makes
//! leases. A lease ends after [`MAX_LEASE`](limen_core::lease::MAX_LEASE) whatever the policy is doing,
//! because the thread that owns the line counts the time itself.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | what `[door]` names: driver, lines, levels |
//! | `lines` | a line that is driven, lines that are read, the two lines of a card reader |
//! | `driver` | opens lines by the driver that the settings name; `rppal` and `gpiochip` below it each name their crate alone |
//! | `chips` | which GPIO chip is the header's, and which of its lines is a pin |
//! | `lock` | what a lock can do |
//! | `relay` | a lock made of a line: read back after every change, locked when dropped |
//! | `dry_run` | a lock that moves nothing |
//! | `indicators` | the green and the red light |
//! | `prompts` | the lights that tell to which side to turn the head |
//! | `light` | the light on faces: dark and lit in turns, in an order drawn by lot |
//! | `buzzer` | warning, alarm, and the tones of a prompt |
//! | `inputs` | exit button, contact, tamper switch, fire alarm, and the thread that waits for them |
//! | `opening` | opens the lock, then lights and buzzer |
//! | `level` | what a thread knows at this moment, for whoever asks |
//! | `thread` | owns lock and lights, and the deadline |
//! | `pin` | BCM numbers, header positions, what a pin does before we run |
//! | `statefile` | names the line in the run-time folder, so that `limen lock` finds it |
//! | `error` | why the door could not be driven, with the remedies |

pub mod buzzer;
pub mod chips;
pub mod driver;
pub mod dry_run;
mod error;
pub mod indicators;
pub mod inputs;
pub mod level;
pub mod light;
#[cfg(test)]
mod line_for_tests;
pub mod lines;
mod lock;
mod opening;
pub mod pin;
pub mod prompts;
mod relay;
mod settings;
pub mod statefile;
pub mod thread;

pub use driver::{check_access, chips};
pub use error::DoorError;
pub use lock::DoorLock;
pub use opening::{OpenedDoor, open, open_light, open_lock, open_prompts};
pub use relay::Relay;
pub use settings::{DoorSettings, Driver, InputSettings, LockType, OutputSettings, Pull};
