//! The places at the socket: some are always free for clients with more rights.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::peer::Right;

/// The largest number of clients at once: an administrator, a monitor, some others.
pub const MAX_CLIENTS: usize = 8;
/// How many of them may be no administrators: some places are always free for administrators.
pub const MAX_GUESTS: usize = 6;
/// How many of these may be no operators either: clients that may only read keep no operator out.
pub const MAX_PLAIN: usize = 4;

/// The largest number of connections of the gateway at once: its events, its status, a command, one to spare.
pub const MAX_GATEWAY: usize = 4;

/// The numbers of connected clients by their right, and how many with this right or a lower one there may be.
pub(super) struct Places {
    taken: [AtomicUsize; 3],
    limits: [usize; 3],
}

impl Places {
    /// The places of the operators' socket: at most [`MAX_CLIENTS`], of whom at most [`MAX_GUESTS`] are no
    /// administrators, of whom at most [`MAX_PLAIN`] are no operators either.
    pub fn of_operators() -> Self {
        Self { taken: Default::default(), limits: [MAX_PLAIN, MAX_GUESTS, MAX_CLIENTS] }
    }

    /// The places of the gateway's socket.
    pub fn of_gateway() -> Self {
        Self { taken: Default::default(), limits: [MAX_GATEWAY; 3] }
    }

    /// Takes a place, if one is free. Only the accepting thread calls it.
    pub fn enter(places: &Arc<Self>, right: Right) -> Option<ClientSlot> {
        let rights = [Right::Everybody, Right::Operator, Right::Administrator];
        let mut up_to = 0;
        for (index, counted) in rights.into_iter().enumerate() {
            up_to += places.taken[index].load(Ordering::Acquire);
            if right <= counted && up_to >= places.limits[index] {
                return None;
            }
        }
        places.taken[right as usize].fetch_add(1, Ordering::AcqRel);
        Some(ClientSlot { places: Arc::clone(places), right })
    }
}

/// A taken place. Dropping it frees it, also when the client's thread panics or never starts.
pub(super) struct ClientSlot {
    places: Arc<Places>,
    right: Right,
}

impl Drop for ClientSlot {
    fn drop(&mut self) {
        self.places.taken[self.right as usize].fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_places_are_kept_for_operators_and_some_for_administrators() {
        let places = Arc::new(Places::of_operators());
        let fill = |right| std::iter::from_fn(|| Places::enter(&places, right)).collect::<Vec<_>>();
        let mut plain = fill(Right::Everybody);
        assert_eq!(plain.len(), MAX_PLAIN);
        let operators = fill(Right::Operator);
        assert_eq!(operators.len(), MAX_GUESTS - MAX_PLAIN);
        let administrators = fill(Right::Administrator);
        assert_eq!(administrators.len(), MAX_CLIENTS - MAX_GUESTS);
        plain.pop();
        assert!(Places::enter(&places, Right::Administrator).is_some());
        assert!(Places::enter(&places, Right::Operator).is_some());
        assert!(Places::enter(&places, Right::Everybody).is_some());
    }

    #[test]
    fn administrators_and_operators_alone_may_fill_their_places() {
        let places = Arc::new(Places::of_operators());
        let fill = |right| std::iter::from_fn(|| Places::enter(&places, right)).collect::<Vec<_>>();
        assert_eq!(fill(Right::Operator).len(), MAX_GUESTS);
        assert_eq!(fill(Right::Administrator).len(), MAX_CLIENTS);
    }
}
