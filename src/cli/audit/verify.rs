//! `limen audit verify`: checks that nothing in the records was changed, removed or reordered.

use std::path::PathBuf;

use limen_audit::{ChainVerifier, SealKey, Sought, VerificationReport, read_all};
use serde_json::json;

use super::super::context::CommandContext;
use super::super::outcome::{CommandError, CommandOutcome};
use super::super::output::{BAD, GOOD, NOTE, say, say_json, styled};

/// Find every changed, removed or reordered record. Exit code 1 if there is one.
///
/// With --json one object: records, first, last, head, key, seals, sealed_to, covered_to, uncovered,
/// old_format_to, forgotten, dropped_to, half, problems (file, line, seq, what), more_problems.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The first public key, from your own copy; may be repeated for a chain that was started again [default: the
    /// key that the records begin with]
    #[arg(long, value_name = "KEY")]
    key: Vec<SealKey>,
    /// A head that was exported to the journal or over the socket: HASH or HASH:NUMBER; may be repeated
    #[arg(long, value_name = "HEAD")]
    head: Vec<Sought>,
    /// The folder with the records [default: as configured]
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

pub fn verify(context: &CommandContext, arguments: &Arguments) -> Result<CommandOutcome, CommandError> {
    let folder = match &arguments.folder {
        Some(folder) => folder.clone(),
        None => context.settings()?.audit.folder,
    };
    if !folder.is_dir() {
        return Err(CommandError::Device(format!(
            "{}: there are no records; [audit] folder of the configuration says where they are (--config FILE), \
             --folder FOLDER names another",
            limen_core::person::printable_path(&folder)
        )));
    }
    let verifier = ChainVerifier::new(arguments.key.clone(), arguments.head.clone());
    let report = read_all(&folder, verifier, |_| {})?;
    if context.json {
        say_json(&to_json(&report))
    } else {
        tell(&report, arguments)
    }
    Ok(CommandOutcome::of(report.is_sound()))
}

fn to_json(report: &VerificationReport) -> serde_json::Value {
    let problem = |finding: &limen_audit::ChainProblem| json!({ "file": finding.file, "line": finding.line, "seq": finding.seq, "what": finding.flaw.to_string() });
    json!({
        "records": report.records,
        "first": report.first,
        "last": report.head.as_ref().map(|head| head.seq),
        "head": report.head.as_ref().map(|head| head.hash.clone()),
        "key": report.key.map(|key| key.to_string()),
        "seals": report.seals,
        "sealed_to": report.sealed_to,
        "covered_to": report.covered_to,
        "uncovered": report.uncovered(),
        "old_format_to": report.old_format_to,
        "forgotten": report.forgotten,
        "dropped_to": report.dropped_to,
        "half": report.half,
        "problems": report.findings.iter().map(problem).collect::<Vec<_>>(),
        "more_problems": report.more_findings,
    })
}

fn tell(report: &VerificationReport, arguments: &Arguments) {
    for finding in &report.findings {
        say(&format!("{} {finding}", styled(BAD, "problem", 8)));
    }
    if report.more_findings > 0 {
        say(&format!("{} and {} more", styled(BAD, "problem", 8), report.more_findings));
    }
    notes(report, arguments).iter().for_each(|note| say(&format!("{} {note}", styled(NOTE, "note", 8))));
    if let Some(head) = &report.head {
        let first = report.first.unwrap_or(head.seq);
        let (records, seals) = (report.records, report.seals);
        let sealed = report.sealed_to.map_or("none".to_owned(), |seq| format!("the last is record {seq}"));
        say(&format!("records  {first} to {}, {records} read; {seals} good seals, {sealed}", head.seq));
        say(&format!("head     {head}"));
    }
    if let Some(key) = &report.key {
        say(&format!("key      {key}"));
    }
    let verdict = if report.is_sound() {
        styled(GOOD, "nothing was changed, removed or reordered", 0)
    } else {
        styled(BAD, "these are not the records that were written", 0)
    };
    say(&verdict);
}

fn notes(report: &VerificationReport, arguments: &Arguments) -> Vec<String> {
    let mut notes = Vec::new();
    if report.head.is_none() {
        notes.push("there are no records".to_owned());
    }
    if let Some(to) = report.dropped_to {
        notes.push(format!("records up to {to} were deleted with their files; their seals were verified"));
    }
    if let Some(to) = report.old_format_to {
        notes.push(format!(
            "records up to {to} have format 1, in which no seal covers them before the first seal after them"
        ));
    }
    if report.forgotten > 0 {
        notes.push(format!("personal data was removed from {} records", report.forgotten));
    }
    if let Some(bytes) = report.half {
        notes.push(format!(
            "the last {bytes} bytes are half a record: one is being written, or the power failed"
        ));
    }
    if let Some((first, last)) = report.uncovered() {
        let covers = "no seal and no exported head covers them: a change at their end would not be found";
        notes.push(format!("records {first} to {last}: {covers}"));
    }
    if arguments.key.is_empty() && report.key.is_some() {
        notes.push(
            "verified with the key that the records begin with; --key with your own copy of it is safer"
                .to_owned(),
        );
    }
    notes
}
