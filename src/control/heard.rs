//! What the server reports to the daemon.

use std::sync::mpsc::SyncSender;

use limen_core::event::Caller;

use super::peer::Right;
use super::protocol::{Answer, Proof, Request};

/// A request on its way to the main thread, and where to send the answer.
#[derive(Debug)]
pub struct ClientRequest {
    /// What the client asks for.
    pub request: Request,
    /// The client that asks.
    pub caller: Caller,
    /// Where the request comes from.
    pub origin: Origin,
    /// Receives the answer; for [`Request::Events`] all events, until the client is gone or too slow.
    pub reply: SyncSender<Answer>,
}

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A client on this machine, with this right.
    Local(Right),
    /// The gateway, and what the command from the network carries.
    Gateway(Proof),
}

/// What the server reports.
#[derive(Debug)]
pub enum Heard {
    /// A request that the client may make.
    Asked(ClientRequest),
    /// A client was turned away; for the records.
    TurnedAway {
        /// The client, if the kernel knows it.
        caller: Option<Caller>,
        /// The name of the request, if there was one.
        command: Option<&'static str>,
        /// The reason for the refusal.
        why: String,
    },
}
