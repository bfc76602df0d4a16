//! The daemon's Unix socket: commands in, status and events out, one JSON object per line.
//!
//! Everybody who may open the socket (root, the service's user, group limen) may ask for the status and the
//! alarms, and may lock. Operators, a group that the site names, may unlock, change the mode and acknowledge
//! alarms. Only administrators, root and the service's user, may do the rest. The number of clients, their
//! line length and their time are limited, so that none can block the daemon. `docs/control.md` describes the
//! protocol.

mod client;
mod error;
mod heard;
mod peer;
mod places;
mod protocol;
mod server;

pub use client::{ask, ask_either, follow};
pub use error::ControlError;
pub use heard::{ClientRequest, Heard};
pub use peer::{Right, group_number};
pub use places::MAX_CLIENTS;
pub use protocol::{
    ANSWER_PATIENCE, Answer, MAX_REQUEST, Request, SOCKET, no, parse_request, request_line, yes,
};
pub use server::{Acceptance, ControlServer};
