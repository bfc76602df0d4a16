//! Memory for images that is used again, as soon as nobody needs the image any more.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kernels::buffer::Buffer;

/// The buffers of a network that no value lies in. Several runs at once each take their own.
#[derive(Debug, Default)]
pub struct Buffers(Mutex<Vec<Buffer>>);

impl Buffers {
    /// Room for so many bytes: the smallest that is large enough, else a new one in place of the largest. What is in
    /// it is whatever lay there before.
    pub fn take(&self, bytes: usize) -> Buffer {
        let mut idle = self.idle();
        let fit = |(_, buffer): &(usize, &Buffer)| {
            let room = buffer.room();
            (room < bytes, if room < bytes { usize::MAX - room } else { room })
        };
        let found = idle.iter().enumerate().min_by_key(fit).map(|(index, _)| index);
        let buffer = found.map(|index| idle.swap_remove(index));
        drop(idle);
        buffer.filter(|buffer| buffer.room() >= bytes).unwrap_or_else(|| Buffer::with_bytes(bytes))
    }

    /// Takes one back.
    pub fn give(&self, buffer: Buffer) {
        self.idle().push(buffer);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Buffer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms(buffers: &Buffers) -> Vec<usize> {
        let mut rooms: Vec<usize> = buffers.idle().iter().map(Buffer::room).collect();
        rooms.sort_unstable();
        rooms
    }

    #[test]
    fn a_buffer_is_used_again_and_the_largest_grows() {
        let buffers = Buffers::default();
        let [first, second] = [1000, 100].map(|bytes| buffers.take(bytes));
        buffers.give(first);
        buffers.give(second);
        assert_eq!(rooms(&buffers), [128, 1024]);
        let small = buffers.take(60);
        assert_eq!(small.room(), 128);
        buffers.give(small);
        buffers.give(buffers.take(2000));
        assert_eq!(rooms(&buffers), [128, 2048]);
    }
}
