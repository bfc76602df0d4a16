//! Frames and stamps pair by order, whatever the pieces, and whatever breaks the order is a fault.

use proptest::prelude::*;

use super::*;

const SIZE: usize = 6;
/// The machine has run for so long when the first frame is taken.
const START: u64 = 100_000;

fn at(millis: u64) -> Moment {
    Moment::from_boot(Duration::from_millis(millis))
}

fn text(millis: u64) -> String {
    format!("ExposureTime=1\nSensorTimestamp={}\n\n", millis * 1_000_000)
}

fn put(pairing: &mut Pairing, bytes: &[u8]) {
    let room = pairing.room();
    room[..bytes.len()].copy_from_slice(bytes);
    pairing.took(bytes.len());
}

/// What the stamps end in when the clock shows `now`.
fn stamped(stamps: &[i64], now: u64) -> Result<(), StreamFault> {
    let mut pairing = Pairing::new(SIZE);
    let text: String = stamps.iter().map(|stamp| format!("SensorTimestamp={stamp}\n\n")).collect();
    pairing.read_metadata(text.as_bytes(), at(now))
}

#[test]
fn a_frame_is_given_with_the_stamp_that_came_behind_it() {
    let mut pairing = Pairing::new(SIZE);
    for (number, byte) in [(0, 7), (1, 9)] {
        let taken = START + 33 * number;
        put(&mut pairing, &[byte; 4]);
        assert_eq!(pairing.take(None), None, "half of it");
        put(&mut pairing, &[byte; 2]);
        assert_eq!(pairing.take(None), None, "no stamp");
        pairing.read_metadata(text(taken).as_bytes(), at(taken + 20)).expect("in order");
        pairing.no_more_bytes().expect("whole");
        let frame = PairedFrame { bytes: vec![byte; SIZE], taken: at(taken), sequence: number };
        assert_eq!(pairing.take(Some(Vec::new())), Some(frame));
    }
}

#[test]
fn a_stamp_a_little_in_the_future_is_now() {
    let mut pairing = Pairing::new(SIZE);
    put(&mut pairing, &[0; SIZE]);
    pairing.read_metadata(text(START + 50).as_bytes(), at(START)).expect("within the clocks' error");
    assert_eq!(pairing.take(None).map(|frame| frame.taken), Some(at(START)));
}

#[test]
fn a_stamp_that_cannot_be_is_refused_by_its_name() {
    let millis = |millis: i64| millis * 1_000_000;
    let start = 100_000;
    assert_eq!(stamped(&[millis(start), millis(start + 33)], START + 40), Ok(()));
    assert_eq!(stamped(&[millis(start + 200)], START), Err(StreamFault::Future(200)));
    assert_eq!(
        stamped(&[i64::MAX], START).err().map(|fault| fault.to_string().contains("future")),
        Some(true)
    );
    assert_eq!(stamped(&[-5], START), Err(StreamFault::BeforeBoot));
    assert_eq!(stamped(&[0], START), Err(StreamFault::BeforeBoot));
    assert_eq!(stamped(&[i64::MIN], START), Err(StreamFault::BeforeBoot));
    assert_eq!(stamped(&[millis(start); 2], START), Err(StreamFault::Repeated));
    assert_eq!(stamped(&[millis(start), millis(start - 33)], START), Err(StreamFault::OutOfOrder));
    assert_eq!(stamped(&[millis(start - 1500)], START), Err(StreamFault::Old(1500)));
}

#[test]
fn metadata_before_its_frame_is_whole_is_a_fault_once_no_more_bytes_come() {
    let mut pairing = Pairing::new(SIZE);
    put(&mut pairing, &[0; 4]);
    pairing.read_metadata(text(START).as_bytes(), at(START)).expect("a stamp");
    assert_eq!(pairing.no_more_bytes(), Err(StreamFault::EarlyMetadata { got: 4, wanted: SIZE }));
    let endless: String = (0..100).map(|number| text(START + number)).collect();
    let fault = Pairing::new(SIZE).read_metadata(endless.as_bytes(), at(START + 100));
    assert_eq!(fault, Err(StreamFault::EarlyMetadata { got: 0, wanted: SIZE }), "metadata and never a frame");
}

