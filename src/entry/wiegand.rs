//! From pulses to a card: a Wiegand reader pulls D0 low for each zero and D1 for each one.
//!
//! A pulse lasts 20 to 100 microseconds and the next follows after 0.2 to 20 ms (SIA AC-01), so a frame has
//! ended when no pulse came for 40 ms. The first bit makes the first half even, the last bit makes the second
//! half odd. 26 bits are H10301 (8 bits of facility, 16 of number), 34 bits are H10306 (16 and 16). Parity
//! does not detect two wrong bits in the same half; that is why a card is never enough without a face.

use std::time::Duration;

use limen_core::credential::Card;
use limen_core::event::EntryMistake;

use super::keypad::EntryOutcome;
use super::report::Entry;

/// A frame has ended when no pulse came for this long.
pub const END_OF_FRAME: Duration = Duration::from_millis(40);
/// The longest gap within a frame: a quarter longer than the standard allows, because the kernel's stamps
/// jitter.
const LONGEST_GAP: Duration = Duration::from_millis(25);
/// The shortest gap within a frame: half of what the standard allows, for the same reason.
const SHORTEST_GAP: Duration = Duration::from_micros(100);
/// The largest number of pulses that are remembered; the longest format has 34.
const MOST_BITS: usize = 64;

/// A pulse on one of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WiegandPulse {
    /// The kernel's time stamp, by a clock that is never set.
    pub at: Duration,
    /// Whether it is a one: it came on D1.
    pub one: bool,
}

/// The pulses of one frame so far.
#[derive(Debug, Default)]
pub struct WiegandFrame {
    pulses: Vec<WiegandPulse>,
    /// Whether there were more pulses than any format has.
    flooded: bool,
}

impl WiegandFrame {
    /// Adds a pulse. Pulses of the two lines may come in the wrong order, because the kernel has a file for
    /// each line. A flood is reported when it begins, as it may never end.
    pub fn add(&mut self, pulse: WiegandPulse) -> Option<EntryOutcome> {
        if self.pulses.len() < MOST_BITS {
            self.pulses.push(pulse);
            return None;
        }
        let begins = !std::mem::replace(&mut self.flooded, true);
        begins.then_some(Err(EntryMistake::Flooded))
    }

    /// Whether pulses were added since the last end.
    pub fn has_begun(&self) -> bool {
        !self.pulses.is_empty()
    }

    /// Ends the frame, after no pulse for [`END_OF_FRAME`]. Returns what the pulses were.
    pub fn end(&mut self) -> Option<EntryOutcome> {
        let Self { mut pulses, flooded } = std::mem::take(self);
        pulses.sort_unstable();
        (!pulses.is_empty() && !flooded).then(|| card_of(&pulses).map(Entry::Card))
    }
}

