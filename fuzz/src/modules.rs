//! What a camera module's program writes, and what limen and its unit say to each other.

use std::time::Duration;

use limen::camera::rpicam::message::{parse_answer, parse_request, to_line};
use limen::camera::rpicam::pairing::Pairing;
use limen_core::clock::Moment;

/// How far in the future of the clock a frame may be taken: never.
const NOW: Moment = Moment::from_boot(Duration::from_secs(1000));

/// Steps: a byte each for what comes (frames or metadata) and how much of what follows. Small frames, so that many come.
pub fn module(bytes: &[u8]) {
    messages(bytes);
    let Some((size, mut rest)) = bytes.split_first() else { return };
    let mut pairing = Pairing::new(usize::from(*size));
    let mut last = None;
    while let [step, behind @ ..] = rest {
        let length = usize::from(step >> 1).min(behind.len());
        let (piece, next) = behind.split_at(length);
        rest = next;
        if step & 1 == 0 {
            if pairing.read_metadata(piece, NOW).is_err() {
                return;
            }
        } else {
            let room = pairing.room();
            let length = length.min(room.len());
            room[..length].copy_from_slice(&piece[..length]);
            pairing.took(length);
        }
        let (whole, stamped) = (pairing.is_whole(), pairing.is_stamped());
        let frame = pairing.take(None);
        assert_eq!(
            frame.is_some(),
            whole && stamped,
            "a frame is given when it is whole and stamped, and not before"
        );
        if let Some(frame) = frame {
            assert_eq!(frame.bytes.len(), usize::from(*size).max(1));
            assert!(frame.taken <= NOW && NOW.since(frame.taken) <= Duration::from_secs(1), "fresh");
            assert!(last.is_none_or(|last| last <= (frame.taken, frame.sequence)), "in order");
            last = Some((frame.taken, frame.sequence));
        }
        for fault in
            [pairing.no_more_bytes().err(), pairing.more_bytes().err(), Some(pairing.silent(Duration::ZERO))]
        {
            assert!(fault.is_none_or(|fault| !fault.to_string().contains(char::is_control)));
        }
    }
}

fn messages(line: &[u8]) {
    match parse_request(line) {
        Ok(settings) => {
            assert_eq!(settings.mistake(), None);
            assert!(settings.frame_bytes() > 0);
        }
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
    }
    if let Ok(answer) = parse_answer(line) {
        assert_eq!(
            parse_answer(to_line(&answer).trim_ascii_end()).as_ref(),
            Ok(&answer),
            "reads what it writes"
        );
    }
}
