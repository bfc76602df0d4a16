//! Enrols many people at once, from a folder or a list: all of them or nobody, unless bad photographs are skipped. The
//! problems of all files are reported at once. What is already enrolled stays as it is.

use serde_json::json;

use super::arrival::{Arrival, KnownPhoto};
use super::consent::Consent;
use super::photo::CheckedPhoto;
use super::request::{EnrollmentRequest, PersonToEnroll};
use super::site::{EnrolledPerson, EnrollmentSite};
use crate::cli::context::CommandContext;
use crate::cli::outcome::{CommandError, CommandOutcome};
use crate::cli::output::{note, progress, say, say_json};
use crate::config::Settings;

/// The people of a request, after a look at their photographs.
#[derive(Default)]
struct Sorted {
    arrivals: Vec<Arrival>,
    problems: Vec<String>,
    /// How many photographs are already enrolled.
    unchanged: usize,
}

/// Enrols everybody in the request; with `skip_bad` those without a problem.
pub(super) fn enroll_all(
    context: &CommandContext,
    settings: &Settings,
    request: EnrollmentRequest,
    consent: Consent,
    skip_bad: bool,
) -> Result<CommandOutcome, CommandError> {
    request.left_out.iter().for_each(|file| note(&format!("left out, because it is no photograph: {file}")));
    let site = EnrollmentSite::open(context, settings)?;
    let mut sorted = sort(&site, request);
    sort_out_doubts(&site, &mut sorted, consent, skip_bad)?;
    let Sorted { arrivals, problems, unchanged } = sorted;
    if !problems.is_empty() && (!skip_bad || arrivals.is_empty()) {
        let remedy = if skip_bad { "" } else { "\n--skip-bad enrols the others" };
        return Err(CommandError::Usage(format!("nobody was enrolled:\n{}{remedy}", problems.join("\n"))));
    }
    let doubts = site.doubts(&arrivals)?;
    if !consent.to(&doubts)? {
        note("nobody was enrolled");
        return Ok(CommandOutcome::No);
    }
    problems.iter().for_each(|problem| note(&format!("skipped: {problem}")));
    if unchanged > 0 {
        note(&format!("{unchanged} photographs are enrolled already, and stay as they are"));
    }
    if arrivals.is_empty() {
        return Ok(CommandOutcome::Yes);
    }
    let done = site.enrol(&arrivals)?;
    arrivals.iter().zip(&done).for_each(|(arrival, done)| tell(context, arrival, done));
    Ok(CommandOutcome::Yes)
}

/// Looks at every photograph once, and separates arrivals from problems.
fn sort(site: &EnrollmentSite<'_>, request: EnrollmentRequest) -> Sorted {
    let analyst = site.analyst();
    let mut owners = site.owners();
    let bar = progress(request.files(), "looking at photographs");
    let mut sorted = Sorted { problems: request.problems, ..Sorted::default() };
    for PersonToEnroll { id, name, groups, files } in request.people {
        let mut photos = Vec::new();
        for file in files {
            match CheckedPhoto::file(&analyst, &file, site.home()) {
                Err(error) => sorted.problems.push(error.to_string()),
                Ok(photo) => match owners.take(&id, &photo) {
                    None => photos.push(photo),
                    Some(KnownPhoto::Enrolled) => sorted.unchanged += 1,
                    Some(KnownPhoto::Twice(what)) => note(&what),
                    Some(KnownPhoto::Anothers(what)) => sorted.problems.push(what),
                },
            }
            bar.inc(1);
        }
        let known = site.entry(&id);
        if known.is_some_and(|entry| groups.iter().any(|group| !entry.standing.groups.contains(group))) {
            note(&format!("\"{id}\" is enrolled already and keeps the groups of the gallery file"));
        }
        let name = if known.is_some() { None } else { Some(name) };
        let arrival = Arrival { known: site.photos_of(&id), id, name, groups, photos };
        match arrival.too_many() {
            _ if arrival.photos.is_empty() => {}
            Some(what) => sorted.problems.push(what),
            None => sorted.arrivals.push(arrival),
        }
    }
    bar.finish_and_clear();
    sorted
}

/// Turns doubts into problems: with `skip_bad` the sure ones, and all if the user cannot be asked and has not said
/// --yes; without `skip_bad` all, if there are problems already.
fn sort_out_doubts(
    site: &EnrollmentSite<'_>,
    sorted: &mut Sorted,
    consent: Consent,
    skip_bad: bool,
) -> Result<(), CommandError> {
    if !skip_bad && sorted.problems.is_empty() {
        return Ok(());
    }
    let stands = |sure: bool| sure || !(consent.yes || Consent::can_ask());
    let doubts = site.doubts(&sorted.arrivals)?;
    if !skip_bad {
        // There are problems already, so the doubts are reported with them.
        sorted.problems.extend(doubts.into_iter().map(|doubt| doubt.what));
        return Ok(());
    }
    for doubt in doubts.into_iter().filter(|doubt| stands(doubt.sure)) {
        sorted.arrivals.retain(|arrival| arrival.id != doubt.of);
        sorted.problems.push(doubt.what);
    }
    Ok(())
}

fn tell(context: &CommandContext, arrival: &Arrival, done: &EnrolledPerson) {
    let EnrolledPerson { id, photos } = done;
    let name = arrival.name.as_ref().map(|name| name.as_str());
    if context.json {
        return say_json(&json!({ "id": id.as_str(), "name": name, "photos": photos }));
    }
    let name = name.map_or_else(String::new, |name| format!(" ({name})"));
    say(&format!("{id} is enrolled{name} with {}", photos.join(", ")));
}