#[test]
fn bytes_behind_a_frame_without_its_metadata_are_a_fault() {
    let mut pairing = Pairing::new(SIZE);
    pairing.more_bytes().expect("the first bytes of all");
    put(&mut pairing, &[0; SIZE]);
    assert_eq!(pairing.more_bytes(), Err(StreamFault::TooManyBytes { wanted: SIZE }));
}

#[test]
fn a_silence_is_called_by_what_it_lacks() {
    let mut pairing = Pairing::new(SIZE);
    let silence = Duration::from_millis(1500);
    assert_eq!(pairing.silent(silence), StreamFault::Silent(1500));
    put(&mut pairing, &[0; 2]);
    assert_eq!(pairing.silent(silence), StreamFault::HalfFrame { got: 2, wanted: SIZE });
    put(&mut pairing, &[0; 4]);
    assert_eq!(pairing.silent(silence), StreamFault::MissingMetadata);
}

/// What the reader does with what can be read: metadata, then frames, then again.
fn drain(
    pairing: &mut Pairing,
    frames: &mut &[u8],
    metadata: &mut &[u8],
    now: Moment,
) -> Result<Vec<PairedFrame>, StreamFault> {
    let mut out = Vec::new();
    loop {
        pairing.read_metadata(std::mem::take(metadata), now)?;
        let take = pairing.room().len().min(frames.len());
        let (bytes, rest) = frames.split_at(take);
        put(pairing, bytes);
        *frames = rest;
        pairing.no_more_bytes()?;
        match pairing.take(None) {
            Some(frame) => out.push(frame),
            None if frames.is_empty() => return Ok(out),
            None => pairing.more_bytes()?,
        }
    }
}

proptest! {
    /// A writer writes frames and metadata in its order; the reader looks now and then.
    #[test]
    fn whenever_the_reader_looks_every_frame_has_its_own_stamp(looks in prop::collection::vec(1_usize..40, 1..200)) {
        let mut written: Vec<(bool, u8)> = Vec::new();
        for number in 0..20_u8 {
            written.extend([(true, number); SIZE]);
            written.extend(text(START + u64::from(number)).bytes().map(|byte| (false, byte)));
        }
        let (mut pairing, mut got, mut rest) = (Pairing::new(SIZE), Vec::new(), written.as_slice());
        for look in looks.into_iter().chain([usize::MAX]) {
            let (seen, behind) = rest.split_at(look.min(rest.len()));
            rest = behind;
            let part = |frames: bool| -> Vec<u8> {
                seen.iter().filter(|(frame, _)| *frame == frames).map(|(_, byte)| *byte).collect()
            };
            let (frames, metadata) = (part(true), part(false));
            got.extend(drain(&mut pairing, &mut frames.as_slice(), &mut metadata.as_slice(), at(START + 30))
                .expect("in order"));
        }
        prop_assert_eq!(got.len(), 20);
        for (number, frame) in (0..).zip(got) {
            prop_assert_eq!(frame.bytes, vec![number; SIZE]);
            prop_assert_eq!(frame.taken, at(START + u64::from(number)));
            prop_assert_eq!(frame.sequence, u64::from(number));
        }
    }

    /// Of another size than agreed, smaller or larger: no frame is ever given with a stamp that is not its own.
    #[test]
    fn frames_of_another_size_are_never_paired_beyond_the_first(size in 1_usize..20) {
        prop_assume!(size != SIZE);
        let mut pairing = Pairing::new(SIZE);
        let mut outcome = Ok(Vec::new());
        for number in 0..10_u8 {
            let (frame, metadata) = (vec![number; size], text(START + u64::from(number)));
            let now = at(START + 30);
            // The reader looks between the two.
            outcome = drain(&mut pairing, &mut frame.as_slice(), &mut &[][..], now)
                .and_then(|_| drain(&mut pairing, &mut &[][..], &mut metadata.as_bytes(), now));
            if outcome.is_err() {
                break;
            }
            prop_assert!(outcome.as_ref().is_ok_and(Vec::is_empty));
        }
        prop_assert!(outcome.is_err());
    }
}
