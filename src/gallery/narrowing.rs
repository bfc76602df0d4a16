//! Revocation first: what a gallery file with mistakes takes away takes effect at once, and everything new in
//! it waits until the mistakes are mended.
//!
//! People of the gallery in force whom the file no longer names are removed. All others keep the narrower of
//! what they had and what the file says. If neither is narrower (one group instead of another, a photograph
//! less, a value that cannot be read), the person is *held back*: suspended until the mistakes are mended,
//! and named in a message. Nobody ever gains anything here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use limen_core::credential::SecondFactor;
use limen_core::people::{ChallengeRule, PhotoDigest};
use limen_core::people::{Means, Standing};
use limen_core::person::{GroupId, PersonId};

use super::claims::{Claim, Claimed, read_claims};
use super::kept::{Kept, KeptPerson};

/// The files that were at the photographs' paths when the gallery file was last read, by person and path.
pub type Photographs = HashMap<(PersonId, PathBuf), PhotoDigest>;

/// The gallery that was in force, without what the present file takes away.
#[derive(Debug, Clone, PartialEq)]
pub struct Narrowed {
    /// The remaining people.
    pub kept: Kept,
    /// People whom the file no longer names.
    pub out: Vec<PersonId>,
    /// People who are suspended by the file, or held back because of what it says of them.
    pub held: Vec<PersonId>,
    /// People who lost something else: a PIN, a card, a group, days.
    pub limited: Vec<PersonId>,
}

impl Narrowed {
    /// Whether nothing was taken away.
    pub fn is_nothing(&self) -> bool {
        [&self.out, &self.held, &self.limited].into_iter().all(Vec::is_empty)
    }
}

/// Narrows the gallery in force by the text of the present file and by the files at its photographs' paths.
/// If the text is no TOML, nobody knows what it takes away, and the gallery is returned unchanged.
pub fn narrow(kept: Kept, text: &str, photographs: &Photographs) -> Result<Narrowed, Kept> {
    let Some(left) = standings_left(&kept, text, photographs) else { return Err(kept) };
    let mut narrowed = Narrowed { kept: Kept::default(), out: vec![], held: vec![], limited: vec![] };
    narrowed.kept.people.reserve_exact(left.iter().flatten().count());
    for (person, standing) in kept.people.into_iter().zip(left) {
        let Some(standing) = standing else {
            narrowed.out.push(person.id);
            continue;
        };
        if standing.suspended && !person.standing.suspended {
            narrowed.held.push(person.id.clone());
        } else if standing != person.standing {
            narrowed.limited.push(person.id.clone());
        }
        narrowed.kept.people.push(KeptPerson { standing, ..person });
    }
    Ok(narrowed)
}

/// The remaining standing of each person, in order; none for people whom the text no longer names.
fn standings_left(kept: &Kept, text: &str, photographs: &Photographs) -> Option<Vec<Option<Standing>>> {
    let places: HashMap<&PersonId, usize> =
        kept.people.iter().enumerate().map(|(place, person)| (&person.id, place)).collect();
    let mut left: Vec<Option<Standing>> = vec![None; kept.people.len()];
    read_claims(text, |id, claim| {
        let Some(&place) = places.get(&id) else { return };
        let person = &kept.people[place];
        // If a person has two entries, both count.
        let had = left[place].get_or_insert_with(|| person.standing.clone());
        *had = narrower(had, &claim);
        had.suspended |= claim.unknown_key || lost_a_picture(person, &claim, photographs);
    })?;
    Some(left)
}

/// Whether a picture by which the person was recognised is no longer theirs: if it shows another person, that
/// one must not enter in their place.
fn lost_a_picture(person: &KeptPerson, claim: &Claim, photographs: &Photographs) -> bool {
    let lost_photo = |(path, digest): &(PathBuf, PhotoDigest)| {
        // Discarded photographs leave their templates.
        let listed = claim.photos.contains(path) || claim.stored;
        let there = photographs.get(&(person.id.clone(), path.clone()));
        !listed || there.is_some_and(|found| found != digest)
    };
    person.photos.iter().any(lost_photo)
        || person.given.iter().any(|given| !claim.given.contains(&given.digest))
        || (person.stored && !claim.stored)
}

