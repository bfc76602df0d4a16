//! Finds people who look so alike that they may be one person under two ids. Then neither id is let in.

use limen_core::embedding::Score;
use limen_core::people::{Gallery, Person};
use limen_vision::matching::distances::Templates;
use limen_vision::matching::scoring::Scored;
use limen_vision::model::Models;

use super::report::CheckReport;
use crate::cli::likeness::{Likeness, share_for_all_of, share_for_one_among};
use crate::cli::output::progress;
use crate::config::Settings;

/// The most people who are all compared with each other; with more people it would take minutes.
const MOST_PEOPLE: usize = 20_000;

/// Two people, by their places in the gallery.
struct DoublePair {
    people: [usize; 2],
    score: Score,
    /// Whether they are nearer than any two strangers should be among so many people.
    sure: bool,
}

pub fn check_doubles(report: &mut CheckReport, settings: &Settings, models: &Models, gallery: &Gallery) {
    let people = gallery.people();
    if people.len() > MOST_PEOPLE {
        return report.note("doubles", &format!("not looked for among more than {MOST_PEOPLE} people"));
    }
    let likeness = Likeness::new(settings, models, share_for_one_among(people.len()));
    let Some(likeness) = report.take("doubles", likeness) else { return };
    let mut pairs = pairs(&likeness, people);
    let known = |pair: &DoublePair| {
        let [one, other] = pair.people.map(|place| &people[place].id);
        settings.recognition.look_alikes.of(one).iter().any(|(id, _)| id == other)
    };
    pairs.retain(|pair| !known(pair));
    pairs.sort_by_key(|pair| pair.score);
    let said = |sure: bool| -> Vec<String> {
        let of_kind = pairs.iter().filter(|pair| pair.sure == sure);
        of_kind.map(|pair| in_words(pair, pair.people.map(|place| &people[place]))).collect()
    };
    report.all_problems("doubles", &said(true));
    report.notes("doubles", &said(false));
}

fn in_words(pair: &DoublePair, [one, other]: [&Person; 2]) -> String {
    format!(
        "\"{}\" ({}) and \"{}\" ({}) look alike (score {:.3}), so neither is let in: if they are one person, \
         limen people remove one of them; if two, name the pair in [[recognition.look-alikes]]",
        one.id,
        one.name,
        other.id,
        other.name,
        pair.score.get()
    )
}

/// Each person with the nearest other person, each pair once.
fn pairs(likeness: &Likeness, people: &[Person]) -> Vec<DoublePair> {
    let sure = share_for_all_of(people.len());
    let ready: Vec<Option<Scored>> =
        people.iter().map(|person| likeness.ready(&person.template()?)).collect();
    // A person without a template keeps the index and is near nobody.
    let templates = Templates::of(ready.iter().cloned());
    let bar = progress(people.len(), "comparing everybody with everybody");
    let mut pairs: Vec<DoublePair> = Vec::new();
    for (index, one) in ready.iter().enumerate() {
        bar.inc(1);
        let Some(one) = one else { continue };
        let near =
            templates.two_nearest(&one.embedding).into_iter().flatten().find(|near| near.index != index);
        let Some(near) = near else { continue };
        let Some(score) = Score::new(near.centred.get() - one.lead.get()) else { continue };
        let both = [index.min(near.index), index.max(near.index)];
        let [photographs, probes] = both.map(|place| people[place].enrolled);
        if likeness.is_alike(score, photographs, probes) && !pairs.iter().any(|pair| pair.people == both) {
            pairs.push(DoublePair {
                people: both,
                score,
                sure: likeness.is_alike_at(sure, score, photographs, probes),
            });
        }
    }
    bar.finish_and_clear();
    pairs
}