fn card_of(pulses: &[WiegandPulse]) -> Result<Card, EntryMistake> {
    let gaps = || pulses.windows(2).map(|two| two[1].at - two[0].at);
    let is_one_frame = gaps().all(|gap| (SHORTEST_GAP..=LONGEST_GAP).contains(&gap));
    if !is_one_frame || !matches!(pulses.len(), 26 | 34) {
        let (shortest, longest) = (gaps().min().unwrap_or_default(), gaps().max().unwrap_or_default());
        log::debug!("reader: {} pulses, {shortest:?} to {longest:?} apart, are no card", pulses.len());
        return Err(EntryMistake::Noise);
    }
    let bits = pulses.iter().fold(0_u64, |bits, pulse| bits << 1 | u64::from(pulse.one));
    let half = pulses.len() / 2;
    let (first, second) = (bits >> half, bits & ((1 << half) - 1));
    if first.count_ones() % 2 != 0 || second.count_ones() % 2 != 1 {
        return Err(EntryMistake::Parity);
    }
    let [number_high, number_low] = [bits >> 9, bits >> 1].map(|part| (part & 0xff) as u8);
    let number = u16::from_be_bytes([number_high, number_low]);
    let facility = (bits >> 17) & if half == 13 { 0xff } else { 0xffff };
    Ok(match u8::try_from(facility) {
        Ok(facility) if half == 13 => Card::wiegand26(facility, number),
        _ => Card::wiegand34(facility as u16, number),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    /// The bits of a card with correct parity, first bit first.
    pub fn bits_of(facility: u32, number: u16, length: usize) -> Vec<bool> {
        let data = u64::from(facility) << 16 | u64::from(number);
        let mut bits: Vec<bool> = (0..length - 2).rev().map(|at| data >> at & 1 == 1).collect();
        let half = bits.len() / 2;
        let ones = |bits: &[bool]| bits.iter().filter(|bit| **bit).count();
        let (even, odd) = (ones(&bits[..half]) % 2 == 1, ones(&bits[half..]) % 2 == 0);
        bits.insert(0, even);
        bits.push(odd);
        bits
    }

    fn pulses(bits: &[bool], apart: Duration) -> Vec<WiegandPulse> {
        let pulse =
            |(n, one): (u32, &bool)| WiegandPulse { at: Duration::from_secs(7) + n * apart, one: *one };
        (0..).zip(bits).map(pulse).collect()
    }

    fn read(pulses: &[WiegandPulse]) -> Option<EntryOutcome> {
        let mut frame = WiegandFrame::default();
        let flood = pulses.iter().filter_map(|pulse| frame.add(*pulse)).last();
        flood.or(frame.end())
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_frame_with_its_parity_is_a_card() {
        // Worked out by hand: 01111011 is 123, 1011001001101110 is 45678; nine ones before, six after the
        // middle.
        let text = "10111101110110010011011101";
        let bits: Vec<bool> = text.bytes().map(|byte| byte == b'1').collect();
        assert_eq!(bits, bits_of(123, 45_678, 26));
        assert_eq!(read(&pulses(&bits, 2 * MS)), Some(Ok(Entry::Card(Card::wiegand26(123, 45_678)))));
        let long = pulses(&bits_of(45_678, 123, 34), MS / 5);
        assert_eq!(read(&long), Some(Ok(Entry::Card(Card::wiegand34(45_678, 123)))));
        let small = pulses(&bits_of(7, 1, 34), MS);
        assert_eq!(read(&small), Some(Ok(Entry::Card(Card::wiegand34(7, 1)))));
    }

    #[test]
    fn pulses_of_the_two_lines_may_come_in_any_order() {
        let mut frame = pulses(&bits_of(123, 45_678, 26), MS);
        frame.sort_by_key(|pulse| (pulse.one, pulse.at));
        assert_eq!(read(&frame), Some(Ok(Entry::Card(Card::wiegand26(123, 45_678)))));
    }

    #[test]
    fn a_wrong_parity_and_a_missing_bit_are_no_card() {
        let bits = bits_of(123, 45_678, 26);
        for at in 0..bits.len() {
            let mut wrong = bits.clone();
            wrong[at] = !wrong[at];
            assert_eq!(read(&pulses(&wrong, MS)), Some(Err(EntryMistake::Parity)), "bit {at}");
            wrong.remove(at);
            assert_eq!(read(&pulses(&wrong, MS)), Some(Err(EntryMistake::Noise)), "without bit {at}");
        }
    }

    #[test]
    fn gaps_and_bursts_are_noise() {
        let bits = bits_of(123, 45_678, 26);
        assert_eq!(read(&pulses(&bits, MS / 20)), Some(Err(EntryMistake::Noise)), "too close");
        let mut late = pulses(&bits, MS);
        late[13..].iter_mut().for_each(|pulse| pulse.at += 26 * MS);
        assert_eq!(read(&late), Some(Err(EntryMistake::Noise)), "a gap inside");
        let mut both = pulses(&bits, MS);
        both[5] = WiegandPulse { one: !both[4].one, ..both[4] };
        assert_eq!(read(&both), Some(Err(EntryMistake::Noise)), "on both lines at once");
        assert_eq!(read(&pulses(&[true], MS)), Some(Err(EntryMistake::Noise)));
        assert_eq!(read(&pulses(&[true; 10_000], MS)), Some(Err(EntryMistake::Flooded)));
        assert_eq!(read(&[]), None);
    }

    /// In any noise, only 26 or 34 pulses with the parity of both halves are a card.
    #[test]
    fn a_hundred_thousand_frames_of_noise_make_no_card_that_was_not_sent() {
        let mut runner =
            TestRunner::new(Config { cases: 100_000, failure_persistence: None, ..Config::default() });
        let lengths = proptest::prop_oneof![3 => 0_usize..64, 3 => 26_usize..27, 3 => 34_usize..35];
        let bit = proptest::bool::ANY;
        let frames = proptest::strategy::Strategy::prop_flat_map(lengths, move |length| {
            proptest::collection::vec((bit, 0_u64..2_000), length)
        });
        let outcome = runner.run(&frames, |frame| {
            let mut at = Duration::from_secs(1);
            let mut sent: Vec<WiegandPulse> = Vec::new();
            for (one, gap) in &frame {
                at += Duration::from_micros(90 + gap);
                sent.push(WiegandPulse { at, one: *one });
            }
            let Some(Ok(entry)) = read(&sent) else { return Ok(()) };
            let bits: Vec<bool> = sent.iter().map(|pulse| pulse.one).collect();
            let Entry::Card(card) = entry else { panic!("no card") };
            let parts: Vec<u32> =
                card.as_str().split(':').map(|part| part.parse().expect("a number")).collect();
            let length = parts[0] as usize;
            proptest::prop_assert_eq!(bits, bits_of(parts[1], parts[2] as u16, length));
            proptest::prop_assert!(sent.windows(2).all(|two| two[1].at - two[0].at >= SHORTEST_GAP));
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{error}"));
    }
}
