//! Which stamp belongs to which frame. Pure: bytes and the time come in, frames or a fault come out.
//!
//! `rpicam-vid` writes a frame to one pipe and then its metadata to the other, from one thread. So they pair by order,
//! and three things can be said for certain:
//!
//! - Once the metadata of a frame was read, all bytes of the frame can be read, without waiting.
//! - Bytes of the next frame can be read only if the metadata of this one can be, too.
//! - Stamps ascend.
//!
//! Whatever breaks one of them (a frame of another size, half a frame, metadata that is missing or too much) would pair a
//! new stamp with an old picture sooner or later, so it ends the stream.

use std::collections::VecDeque;
use std::time::Duration;

use limen_core::clock::Moment;
use thiserror::Error;

use super::metadata::{MetadataFault, MetadataReader};

/// How far in the future a stamp may lie: clocks are read one after the other.
const CLOCK_ERROR: Duration = Duration::from_millis(100);
/// How old a stamp may be when its metadata is read. What is older was held up by a program that was stopped, or the
/// stamp is of another clock; the policy would refuse each such frame one by one.
const OLDEST: Duration = Duration::from_secs(1);
/// How many stamps may wait for their frames: as many as small frames fit into a pipe.
const MOST_WAITING: usize = 64;

/// What is wrong with a stream of frames and metadata.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum StreamFault {
    /// Nobody can say when frames were taken.
    #[error("{0}")]
    Metadata(#[from] MetadataFault),
    /// A stamp that lies in the future.
    #[error("a frame is stamped {0} ms in the future")]
    Future(u64),
    /// A stamp that is no time since the machine was started.
    #[error("a frame is stamped before the machine was started")]
    BeforeBoot,
    /// The stamp of the frame before.
    #[error("two frames have the same stamp")]
    Repeated,
    /// A stamp older than that of the frame before.
    #[error("a frame is stamped earlier than the one before it")]
    OutOfOrder,
    /// A stamp too old for a frame that has just come.
    #[error("a frame is stamped {0} ms ago, although it has just come")]
    Old(u64),
    /// Metadata without a whole frame before it.
    #[error(
        "metadata came after {got} bytes of a frame of {wanted}: the camera sends smaller frames or parts of them"
    )]
    EarlyMetadata {
        /// The bytes that came.
        got: usize,
        /// The bytes that a frame has.
        wanted: usize,
    },
    /// More bytes than a frame has, or a frame without metadata.
    #[error(
        "more than the {wanted} bytes of a frame came without its metadata: the camera sends larger frames"
    )]
    TooManyBytes {
        /// The bytes that a frame has.
        wanted: usize,
    },
    /// A frame that does not go on.
    #[error("a frame ended after {got} of {wanted} bytes")]
    HalfFrame {
        /// The bytes that came.
        got: usize,
        /// The bytes that a frame has.
        wanted: usize,
    },
    /// A whole frame to which no metadata comes.
    #[error("a frame came without its metadata")]
    MissingMetadata,
    /// Nothing comes any more.
    #[error("no frame for {0} ms")]
    Silent(u64),
    /// The other side has closed its ends.
    #[error("the program has ended")]
    Ended,
}

/// A frame with its stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairedFrame {
    /// The frame's bytes.
    pub bytes: Vec<u8>,
    /// When the sensor took it.
    pub taken: Moment,
    /// The number of the frame, from 0.
    pub sequence: u64,
}

/// Pairs stamps with frames.
#[derive(Debug)]
pub struct Pairing {
    bytes: Vec<u8>,
    filled: usize,
    metadata: MetadataReader,
    waiting: VecDeque<Moment>,
    last: Option<i64>,
    paired: u64,
}

impl Pairing {
    /// For frames of `size` bytes, at least 1.
    pub fn new(size: usize) -> Self {
        Self {
            bytes: vec![0; size.max(1)],
            filled: 0,
            metadata: MetadataReader::default(),
            waiting: VecDeque::new(),
            last: None,
            paired: 0,
        }
    }

