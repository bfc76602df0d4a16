//! The text that `rpicam-vid` writes for each frame: a line `NAME=VALUE` for everything the camera tells, and an empty
//! line at the end. Of all that only the sensor's stamp counts. Pure; what comes in is not trusted.

use std::collections::VecDeque;

use thiserror::Error;

/// The longest line, in bytes. Real ones have less than 300.
const LONGEST_LINE: usize = 4096;
/// The most lines of one frame. Real ones have about 30.
const MOST_LINES: usize = 256;
/// The line that counts.
const STAMP: &str = "SensorTimestamp";

/// What is wrong with the text.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum MetadataFault {
    /// A line without an end.
    #[error("a line of metadata is longer than {LONGEST_LINE} bytes")]
    LongLine,
    /// A frame without an end.
    #[error("a frame has more than {MOST_LINES} lines of metadata")]
    ManyLines,
    /// A line that is no `NAME=VALUE` in printable text.
    #[error("a line of metadata is not NAME=VALUE")]
    Garbage,
    /// A frame of which nobody knows when it was taken.
    #[error("a frame has no SensorTimestamp")]
    NoStamp,
    /// A stamp that is no number of nanoseconds, or a second one for the same frame.
    #[error("the SensorTimestamp of a frame is not one number of nanoseconds")]
    BadStamp,
}

/// Reads the text as it comes, in pieces of any size.
#[derive(Debug, Default)]
pub struct MetadataReader {
    line: Vec<u8>,
    lines: usize,
    stamp: Option<i64>,
}

impl MetadataReader {
    /// Reads a piece; adds the stamp of each frame that ended in it, in nanoseconds.
    ///
    /// # Errors
    /// After an error the text is lost: nobody knows to which frame a line belongs.
    pub fn read(&mut self, mut piece: &[u8], stamps: &mut VecDeque<i64>) -> Result<(), MetadataFault> {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.add(&piece[..end])?;
            piece = &piece[end + 1..];
            let line = std::mem::take(&mut self.line);
            stamps.extend(self.end_line(&line)?);
        }
        self.add(piece)
    }

    fn add(&mut self, part: &[u8]) -> Result<(), MetadataFault> {
        if self.line.len() + part.len() > LONGEST_LINE {
            return Err(MetadataFault::LongLine);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    /// The stamp of the frame, if the line was its last.
    fn end_line(&mut self, line: &[u8]) -> Result<Option<i64>, MetadataFault> {
        if line.is_empty() {
            self.lines = 0;
            return self.stamp.take().map(Some).ok_or(MetadataFault::NoStamp);
        }
        self.lines += 1;
        if self.lines > MOST_LINES {
            return Err(MetadataFault::ManyLines);
        }
        let text = std::str::from_utf8(line).map_err(|_| MetadataFault::Garbage)?;
        let (name, value) = text.split_once('=').ok_or(MetadataFault::Garbage)?;
        let is_name = |c: char| c.is_ascii_alphanumeric() || " _.-".contains(c);
        if name.is_empty() || !name.chars().all(is_name) || value.chars().any(char::is_control) {
            return Err(MetadataFault::Garbage);
        }
        if name.trim() == STAMP {
            let nanoseconds = value.trim().parse().map_err(|_| MetadataFault::BadStamp)?;
            if self.stamp.replace(nanoseconds).is_some() {
                return Err(MetadataFault::BadStamp);
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TWO: &str =
        "ExposureTime=33239\nSensorTimestamp=1000\nColourGains=[ 1.5, 2.0 ]\n\nSensorTimestamp=2000\n\n";

    fn read(text: &[u8]) -> Result<Vec<i64>, MetadataFault> {
        let mut stamps = VecDeque::new();
        MetadataReader::default().read(text, &mut stamps)?;
        Ok(stamps.into())
    }

    #[test]
    fn the_stamp_of_each_frame_is_found_among_the_lines() {
        assert_eq!(read(TWO.as_bytes()), Ok(vec![1000, 2000]));
        assert_eq!(read(b"SensorTimestamp=1000\n"), Ok(vec![]), "the frame has not ended");
    }

    #[test]
    fn each_kind_of_nonsense_has_its_name() {
        let long = [b"A=", vec![b'x'; 1 << 20].as_slice()].concat();
        let many = "A=1\n".repeat(300);
        for (text, fault) in [
            (long.as_slice(), MetadataFault::LongLine),
            (many.as_bytes(), MetadataFault::ManyLines),
            (b"\0\0\0\0\n", MetadataFault::Garbage),
            (b"\xff\xfe=1\n", MetadataFault::Garbage),
            (b"no sign\n", MetadataFault::Garbage),
            (b"=1\n", MetadataFault::Garbage),
            (b"A=\x1b[2J\n", MetadataFault::Garbage),
            (b"\n", MetadataFault::NoStamp),
            (b"ExposureTime=1\n\n", MetadataFault::NoStamp),
            (b"SensorTimestamp=soon\n", MetadataFault::BadStamp),
            (b"SensorTimestamp=99999999999999999999\n", MetadataFault::BadStamp),
            (b"SensorTimestamp=1\nSensorTimestamp=2\n", MetadataFault::BadStamp),
        ] {
            assert_eq!(read(text), Err(fault), "{}", String::from_utf8_lossy(&text[..text.len().min(40)]));
        }
    }

    proptest! {
        #[test]
        fn the_pieces_in_which_it_comes_change_nothing(
            text in prop_oneof![any::<Vec<u8>>(), Just(TWO.as_bytes().to_vec())],
            cuts in prop::collection::vec(0_usize..60, 0..20),
        ) {
            let mut reader = MetadataReader::default();
            let (mut stamps, mut rest) = (VecDeque::new(), text.as_slice());
            let mut outcome = Ok(());
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (piece, behind) = rest.split_at(cut.min(rest.len()));
                outcome = outcome.and_then(|()| reader.read(piece, &mut stamps));
                rest = behind;
            }
            prop_assert_eq!(outcome.map(|()| Vec::from(stamps)), read(&text));
        }
    }
}
