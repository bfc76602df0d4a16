//! `limen audit show`: prints records.

use jiff::Timestamp;
use limen_audit::{ChainVerifier, ClockQuality, Record, read_all, read_newest};
use limen_core::person::{PersonId, is_deceptive, printable};
use limen_core::policy::access::calendar::Calendar;
use serde_json::{Value, json};

use super::super::context::CommandContext;
use super::super::id::person_id;
use super::super::outcome::{CommandError, CommandOutcome};
use super::super::output::{FAINT, note, say, styled};
use super::super::when::{TimeArgument, parse_when};
use super::csv;

/// How many records are printed without a filter, unless --lines is given.
const DEFAULT_LINES: usize = 50;
/// The longest text of one record on a terminal, in characters.
const MAX_SHOWN: usize = 2000;

/// Print records, oldest first; with --json one object per record, as in docs/audit.md.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// How many of the newest records [default: 50; all with --since, --until, --who, --kind or --csv]
    #[arg(long, short = 'n')]
    lines: Option<usize>,
    /// Only records since this time, in the site's time zone: 2026-12-24, "2026-12-24 18:00", 2026-12-24T18:00+01:00,
    /// 2h, "30 min"
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    since: Option<TimeArgument>,
    /// Only records until this time, in the same forms; a day counts to its end
    #[arg(long, value_name = "TIME", value_parser = parse_when)]
    until: Option<TimeArgument>,
    /// Only records that name this person
    #[arg(long, value_name = "ID")]
    who: Option<String>,
    /// Only records of this kind, such as granted or refused; may be repeated
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Print CSV: seq, time, clock, kind, who, details
    #[arg(long)]
    csv: bool,
}

struct Filter {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    who: Option<PersonId>,
    kinds: Vec<String>,
}

impl Filter {
    fn of(arguments: &Arguments, calendar: &Calendar) -> Result<Self, CommandError> {
        let now = Timestamp::now();
        let (since, until) = (arguments.since.as_ref(), arguments.until.as_ref());
        Ok(Self {
            since: since.map(|when| when.begin(now, calendar)).transpose()?,
            until: until.map(|when| when.end(now, calendar)).transpose()?,
            who: arguments.who.as_deref().map(person_id).transpose()?,
            kinds: arguments.kind.clone(),
        })
    }

    fn is_empty(&self) -> bool {
        self.since.is_none() && self.until.is_none() && self.who.is_none() && self.kinds.is_empty()
    }

    fn lets_pass(&self, record: &Record) -> bool {
        self.since.is_none_or(|since| record.time >= since)
            && self.until.is_none_or(|until| record.time < until)
            && self.who.as_ref().is_none_or(|who| record.names(who))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == record.kind()))
    }
}

pub fn show(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let settings = context.settings()?;
    let filter = Filter::of(arguments, &settings.access.calendar)?;
    if arguments.csv {
        say(csv::HEADING);
    }
    let print = |record: &Record| {
        if arguments.csv {
            say(&csv::line(record));
        } else if context.json {
            say(&unambiguous(&json!(record).to_string()));
        } else {
            say(&to_line(record));
        }
    };
    let lines = arguments.lines.or((filter.is_empty() && !arguments.csv).then_some(DEFAULT_LINES));
    let sound = match lines {
        Some(lines) if filter.is_empty() => {
            let (records, report) = read_newest(&settings.audit.folder, lines)?;
            records.iter().for_each(print);
            report.is_sound()
        }
        _ => show_filtered(&settings.audit.folder, &filter, lines, print)?,
    };
    if !sound {
        note("some of these records were changed; `limen audit verify` says which");
    }
    Ok(CommandOutcome::Yes)
}

/// Prints the records that pass the filter; if `lines` is given, only the newest of them. False if the chain is
/// broken.
fn show_filtered(
    folder: &std::path::Path,
    filter: &Filter,
    lines: Option<usize>,
    print: impl Fn(&Record),
) -> Result<bool, CommandError> {
    let mut newest = std::collections::VecDeque::new();
    let report = read_all(folder, ChainVerifier::new(Vec::new(), Vec::new()), |found| {
        let Some(record) = found.record().filter(|record| filter.lets_pass(record)) else { return };
        match lines {
            None => print(&record),
            Some(lines) => {
                newest.push_back(record);
                if newest.len() > lines {
                    newest.pop_front();
                }
            }
        }
    })?;
    newest.iter().for_each(print);
    Ok(report.is_sound())
}

fn to_line(record: &Record) -> String {
    let doubt = if record.clock == ClockQuality::Synchronised { "" } else { " (clock not set)" };
    let details: Vec<String> = match &record.fact {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, value)| *key != "kind" && !value.is_null())
            .map(|(key, value)| format!("{key}={value}"))
            .collect(),
        _ => Vec::new(),
    };
    let time = styled(FAINT, &format!("{:.0}{doubt}", record.time), 0);
    let (kind, details) = (printable(record.kind(), 80), printable(&details.join(" "), MAX_SHOWN));
    format!("{:>6} {time} {kind} {details}", record.seq)
}

/// Escapes deceptive characters of a JSON text as `\uXXXX`, so that none of them can disguise a line. They occur in
/// strings only.
fn unambiguous(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_deceptive(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| shown.push_str(&format!("\\u{unit:04x}")));
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_hides_no_direction_marks() {
        assert_eq!(unambiguous("{\"a\":\"x\u{202e}y\"}"), "{\"a\":\"x\\u202ey\"}");
    }
}
