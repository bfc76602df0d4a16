//! Camera modules on a ribbon cable, through `rpicam-vid`.
//!
//! The kernel gives the raw data of such a module only; pictures come from libcamera, which needs many devices and much
//! code. So it runs in a unit of its own, `limen-camera.service`, as a user of its own, and the door's unit gets the read
//! ends of two pipes and nothing else:
//!
//! ```text
//! limen.service                     limen-camera.service
//! source --- request -----------> serve --- starts --> rpicam-vid
//!        <-- answer, two pipes ---                        |
//! reader <============ frames, metadata ==================+
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `settings` | size, rate, focus, exposure: what is asked for |
//! | `message`, `wire` | what is said over the socket, and how pipes travel |
//! | `unit` | where the unit listens, and as which user |
//! | `program`, `child` | whether and how `rpicam-vid` is run, and how it ends |
//! | `modules` | what `rpicam-vid --list-cameras` prints |
//! | `serve` | the unit's side |
//! | `metadata`, `pairing` | which stamp belongs to which frame; pure |
//! | `reader`, `source` | limen's side |
//! | `installed` | what is missing on this machine, for `limen check` |
//! | `error` | why there is no frame, and what to do about it |

mod child;
pub mod error;
pub mod installed;
pub mod message;
pub mod metadata;
mod modules;
pub mod pairing;
pub mod program;
mod reader;
pub mod serve;
pub mod settings;
pub mod source;
pub mod unit;
mod wire;

#[cfg(test)]
mod tests;
