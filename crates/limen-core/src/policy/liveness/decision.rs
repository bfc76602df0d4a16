//! What follows when somebody is recognised: they pass, are watched, are asked, or are refused.

use std::time::Duration;

use super::asked::{Asked, Stage};
use super::challenge::Failure;
use super::outcome::{Foreseen, LivenessOutcome};
use super::{Liveness, Passed, Phase, refuse};
use crate::clock::Moment;
use crate::event::{ChallengeOutcome, LivenessProof, Refusal};
use crate::people::ChallengeRule;
use crate::person::PersonId;
use crate::policy::context::Context;
use crate::policy::event::Action;
use crate::policy::recognition::Recognised;
use crate::policy::rules::LivenessMode;

/// How long somebody may move too little in mode `motion` before the door asks.
const WATCHING: Duration = Duration::from_millis(1500);
/// How long a completed challenge counts for another decision on the same track, if the audit was slow.
const PASSED: Duration = Duration::from_secs(5);

impl Liveness {
    /// Enough frames agree on somebody.
    pub fn recognised(
        &mut self,
        at: &Context<'_>,
        visitor: Recognised,
        foreseen: Foreseen,
    ) -> Vec<LivenessOutcome> {
        if at.settings.rules.liveness.mode == LivenessMode::Off {
            return vec![LivenessOutcome::Pass(visitor, LivenessProof::Off)];
        }
        let mut out = Vec::new();
        match std::mem::take(&mut self.phase) {
            Phase::Idle => self.decide(at, visitor, None, foreseen, &mut out),
            Phase::Watching { visitor: before, since, .. } => {
                let since = is_same(&before, &visitor).then_some(since);
                self.decide(at, visitor, since, foreseen, &mut out);
            }
            Phase::Asked(asked) if !is_same(&asked.visitor, &visitor) => {
                let is_same_track = asked.visitor.track == visitor.track;
                self.drop_out(at, asked, &mut out);
                if !is_same_track {
                    self.decide(at, visitor, None, foreseen, &mut out);
                }
            }
            Phase::Asked(asked)
                if matches!(asked.stage, Stage::Agreeing { .. }) && self.looks_flat(at, visitor.track) =>
            {
                self.phase = Phase::Asked(asked);
                self.attempt_failed(at, Failure::LooksFlat, &mut out);
            }
            Phase::Asked(asked) if matches!(asked.stage, Stage::Agreeing { .. }) => {
                self.record(&asked, ChallengeOutcome::Passed, at.moment(), &mut out);
                let (track, person) = (visitor.track, visitor.person.clone());
                self.passed = Some(Passed { track, person, until: at.moment() + PASSED });
                self.decide(at, visitor, None, foreseen, &mut out);
            }
            // A challenge goes on.
            Phase::Asked(asked) => self.phase = Phase::Asked(asked),
        }
        out
    }

    /// Nobody is asked now. `since`: when somebody was first recognised who is watched.
    fn decide(
        &mut self,
        at: &Context<'_>,
        visitor: Recognised,
        since: Option<Moment>,
        foreseen: Foreseen,
        out: &mut Vec<LivenessOutcome>,
    ) {
        let (now, track) = (at.moment(), visitor.track);
        if let Some(cue) = self.tracks.denied(track) {
            self.pauses.failed(&visitor.person, now);
            return refuse(at, visitor, Refusal::DenyCue(cue), out);
        }
        match foreseen {
            Foreseen::Nothing => {}
            Foreseen::IsAsked => return out.push(LivenessOutcome::Close(track)),
            Foreseen::Refused(why) => return refuse(at, visitor, why, out),
        }
        if self.has_passed(&visitor, now) {
            self.pass(visitor, LivenessProof::Challenge, out);
        } else if is_waived(at, &visitor.person) {
            out.push(LivenessOutcome::Pass(visitor, LivenessProof::Waived));
        } else if let Some(until) = self.pauses.until(&visitor.person, now) {
            out.push(LivenessOutcome::AskAgain(track, until, Refusal::LivenessPaused));
        } else if at.settings.rules.liveness.mode == LivenessMode::Challenge {
            self.ask(visitor, now, out);
        } else {
            self.weigh(at, visitor, since.unwrap_or(now), out);
        }
    }

    /// Whether this face completed a challenge a moment ago. Forgets a challenge of somebody else.
    fn has_passed(&mut self, visitor: &Recognised, now: Moment) -> bool {
        let is_theirs = |passed: &Passed| {
            passed.track == visitor.track && passed.person == visitor.person && now < passed.until
        };
        self.passed = self.passed.take().filter(is_theirs);
        self.passed.is_some()
    }

    fn pass(&mut self, visitor: Recognised, how: LivenessProof, out: &mut Vec<LivenessOutcome>) {
        self.pauses.passed(&visitor.person);
        out.push(LivenessOutcome::Pass(visitor, how));
    }

    fn ask(&mut self, visitor: Recognised, now: Moment, out: &mut Vec<LivenessOutcome>) {
        out.push(LivenessOutcome::Do(Action::DrawChallenge(visitor.track)));
        self.phase = Phase::Asked(Asked::new(visitor, now));
    }

    /// Passes somebody who moved enough; otherwise watches them for a while, and then asks them if the door can.
    fn weigh(
        &mut self,
        at: &Context<'_>,
        visitor: Recognised,
        since: Moment,
        out: &mut Vec<LivenessOutcome>,
    ) {
        let (rules, now) = (&at.settings.rules.liveness, at.moment());
        let motion = self.tracks.of(visitor.track);
        let solid = motion.solid(now, &rules.limits).filter(|_| !motion.looks_flat(&rules.limits));
        if solid.is_some_and(|solid| solid >= rules.limits.solid) {
            self.pass(visitor, LivenessProof::Motion, out);
        } else if rules.prompts && now.since(since) >= WATCHING {
            self.ask(visitor, now, out);
        } else {
            out.push(LivenessOutcome::GoOn(visitor.track, Refusal::LivenessUnsure));
            self.phase = Phase::Watching { visitor, since, last: now };
        }
    }
}

fn is_same(one: &Recognised, other: &Recognised) -> bool {
    one.track == other.track && one.person == other.person
}

/// Whether the gallery says that a PIN takes the place of the turn.
fn is_waived(at: &Context<'_>, person: &PersonId) -> bool {
    let standing = at.settings.standings.get(person);
    standing.is_some_and(|standing| standing.challenge == ChallengeRule::Pin)
}
