//! Properties of random walks with faces, answers of the audit, faults, locking and reloads.

use proptest::prelude::*;

use super::*;

/// What a random walk may do; times are steps forward or, for frames, back.
#[derive(Debug, Clone)]
enum Move {
    Frame { track: u64, age: u64, frames: u32, fused: Option<bool>, alone: Option<bool> },
    Answer(bool),
    Wait(u64),
    End(u64),
    Fail,
    Recover,
    Lock,
    Reload(bool),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let who = proptest::option::weighted(0.8, proptest::bool::weighted(0.8));
    let frame = (0..3u64, prop_oneof![8 => 0..100u64, 1 => 400..700u64], 1..6u32, who.clone(), who)
        .prop_map(|(track, age, frames, fused, alone)| Move::Frame { track, age, frames, fused, alone });
    let one = prop_oneof![
        12 => frame,
        4 => proptest::bool::weighted(0.8).prop_map(Move::Answer),
        2 => prop_oneof![1..50u64, 50..6000u64].prop_map(Move::Wait),
        1 => (0..3u64).prop_map(Move::End),
        1 => prop_oneof![Just(Move::Fail), Just(Move::Recover), Just(Move::Lock)],
        1 => any::<bool>().prop_map(Move::Reload),
    ];
    proptest::collection::vec(one, 1..120)
}

fn pick(who: Option<bool>) -> Option<PersonId> {
    who.map(|first| if first { ada() } else { bob() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_of_events_opens_without_agreeing_fresh_frames_and_every_unlock_ends(walk in moves()) {
        let mut policy = policy();
        let mut clock = 10_000u64;
        // The request, and when it was made.
        let mut asked: Option<(RequestId, u64)> = None;
        // For each track: the frames that rightly count, newest last, as (taken, person).
        let mut shown: HashMap<u64, Vec<(u64, PersonId)>> = HashMap::new();
        let mut opened: Option<u64> = None;
        for one in walk {
            clock += 7;
            let now = at(clock);
            let was_open = policy.open().is_some();
            let event = match &one {
                Move::Frame { track, age, frames, fused, alone } => {
                    let (taken, fused, alone) = (clock - age, pick(*fused), pick(*alone));
                    if *frames == 1 { shown.remove(track); }
                    if let (Some(person), true) = (&fused, fused == alone && *age <= 500) {
                        shown.entry(*track).or_default().push((taken, person.clone()));
                    }
                    frame(*track, taken, *frames, fused, alone)
                }
                Move::Answer(yes) => match asked.take() {
                    Some((id, asked)) if *yes => Event::Accepted(id, at(asked + 4).moment),
                    Some((id, _)) => Event::NotAccepted(id),
                    None => Event::Tick,
                },
                Move::Wait(ms) => { clock += ms; Event::Tick }
                Move::End(track) => { shown.remove(track); Event::TrackEnded(TrackId(*track)) }
                Move::Fail => Event::Failed(Part::Camera, String::new()),
                Move::Recover => Event::Recovered(Part::Camera),
                Move::Lock => command(LOCK),
                Move::Reload(both) => {
                    let mut people = vec![(bob(), Standing::default())];
                    if *both { people.push((ada(), Standing::default())) }
                    Event::NewStandings(Arc::new(people.into_iter().collect()))
                }
            };
            let now = if matches!(one, Move::Wait(_)) { at(clock) } else { now };
            let actions = policy.step(now, event);
            asked = actions.iter().find_map(request).map(|id| (id, clock)).or(asked);
            if let Some(Fact::Granted { person: Some(person), track: Some(track), .. }) =
                actions.iter().find(|a| request(a).is_some()).map(|a| match a {
                    Action::RecordAndAnswer(_, fact) => fact.clone(),
                    _ => unreachable!("only these carry a request"),
                })
            {
                let fresh = shown.get(&track.0).map_or(0, |frames| {
                    frames.iter().filter(|(taken, who)| *who == *person && clock - taken <= 500 * 5).count()
                });
                prop_assert!(fresh >= RULES.frames, "opened on {fresh} frames");
                prop_assert!(policy.failed().is_empty());
            }
            if holds(&actions) {
                let since = *opened.get_or_insert(clock);
                prop_assert!(clock - since < 5000, "held for {} ms", clock - since);
                prop_assert!(policy.open().is_some());
            } else {
                if was_open { prop_assert!(actions.contains(&Action::Lock)); }
                opened = None;
            }
        }
        let actions = policy.step(at(clock + 5001), Event::Tick);
        prop_assert!(!holds(&actions) && policy.open().is_none());
    }
}
