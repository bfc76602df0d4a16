//! The daemon's Unix socket: commands in, status and events out, one JSON object per line.
//!
//! Everybody who may open the socket (root, the service's user, group limen) may ask for the status and the
//! alarms, and may lock. Operators, a group that the site names, may unlock, change the mode and acknowledge
//! alarms. Only administrators, root and the service's user, may do the rest. The number of clients, their
//! line length and their time are limited, so that none can block the daemon. `docs/control.md` describes the
//! protocol.
//!
//! The gateway has a socket of its own, for one user alone, with places and a pace of its own (`entrance`). What it may
//! ask for is up to the policy, and never what an administrator may.

mod client;
mod entrance;
mod error;
mod heard;
mod pace;
mod peer;
mod places;
mod protocol;
mod server;

pub use client::{ask, ask_either, follow};
pub use entrance::Entrance;
pub use error::ControlError;
pub use heard::{ClientRequest, Heard, Origin};
pub use peer::{Right, group_number, user_numbers};
pub use places::{MAX_CLIENTS, MAX_GATEWAY};
pub use protocol::{
    ANSWER_PATIENCE, Answer, GATEWAY_SOCKET, MAX_REQUEST, Proof, Request, SOCKET, no, parse_remote_request,
    parse_request, request_line, yes,
};
pub use server::{Acceptance, ControlServer};

#[cfg(test)]
mod gateway_tests;