    /// Where the next bytes of the frame go; empty while a whole frame waits for its stamp.
    pub fn room(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// So many bytes were put into [`room`](Self::room).
    pub fn took(&mut self, bytes: usize) {
        self.filled = (self.filled + bytes).min(self.bytes.len());
    }

    /// Whether all bytes of the frame are there.
    pub fn is_whole(&self) -> bool {
        self.filled == self.bytes.len()
    }

    /// Whether the stamp of the frame is there.
    pub fn is_stamped(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Reads a piece of metadata, which came at `now`.
    pub fn read_metadata(&mut self, piece: &[u8], now: Moment) -> Result<(), StreamFault> {
        let mut stamps = VecDeque::new();
        self.metadata.read(piece, &mut stamps)?;
        for stamp in stamps {
            let taken = self.taken(stamp, now)?;
            self.last = Some(stamp);
            self.waiting.push_back(taken);
        }
        if self.waiting.len() > MOST_WAITING {
            return Err(self.early());
        }
        Ok(())
    }

    /// When a frame was taken: nanoseconds of CLOCK_BOOTTIME, checked against the stamp before it and the clock.
    fn taken(&self, stamp: i64, now: Moment) -> Result<Moment, StreamFault> {
        let nanoseconds = u64::try_from(stamp).ok().filter(|stamp| *stamp > 0);
        let taken = Moment::from_boot(Duration::from_nanos(nanoseconds.ok_or(StreamFault::BeforeBoot)?));
        let (ahead, age) = (taken.since(now), now.since(taken));
        if ahead > CLOCK_ERROR {
            return Err(StreamFault::Future(millis(ahead)));
        }
        if age > OLDEST {
            return Err(StreamFault::Old(millis(age)));
        }
        match self.last {
            Some(last) if last == stamp => return Err(StreamFault::Repeated),
            Some(last) if last > stamp => return Err(StreamFault::OutOfOrder),
            _ => {}
        }
        Ok(taken.min(now))
    }

    /// After metadata was read, and then all bytes that could be: a stamped frame must be whole.
    pub fn no_more_bytes(&self) -> Result<(), StreamFault> {
        if self.is_stamped() && !self.is_whole() { Err(self.early()) } else { Ok(()) }
    }

    /// After there were bytes behind a whole frame, and then all metadata was read: the frame must be stamped.
    pub fn more_bytes(&self) -> Result<(), StreamFault> {
        if self.is_whole() && !self.is_stamped() {
            return Err(StreamFault::TooManyBytes { wanted: self.bytes.len() });
        }
        Ok(())
    }

    /// Nothing has come for `silence`: what that is called.
    pub fn silent(&self, silence: Duration) -> StreamFault {
        match self.filled {
            0 if self.is_stamped() => self.early(),
            0 => StreamFault::Silent(millis(silence)),
            got if got < self.bytes.len() => StreamFault::HalfFrame { got, wanted: self.bytes.len() },
            _ => StreamFault::MissingMetadata,
        }
    }

    /// Whether a frame or its metadata is under way.
    pub fn has_begun(&self) -> bool {
        self.filled > 0
    }

    /// The frame, if it is whole and stamped. The next one is read into `spare`.
    pub fn take(&mut self, spare: Option<Vec<u8>>) -> Option<PairedFrame> {
        if !self.is_whole() {
            return None;
        }
        let taken = self.waiting.pop_front()?;
        let mut next = spare.unwrap_or_default();
        next.resize(self.bytes.len(), 0);
        let bytes = std::mem::replace(&mut self.bytes, next);
        self.filled = 0;
        let sequence = self.paired;
        self.paired += 1;
        Some(PairedFrame { bytes, taken, sequence })
    }

    fn early(&self) -> StreamFault {
        StreamFault::EarlyMetadata { got: self.filled, wanted: self.bytes.len() }
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "pairing_tests.rs"]
mod tests;
