//! Compares new photographs with everybody enrolled, with the person's own photographs, and with each other.

use limen_core::embedding::{Embedding, Score};
use limen_core::people::Gallery;
use limen_core::person::PersonId;
use limen_vision::matching::LookAlikes;
use limen_vision::matching::scoring::Scored;

use super::arrival::Arrival;
use crate::cli::likeness::Likeness;

/// A reason not to enrol somebody.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Doubt {
    /// The person who would be enrolled.
    pub of: PersonId,
    /// Whether the photograph surely shows somebody else.
    pub sure: bool,
    /// The message for the user.
    pub what: String,
}

/// A person with whom photographs are compared.
struct Other {
    id: PersonId,
    name: String,
    template: Scored,
    photographs: usize,
}

/// The doubts about all arrivals.
pub(super) fn doubts(
    likeness: &Likeness,
    look_alikes: &LookAlikes,
    gallery: &Gallery,
    arrivals: &[Arrival],
) -> Vec<Doubt> {
    let enrolled = gallery.people().iter().filter_map(|person| {
        let (template, photographs) = (likeness.ready(&person.template()?)?, person.enrolled);
        Some(Other { id: person.id.clone(), name: person.name.to_string(), template, photographs })
    });
    let mut others: Vec<Other> = enrolled.collect();
    let mut doubts = Vec::new();
    for arrival in arrivals {
        let samples: Vec<Embedding> = arrival.photos.iter().map(|photo| photo.sample()).collect();
        let ready: Vec<Option<Scored>> = samples.iter().map(|sample| likeness.ready(sample)).collect();
        let unlike = unlike_their_own(likeness, &others, arrival, &samples, &ready);
        let alike = alike(likeness, look_alikes, &others, arrival, &ready);
        doubts.extend(joined(arrival, unlike, alike));
        if let Some(template) = Embedding::mean(&samples).and_then(|mean| likeness.ready(&mean))
            && others.iter().all(|other| other.id != arrival.id)
        {
            others.push(Other {
                id: arrival.id.clone(),
                name: arrival.name.as_ref().map_or_else(String::new, ToString::to_string),
                template,
                photographs: samples.len(),
            });
        }
    }
    doubts
}

/// A photograph that is unlike the person's own.
struct Unlike {
    photo: usize,
    sure: bool,
    what: String,
}

fn unlike_their_own(
    likeness: &Likeness,
    others: &[Other],
    arrival: &Arrival,
    samples: &[Embedding],
    ready: &[Option<Scored>],
) -> Vec<Unlike> {
    let source = |photo: usize| &arrival.photos[photo].source;
    let judge = |photo: usize, own: &Scored, photographs: usize, what: String| {
        // A photograph that cannot be compared counts as most unlike.
        let score = score_of(&ready[photo], own);
        let sure = score.is_none_or(|score| likeness.is_surely_another(score, photographs));
        let doubtful = score.is_none_or(|score| likeness.is_doubtful(score, photographs));
        doubtful.then_some(Unlike { photo, sure, what })
    };
    if let Some(own) = others.iter().find(|other| other.id == arrival.id) {
        let known = match arrival.known.as_slice() {
            [one] => one.clone(),
            _ => format!("the photographs of \"{}\"", arrival.id),
        };
        let said = |photo| format!("{} looks unlike {known}; do both show the same person?", source(photo));
        return (0..ready.len())
            .filter_map(|photo| judge(photo, &own.template, own.photographs, said(photo)))
            .collect();
    }
    if ready.len() == 2 {
        let said = format!(
            "{} and {} look unlike; do both show the same person? Here both are for \"{}\"; two people need two \
             ids; in a folder their names must differ in more than a number",
            source(0),
            source(1),
            arrival.id
        );
        return ready[1].iter().filter_map(|other| judge(0, other, 1, said.clone())).collect();
    }
    let alone = |photo: usize| {
        let rest = samples.iter().enumerate().filter(|(index, _)| *index != photo).map(|(_, sample)| sample);
        let mean = likeness.ready(&Embedding::mean(rest)?)?;
        let said = format!(
            "{} looks unlike the other {} photographs of \"{}\"; do all show the same person?",
            source(photo),
            ready.len() - 1,
            arrival.id
        );
        judge(photo, &mean, ready.len() - 1, said)
    };
    (0..ready.len()).filter_map(alone).collect()
}

fn score_of(probe: &Option<Scored>, template: &Scored) -> Option<Score> {
    probe.as_ref()?.compare(template).map(|(_, score)| score)
}

/// All other people whom the arrival looks like, each with the index of the nearest photograph.
fn alike<'a>(
    likeness: &Likeness,
    look_alikes: &LookAlikes,
    others: &'a [Other],
    arrival: &Arrival,
    ready: &[Option<Scored>],
) -> Vec<(usize, &'a Other)> {
    let known = look_alikes.of(&arrival.id);
    let others = others
        .iter()
        .filter(|other| other.id != arrival.id && !known.iter().any(|(pair, _)| *pair == other.id));
    let nearest = |other: &'a Other| {
        let scores = ready.iter().enumerate();
        let scores = scores.filter_map(|(photo, probe)| Some((score_of(probe, &other.template)?, photo)));
        let (score, photo) = scores.min()?;
        likeness.is_alike(score, other.photographs, 1).then_some((photo, other))
    };
    others.filter_map(nearest).collect()
}

/// Joins the doubts of each photograph: one that is unlike the person's own and like another person's is sure.
fn joined(arrival: &Arrival, unlike: Vec<Unlike>, alike: Vec<(usize, &Other)>) -> Vec<Doubt> {
    let of = || arrival.id.clone();
    let twice = |photo: usize| alike.iter().find(|(of, _)| *of == photo).map(|(_, other)| *other);
    let mut doubts: Vec<Doubt> = Vec::new();
    for Unlike { photo, sure, what } in &unlike {
        doubts.push(match twice(*photo) {
            Some(other) => Doubt {
                of: of(),
                sure: true,
                what: format!("{what} It looks like \"{}\", {}", other.id, other.name),
            },
            None => Doubt { of: of(), sure: *sure, what: what.clone() },
        });
    }
    let said = |photo: usize| unlike.iter().any(|unlike| unlike.photo == photo);
    for (photo, other) in alike.iter().filter(|(photo, _)| !said(*photo)) {
        let source = &arrival.photos[*photo].source;
        let what = format!(
            "{source}: \"{}\" looks like \"{other}\", {}; a person with two ids is let in under neither. If it is one \
             person, add the photograph to that id: limen enroll {other} PHOTO",
            arrival.id,
            other.name,
            other = other.id,
        );
        doubts.push(Doubt { of: of(), sure: false, what });
    }
    doubts
}
