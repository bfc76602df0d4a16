//! What happens to a grant while the audit is slow.

use super::*;
use super::{RULES, ada, anytime, at, facts, holds, match_of, policy, request, show_ada, standings, step};
use crate::event::Refusal;
use crate::people::Standing;

#[test]
fn a_silent_audit_refuses_or_allows_as_configured() {
    for (choice, opens) in [(OnAuditFailure::Refuse, false), (OnAuditFailure::AllowAndAlarm, true)] {
        let rules = Rules { on_audit_failure: choice, ..RULES };
        let mut policy = Policy::new(rules, standings(Standing::default()), anytime());
        (0..3).for_each(|i| drop(policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada()))));
        let actions = policy.step(at(1066), Event::Tick);
        assert_eq!(holds(&actions), opens);
        assert!(facts(&actions).iter().any(|f| matches!(f, Fact::Fault { part: Part::Audit, .. })));
    }
}

#[test]
fn an_answer_given_in_time_counts_though_it_is_heard_late_and_one_given_late_does_not() {
    for (given, heard, opens) in
        [(1065, 1065, true), (1065, 1300, true), (1066, 1066, false), (1065, 1561, false)]
    {
        let mut policy = policy();
        let asked: Vec<Action> = (0..3)
            .flat_map(|i| policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada())))
            .collect();
        let id = asked.iter().find_map(request).expect("three frames agree");
        assert_eq!(holds(&policy.step(at(heard), Event::Accepted(id, at(given).moment))), opens, "{heard}");
    }
}

#[test]
fn whoever_still_stands_there_after_a_slow_audit_is_let_in_a_second_later_without_leaving() {
    let mut policy = policy();
    (0..3).for_each(|i| drop(policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada()))));
    assert!(policy.step(at(1066), Event::Tick).contains(&Action::Show(Sign::Refused)));
    assert!(!holds(&show_ada(&mut policy, 1100, 20)), "not at once");
    assert!(holds(&show_ada(&mut policy, 2070, 3)));
    assert!(
        facts(&step(&mut policy, at(9000), Event::TrackEnded(TrackId(1))))
            .iter()
            .all(|fact| { !matches!(fact, Fact::Refused { .. }) })
    );
}

#[test]
fn a_track_that_ends_after_a_slow_audit_is_refused_once_with_that_reason() {
    let mut policy = policy();
    (0..3).for_each(|i| drop(policy.step(at(1000 + i * 30), match_of(1, 1000 + i * 30, 3, ada()))));
    policy.step(at(1066), Event::Tick);
    show_ada(&mut policy, 1100, 2);
    let actions = policy.step(at(1400), Event::TrackEnded(TrackId(1)));
    assert!(matches!(facts(&actions)[..], [Fact::Refused { refusal: Refusal::AuditFailed, .. }]));
}
