//! `limen pin`: writes the hash of a person's PIN into the gallery file. The PIN itself is not shown and not kept.

pub(super) mod terminal;

use std::num::NonZero;
use std::thread;

use limen_core::credential::{Digits, HashError, PinError, PinHash, SALT, check_new_pin, slips};
use limen_core::people::Means;
use limen_core::person::PersonId;
use serde_json::json;

use super::context::CommandContext;
use super::id::person_id;
use super::in_force::bring_into_force;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{note, say, say_json};
use super::people::revoke::{self, not_edited, settings_to_revoke_by};
use crate::enrol::{EnrolError, look_over};
use crate::gallery::{Roster, WhichPin, set_pin};

/// Set or remove a person's PIN; a running daemon is asked to reload.
///
/// The PIN has 4 to 8 digits. It is asked for twice and not shown. A duress PIN opens the door like the PIN and raises
/// a silent alarm. It must differ from the PIN by more than a typing error; the check of this takes some seconds. With
/// --json one object: id, and set or removed: pin, duress-pin.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The person's id, as `limen people` lists it
    id: String,
    /// The PIN that raises a silent alarm
    #[arg(long)]
    duress: bool,
    /// Remove the PIN and the duress PIN; with --duress only the duress PIN
    #[arg(long, conflicts_with = "stdin")]
    remove: bool,
    /// Read the PIN from standard input, one line, instead of asking twice
    #[arg(long)]
    stdin: bool,
}

pub fn pin(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let id = person_id(&arguments.id)?;
    if arguments.remove {
        return take_away(context, &id, arguments.duress);
    }
    let settings = context.settings_of_gallery()?;
    let roster = Roster::load(&settings.gallery, context.trust())?;
    let Some(entry) = roster.people.iter().find(|entry| entry.id == id) else {
        return Err(CommandError::Usage(format!("\"{id}\" is not enrolled; `limen people` lists who is")));
    };
    let which = if arguments.duress { WhichPin::Duress } else { WhichPin::Usual };
    let hash = new_hash(&entry.standing.means, which, arguments.stdin)?;
    let daemon = context.socket(&settings).exists();
    let (trust, access) = (context.trust(), context.access(&settings));
    let mut check =
        |roster: &Roster| wait_for_what_else_is_wrong(look_over(roster, trust, access).err(), daemon);
    let edited = set_pin(&settings.gallery, &id, which, Some(&hash), &mut check)?;
    bring_into_force(context, &settings, &edited).into_result()?;
    if settings.entry.keypad.is_none() {
        note("the configuration has no [keypad], so that no PIN can be entered");
    }
    tell(context, &id, which, false);
    Ok(CommandOutcome::Yes)
}

/// Removes a PIN, even if the gallery file has mistakes elsewhere.
fn take_away(context: &CommandContext, id: &PersonId, duress: bool) -> Result<CommandOutcome, CommandError> {
    let settings = settings_to_revoke_by(context, id)?;
    let which = if duress { WhichPin::Duress } else { WhichPin::Usual };
    set_pin(&settings.gallery, id, which, None, &mut |_| Ok(()))
        .map_err(|error| not_edited(context, &settings, id, error))?;
    revoke::bring_into_force(context, &settings, id)?;
    tell(context, id, which, true);
    Ok(CommandOutcome::Yes)
}

/// Refuses a new PIN while the gallery file has other mistakes, if a daemon runs: it would refuse the file, so that the
/// old PIN would be out of force and the new one not in force. Without a daemon there is only a note.
fn wait_for_what_else_is_wrong(wrong: Option<EnrolError>, daemon: bool) -> Result<(), String> {
    match wrong {
        Some(error) if daemon => Err(error.to_string()),
        Some(error) => {
            note(&format!("the daemon refuses the gallery until this is mended:\n{error}"));
            Ok(())
        }
        None => Ok(()),
    }
}

fn tell(context: &CommandContext, id: &PersonId, which: WhichPin, removed: bool) {
    let done = if removed { "removed" } else { "set" };
    if context.json {
        say_json(&json!({ "id": id.as_str(), done: which.key() }));
    } else {
        say(&format!("{id}: {} {done}", which.key()));
    }
}

/// Asks for a new PIN, and checks that it is good and differs from the person's other PIN. Returns its hash.
fn new_hash(means: &Means, which: WhichPin, stdin: bool) -> Result<PinHash, CommandError> {
    let other = match which {
        WhichPin::Usual => means.duress.as_ref(),
        WhichPin::Duress if means.pin.is_none() => {
            return Err(CommandError::Usage(
                "a duress PIN needs a PIN; set that first, without --duress".into(),
            ));
        }
        WhichPin::Duress => means.pin.as_ref(),
    };
    let pin = if stdin { terminal::from_standard_input()? } else { terminal::ask_twice(which.in_words())? };
    check_new_pin(&pin)?;
    if let Some(other) = other {
        check_apart(&pin, other)?;
    }
    let mut salt = [0; SALT];
    getrandom::fill(&mut salt).map_err(|error| HashError::Failed(error.to_string()))?;
    Ok(PinHash::of(&pin, salt)?)
}

/// Checks that no slip of the new PIN is the other PIN. Only the hash of that is known, so every slip is hashed, on all
/// processors.
fn check_apart(pin: &Digits, other: &PinHash) -> Result<(), CommandError> {
    if other.is_of(pin)? {
        return Err(PinError::SameAsOther.into());
    }
    let slips = slips(pin);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let found = thread::scope(|scope| {
        let shares = slips.chunks(slips.len().div_ceil(workers));
        let any_is_other =
            |share: &[Digits]| share.iter().try_fold(false, |any, slip| Ok(any || other.is_of(slip)?));
        let running: Vec<_> = shares.map(|share| scope.spawn(move || any_is_other(share))).collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended
            .map(|joined| joined.unwrap_or_else(|_| Err(HashError::Failed("a thread ended".to_owned()))))
            .collect()
    });
    let found: Result<Vec<bool>, HashError> = found;
    if found?.contains(&true) { Err(PinError::SlipOfOther.into()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Digits {
        Digits::new(text).expect("digits")
    }

    #[test]
    fn a_pin_waits_for_somebody_elses_mistake_where_a_daemon_would_narrow_the_old_one_away() {
        let wrong =
            || Roster::parse("[[person]]\nid = 5\n", "gallery.toml".as_ref()).err().map(EnrolError::from);
        assert!(wait_for_what_else_is_wrong(wrong(), true).is_err());
        assert_eq!(wait_for_what_else_is_wrong(wrong(), false), Ok(()), "it is noted");
        assert_eq!(wait_for_what_else_is_wrong(None, true), Ok(()));
    }

    #[test]
    fn a_pin_too_near_to_the_other_is_refused_though_only_its_hash_is_known() {
        let other = PinHash::of(&digits("4711"), [0; SALT]).expect("memory");
        let answer = |pin| check_apart(&digits(pin), &other).map_err(|error| error.to_string());
        assert_eq!(answer("4711"), Err(PinError::SameAsOther.to_string()));
        assert_eq!(answer("4712"), Err(PinError::SlipOfOther.to_string()));
        assert_eq!(answer("47115"), Err(PinError::SlipOfOther.to_string()));
        assert_eq!(answer("9035"), Ok(()));
    }
}
