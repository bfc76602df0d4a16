//! Which gallery is in force while the gallery file, or anything else that a reload needs, is refused.
//!
//! | | the file is TOML with mistakes | nothing of it can be read |
//! |---|---|---|
//! | the daemon has one | that one, less what the file takes away | that one: removed people STILL CAN ENTER |
//! | at a start | the last good one, less what the file takes away | nobody, unless the site says otherwise |

use std::fmt;

use limen_core::person::PersonId;
use serde::Serialize;
use serde_json::{Value, json};

use super::last_good::Kept;
use super::revocation::{Narrowed, Photographs, narrow};

/// The largest number of people who are named in a message.
const MAX_NAMED: usize = 20;

/// What a start does with a gallery file of which nothing can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AtBoot {
    /// Nobody enters by face.
    #[default]
    Refuse,
    /// The last good gallery is in force.
    LastGood,
}

/// When a gallery file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedWhen {
    /// While a gallery is in force.
    Running,
    /// While none has been in force since the start.
    Boot(AtBoot),
}

/// Which gallery is in force although the present file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InForce {
    /// The one that was in force before.
    Before,
    /// The last good one, from the disk.
    LastGood,
    /// No gallery: nobody enters by face.
    Nobody,
}

/// The gallery in force, and what the present file takes away.
#[derive(Debug, Clone, PartialEq)]
pub struct Fallback {
    /// The people in force; none if nobody is.
    pub kept: Option<Kept>,
    /// Which gallery that is.
    pub in_force: InForce,
    /// What the file takes away; none if nothing of it can be read.
    pub narrowed: Option<Withdrawal>,
}

/// The people from whom a gallery file with mistakes takes something away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Withdrawal {
    /// People whom the file no longer names.
    pub out: Vec<PersonId>,
    /// People who are suspended, or held back because of what the file says of them.
    pub held: Vec<PersonId>,
    /// People who have less than before: a PIN, a card, a group, days.
    pub limited: Vec<PersonId>,
}

impl Withdrawal {
    /// Whether nothing was taken away.
    pub fn is_nothing(&self) -> bool {
        [&self.out, &self.held, &self.limited].into_iter().all(Vec::is_empty)
    }

    /// The three lists of ids, for an answer.
    pub fn to_json(&self) -> Value {
        json!({
            "out": PersonId::texts(&self.out),
            "held": PersonId::texts(&self.held),
            "limited": PersonId::texts(&self.limited),
        })
    }

    /// Adds what earlier states of the file took away.
    pub fn add(&mut self, before: &Self) {
        let lists = [(&mut self.out, &before.out), (&mut self.held, &before.held)];
        for (list, more) in lists.into_iter().chain([(&mut self.limited, &before.limited)]) {
            list.extend(more.iter().cloned());
            list.sort();
            list.dedup();
        }
        let Self { out, held, limited } = self;
        let in_list = |list: &[PersonId], person: &PersonId| list.binary_search(person).is_ok();
        held.retain(|person| !in_list(out, person));
        limited.retain(|person| !in_list(out, person) && !in_list(held, person));
    }
}

/// The gallery in force while a gallery file is refused. `known` is the gallery in force or, at a start, the
/// last good one. `text` is the text of the file, if it can be read.
pub fn fall_back(
    known: Option<Kept>,
    when: RefusedWhen,
    text: Option<&str>,
    photographs: &Photographs,
) -> Fallback {
    let in_force = if when == RefusedWhen::Running { InForce::Before } else { InForce::LastGood };
    let is_known = known.is_some();
    let known = known.unwrap_or_default();
    let narrowed = match text {
        Some(text) => narrow(known, text, photographs),
        None => Err(known),
    };
    match narrowed {
        Ok(Narrowed { kept, out, held, limited }) if is_known => {
            Fallback { kept: Some(kept), in_force, narrowed: Some(Withdrawal { out, held, limited }) }
        }
        Err(known) if is_known && when != RefusedWhen::Boot(AtBoot::Refuse) => {
            Fallback { kept: Some(known), in_force, narrowed: None }
        }
        narrowed => {
            let narrowed = narrowed.ok().map(|_| Withdrawal::default());
            Fallback { kept: None, in_force: InForce::Nobody, narrowed }
        }
    }
}

/// What is refused, so that there is no new gallery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusedPart {
    /// The configuration. The gallery file was not checked.
    Configuration,
    /// The gallery file, or a photograph that it names.
    Gallery,
    /// The template store.
    Store,
    /// The records, which name the newest store.
    Records,
}

impl fmt::Display for RefusedPart {
    /// The refused part, as a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configuration => "the configuration is refused",
            Self::Gallery => "the gallery file is refused",
            Self::Store => "the template store is refused",
            Self::Records => "the records cannot be read",
        })
    }
}

/// There is no new gallery. This lasts until there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GalleryTrouble {
    /// What is refused.
    pub refused: RefusedPart,
    /// What is wrong with it, line by line.
    pub why: String,
    /// The gallery that is in force instead.
    pub in_force: InForce,
    /// What is taken away nevertheless; none if nothing of the file can be read.
    pub taken: Option<Withdrawal>,
}

impl GalleryTrouble {
    /// Whether removed people may still enter, because nothing of the file can be read.
    pub fn still_can_enter(&self) -> bool {
        self.taken.is_none() && self.in_force != InForce::Nobody
    }
}

impl fmt::Display for GalleryTrouble {
    /// The gallery in force, as a sentence, without the reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let refused = self.refused;
        match self.in_force {
            InForce::Before => write!(f, "{refused}; what was in force stays in force")?,
            InForce::LastGood => write!(f, "{refused}; the last good gallery is in force")?,
            InForce::Nobody => return write!(f, "{refused}; nobody enters by face"),
        }
        let file = if refused == RefusedPart::Gallery { "file" } else { "gallery file" };
        let Some(taken) = &self.taken else {
            return write!(
                f,
                ", and as nothing of the {file} can be read, whoever was taken out of it STILL CAN ENTER"
            );
        };
        let lists = [
            (&taken.out, "no longer named"),
            (&taken.held, "suspended, or held back until the mistakes are mended"),
            (&taken.limited, "with less than before"),
        ];
        let mut between = format!(", less what the {file} takes away: ");
        for (people, what) in lists.into_iter().filter(|(people, _)| !people.is_empty()) {
            write!(f, "{between}{what}: {}", named(people))?;
            between = "; ".to_owned();
        }
        Ok(())
    }
}

fn named(people: &[PersonId]) -> String {
    let names: Vec<&str> = people.iter().take(MAX_NAMED).map(PersonId::as_str).collect();
    match people.len().saturating_sub(MAX_NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
#[path = "fallback_tests.rs"]
mod tests;
