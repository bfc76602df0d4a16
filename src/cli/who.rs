//! `limen who`: says whether a person may enter, and why. It reads only the files; what happened at the door before is
//! known only to the daemon.

use jiff::civil::DateTime;
use limen_core::policy::AccessRules;
use limen_core::policy::access::calendar::Calendar;
use limen_core::policy::access::explanation::{Explanation, Says};
use serde_json::json;

use super::context::CommandContext;
use super::id::person_id;
use super::outcome::{CommandError, CommandOutcome};
use super::output::{BAD, GOOD, NOTE, STRONG, say, say_json, styled};
use super::when::{Resolved, TimeArgument, parse_when};
use crate::clocks;
use crate::gallery::Roster;
use crate::gallery::roster::RosterEntry;

/// Say whether a person may enter at a time, rule by rule. Exit code 1 if not.
///
/// With --json one object: id, at, time_zone, clock_known, allowed, reasons (rule, says: yes, no or
/// provided, text), note.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The person's id, as `limen people` lists it
    id: String,
    /// The time, in the site's time zone: "2026-12-24 18:00", 2026-12-24T18:00+01:00, "in 2h", "2h ago" [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    at: Option<TimeArgument>,
}

/// The time of the question.
struct AskedTime {
    local: DateTime,
    /// Whether the clock is known to be right.
    known: bool,
    note: Option<String>,
}

pub fn who(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings_of_gallery()?;
    let access = &settings.access;
    let id = person_id(&arguments.id)?;
    let roster = Roster::load(&settings.gallery, context.trust())?;
    roster.check_groups(access.groups.keys())?;
    roster.check_schedules(&access.schedule_names())?;
    let Some(entry) = roster.people.iter().find(|entry| entry.id == id) else {
        return Err(CommandError::Usage(format!("\"{id}\" is not enrolled; `limen people` lists who is")));
    };
    let asked = match &arguments.at {
        Some(when) => {
            let Resolved { local, note } = when.at_the_site(clocks::now().wall.utc, &access.calendar)?;
            AskedTime { local, known: true, note }
        }
        None => now(access),
    };
    let explanation = access.explain(&entry.standing, asked.known.then_some(asked.local));
    if context.json {
        say_json(&json!({
            "id": id.as_str(),
            "at": asked.local.to_string(),
            "time_zone": access.calendar.zone_name(),
            "clock_known": asked.known,
            "allowed": explanation.allowed,
            "reasons": explanation.reasons,
            "note": asked.note,
        }));
    } else {
        show(entry, &asked, &access.calendar, &explanation);
    }
    Ok(CommandOutcome::of(explanation.allowed))
}

fn now(access: &AccessRules) -> AskedTime {
    let wall = clocks::now().wall;
    let note = (!wall.synchronised).then(|| "the kernel says that its clock is not synchronised".to_owned());
    AskedTime { local: access.calendar.local(wall), known: access.local_time(wall).is_some(), note }
}

fn show(entry: &RosterEntry, asked: &AskedTime, calendar: &Calendar, explanation: &Explanation) {
    let terms = explanation.reasons.iter().any(|reason| reason.says == Says::Provided);
    let answer = match (explanation.allowed, terms) {
        (true, false) => styled(GOOD, "may enter", 0),
        (true, true) => format!("{} on the terms below", styled(GOOD, "may enter", 0)),
        (false, _) => styled(BAD, "may not enter", 0),
    };
    let time = asked.local.strftime("%a %Y-%m-%d %H:%M");
    let id = styled(STRONG, entry.id.as_str(), 0);
    say(&format!("{id} {answer}: {time}, {}", calendar.zone_name()));
    for reason in &explanation.reasons {
        let (style, word) = match reason.says {
            Says::Yes => (GOOD, "yes"),
            Says::No => (BAD, "no"),
            Says::Provided => (NOTE, "provided"),
        };
        say(&format!("  {} {:<15} {}", styled(style, word, 8), reason.rule, reason.text));
    }
    if let Some(note) = &asked.note {
        super::output::note(note);
    }
}
