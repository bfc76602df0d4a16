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

/// The numbers of connected clients by their right: at most [`MAX_CLIENTS`], of whom at most [`MAX_GUESTS`]
/// are no administrators, of whom at most [`MAX_PLAIN`] are no operators either.
#[derive(Default)]
pub(super) struct Places([AtomicUsize; 3]);

/// How many clients with this right or a lower one may be connected.
fn limit(right: Right) -> usize {
    match right {
        Right::Everybody => MAX_PLAIN,
        Right::Operator => MAX_GUESTS,
        Right::Administrator => MAX_CLIENTS,
    }
}

impl Places {
    /// Takes a place, if one is free. Only the accepting thread calls it.
    pub fn enter(places: &Arc<Self>, right: Right) -> Option<ClientSlot> {
        let rights = [Right::Everybody, Right::Operator, Right::Administrator];
        let mut up_to = 0;
        for (index, counted) in rights.into_iter().enumerate() {
            up_to += places.0[index].load(Ordering::Acquire);
            if right <= counted && up_to >= limit(counted) {
                return None;
            }
        }
        places.0[right as usize].fetch_add(1, Ordering::AcqRel);
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
        self.places.0[self.right as usize].fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_places_are_kept_for_operators_and_some_for_administrators() {
        let places = Arc::new(Places::default());
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
        let places = Arc::new(Places::default());
        let fill = |right| std::iter::from_fn(|| Places::enter(&places, right)).collect::<Vec<_>>();
        assert_eq!(fill(Right::Operator).len(), MAX_GUESTS);
        assert_eq!(fill(Right::Administrator).len(), MAX_CLIENTS);
    }
}