/// The narrower of what a person has and what the file says.
fn narrower(had: &Standing, claim: &Claim) -> Standing {
    let (groups, no_group_left) = narrower_groups(&had.groups, &claim.groups);
    let (means, unclear) = narrower_means(&had.means, claim);
    let unreadable_day = [&claim.valid_from, &claim.valid_until].contains(&&Claimed::Unreadable);
    Standing {
        suspended: had.suspended
            || !matches!(claim.suspended, Claimed::Nothing | Claimed::This(false))
            || unreadable_day
            || no_group_left
            || unclear,
        valid_from: match claim.valid_from {
            Claimed::This(day) => had.valid_from.max(Some(day)),
            _ => had.valid_from,
        },
        valid_until: match claim.valid_until {
            Claimed::This(day) => Some(had.valid_until.map_or(day, |before| before.min(day))),
            _ => had.valid_until,
        },
        groups,
        extended_time: had.extended_time && claim.extended_time == Claimed::This(true),
        // A waiver is taken away, and none is given.
        challenge: match (had.challenge, &claim.challenge) {
            (ChallengeRule::Pin, Claimed::This(ChallengeRule::Pin)) => ChallengeRule::Pin,
            _ => ChallengeRule::Turn,
        },
        means,
    }
}

/// The groups that remain, and whether none remains that the person may enter with. A person in no group may
/// enter at any time. So losing the last group does not narrow, and gaining the first one narrows, but is
/// also something new.
fn narrower_groups(had: &[GroupId], said: &Claimed<Vec<GroupId>>) -> (Vec<GroupId>, bool) {
    match said {
        Claimed::This(said) if !said.is_empty() => {
            let both: Vec<GroupId> = had.iter().filter(|group| said.contains(group)).cloned().collect();
            if both.is_empty() { (had.to_vec(), true) } else { (both, false) }
        }
        Claimed::Nothing | Claimed::This(_) => (had.to_vec(), false),
        Claimed::Unreadable => (had.to_vec(), true),
    }
}

/// The remaining second factors, and whether it is unknown which of two rules is the stricter one.
fn narrower_means(had: &Arc<Means>, claim: &Claim) -> (Arc<Means>, bool) {
    let pin = had.pin.as_ref().filter(|pin| claim.pin == Claimed::This((*pin).clone()));
    let duress = had.duress.as_ref().filter(|pin| claim.duress == Claimed::This((*pin).clone()));
    let (rule, unclear) = match (&had.rule, &claim.rule) {
        (rule, Claimed::Nothing) => (*rule, false),
        (rule, Claimed::Unreadable) => (*rule, true),
        (None, Claimed::This(rule)) => (Some(*rule), false),
        (Some(one), Claimed::This(other)) => match stricter(*one, *other) {
            Some(rule) => (Some(rule), false),
            None => (Some(*one), true),
        },
    };
    let (schedules, no_schedule_known) = all_schedules(had, claim);
    let means = Means {
        pin: pin.cloned(),
        // A duress PIN is none without the PIN beside it.
        duress: duress.filter(|_| pin.is_some()).cloned(),
        card: had.card.as_ref().filter(|card| claim.card == Claimed::This((*card).clone())).cloned(),
        rule,
        schedules,
    };
    (if means == **had { Arc::clone(had) } else { Arc::new(means) }, unclear || no_schedule_known)
}

/// A rule that asks for at least what both rules ask for; `None` if there is none.
fn stricter(one: SecondFactor, other: SecondFactor) -> Option<SecondFactor> {
    match (one, other) {
        (one, other) if one == other => Some(one),
        (SecondFactor::PinOrCard, rule) | (rule, SecondFactor::PinOrCard) => Some(rule),
        _ => None,
    }
}

/// The schedules during which a factor is asked for, and whether it is unknown which were meant. None means
/// always. More schedules ask more often. A schedule that the site does not have means always, whatever else
/// is listed.
fn all_schedules(had: &Means, claim: &Claim) -> (Vec<String>, bool) {
    let said = match &claim.schedules {
        Claimed::This(said) => said.as_slice(),
        Claimed::Nothing => &[],
        Claimed::Unreadable => return (Vec::new(), true),
    };
    match (had.rule, &claim.rule) {
        // The file has no rule: keep the old one. If it has schedules, their rule was lost.
        (_, Claimed::Nothing) => (had.schedules.clone(), !said.is_empty()),
        (None, _) => (said.to_vec(), false),
        (Some(_), _) if said.is_empty() || had.schedules.is_empty() => (Vec::new(), false),
        (Some(_), _) => {
            let more = said.iter().filter(|name| !had.schedules.contains(name));
            (had.schedules.iter().chain(more).cloned().collect(), false)
        }
    }
}

#[cfg(test)]
#[path = "narrowing_tests.rs"]
mod tests;
