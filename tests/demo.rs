//! The demo is the main job on real photographs: who is enrolled opens the door, who is not does not.

use crate::support::limen;

#[test]
fn the_enrolled_person_opens_the_door_a_stranger_does_not_and_a_photograph_is_no_head() {
    let ran = limen(["demo"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    for line in [
        "obama2               enrolled: opened the door",
        "obama3               enrolled: opened the door",
        "biden                a stranger: did not open the door",
        "refused: nobody enrolled is near enough (8 frames compared)",
        "refused: barack-obama: it stayed open whether a living head stands there",
        "the photograph       did not open the door",
        "the head             opened the door",
    ] {
        assert!(ran.out.contains(line), "{line}\n{}", ran.out);
    }
    let trace =
        ran.out.lines().find(|line| line.trim_start().starts_with("__")).expect("a trace of the lock");
    assert!(trace.ends_with('_'), "the door ends locked: {trace}");
    let longest = trace.split('_').map(str::len).max().unwrap_or(0);
    assert!((8..=12).contains(&longest), "unlocked for about a second: {trace}");
    assert!(!ran.out.contains('\u{1b}'), "no colour where there is no terminal");
}
