//! What distinguishes the two sockets: whom they are for, what a request line may say, how many clients there may be, and
//! how fast.

use super::heard::Origin;
use super::peer::{Peer, Right};
use super::places::Places;
use super::protocol::{Proof, Request, parse_remote_request, parse_request};

/// A socket of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// For people on this machine. Members of the group with this id are operators.
    Operators {
        /// The id of the group, if there is one.
        group: Option<u32>,
    },
    /// For the gateway.
    Gateway {
        /// The id of the user as whom it runs; nobody else is served, not even root.
        user: u32,
        /// The id of its group, which may open the socket.
        group: u32,
    },
}

impl Entrance {
    /// The name of the accepting thread.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Operators { .. } => "control",
            Self::Gateway { .. } => "gateway",
        }
    }

    /// The group whose members have more rights at this socket.
    pub(super) fn operators(self) -> Option<u32> {
        match self {
            Self::Operators { group } => group,
            Self::Gateway { .. } => None,
        }
    }

    /// The group that may open the socket, if it is not the daemon's own.
    pub(super) fn group(self) -> Option<u32> {
        match self {
            Self::Operators { .. } => None,
            Self::Gateway { group, .. } => Some(group),
        }
    }

    pub(super) fn places(self) -> Places {
        match self {
            Self::Operators { .. } => Places::of_operators(),
            Self::Gateway { .. } => Places::of_gateway(),
        }
    }

    /// Whether requests may come only so fast.
    pub(super) fn is_paced(self) -> bool {
        matches!(self, Self::Gateway { .. })
    }

    /// The right by which a client takes its place.
    pub(super) fn right_of(self, peer: Option<Peer>) -> Right {
        match self {
            Self::Operators { .. } => peer.map_or(Right::Everybody, |peer| peer.right),
            Self::Gateway { .. } => Right::Everybody,
        }
    }

    /// Why this client is not served at all.
    pub(super) fn refuses(self, peer: Peer) -> Option<&'static str> {
        match self {
            Self::Gateway { user, .. } if peer.caller.uid != user => {
                Some("only the gateway's own user may use this socket; use control.sock")
            }
            _ => None,
        }
    }

    /// Reads a request line of this socket, with where it comes from.
    pub(super) fn parse(self, peer: Peer, line: &[u8]) -> Result<(Request, Origin), String> {
        match self {
            Self::Operators { .. } => Ok((parse_request(line)?, Origin::Local(peer.right))),
            Self::Gateway { .. } => {
                let (request, proof) = parse_remote_request(line)?;
                Ok((request, Origin::Gateway(proof.unwrap_or_default())))
            }
        }
    }
}

/// Why a client that comes from there may not make a request.
pub(super) fn missing_right(origin: &Origin, request: &Request) -> Option<&'static str> {
    match (origin, request.needs()) {
        (Origin::Gateway(Proof { .. }), _) if !request.is_for_the_gateway() => {
            Some("the gateway never has an administrator's right")
        }
        (Origin::Local(right), needed) if *right < needed => Some(match needed {
            Right::Operator => {
                "only operators may do that: members of the group that [control] operators names"
            }
            _ => "only root and the service's user may do that; use sudo",
        }),
        _ => None,
    }
}
