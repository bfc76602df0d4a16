//! The gallery that the worker has put into force. It is kept for a later gallery file that is refused:
//! people whom such a file takes away lose access all the same.
//!
//! The worker does the slow work here; the main thread only swaps pointers. The worker also drops a gallery
//! that was replaced, once the main thread no longer uses it.

use std::collections::HashMap;
use std::sync::Arc;

use limen_core::people::Standing;
use limen_core::person::PersonId;
use limen_core::policy::Standings;
use limen_vision::matching::scoring::Scoring;
use limen_vision::matching::{Prepared, Rule};
use serde_json::json;

use super::reloaded::ReadyGallery;
use crate::enrol::{GallerySource, LastGood, StoreUse};
use crate::gallery::fallback::{AtBoot, Fallback, InForce, RefusedWhen, Withdrawal, fall_back};
use crate::gallery::revocation::{Photographs, narrow};
use crate::gallery::{GalleryTrouble, Kept, RefusedPart};

/// Which part is refused, and what is wrong with it.
#[derive(Clone)]
pub(super) struct Why {
    pub refused: RefusedPart,
    pub what: String,
}

impl Why {
    fn trouble(self, in_force: InForce, taken: Option<Withdrawal>) -> GalleryTrouble {
        GalleryTrouble { refused: self.refused, why: self.what, in_force, taken }
    }
}

/// The gallery in force, and those before it that the main thread still uses.
#[derive(Default)]
pub(super) struct GalleryInForce {
    current: Option<CurrentGallery>,
    replaced: Vec<(Arc<Prepared>, Standings)>,
}

struct CurrentGallery {
    rule: Rule,
    prepared: Arc<Prepared>,
    standings: Standings,
    store: Option<u64>,
    kept: Kept,
    came_from: InForce,
    /// Whom files with mistakes have taken away since it came into force.
    taken: Withdrawal,
}

impl GalleryInForce {
    /// Whether a gallery has been in force since the start.
    pub fn is_in_force(&self) -> bool {
        self.current.is_some()
    }

    /// Puts a gallery without mistakes into force.
    pub fn take(&mut self, rule: Rule, prepared: Prepared, kept: Kept, store: Option<u64>) -> ReadyGallery {
        self.replace(CurrentGallery {
            rule,
            standings: standings_of(&prepared),
            prepared: Arc::new(prepared),
            store,
            kept,
            came_from: InForce::Before,
            taken: Withdrawal::default(),
        })
    }

    /// Takes away from the gallery in force what a refused file takes away.
    pub fn narrow(
        &mut self,
        source: &GallerySource,
        text: Option<&str>,
        photographs: &Photographs,
        why: Why,
    ) -> (GalleryTrouble, Option<ReadyGallery>) {
        let Some(current) = &mut self.current else { return (nobody(why, text), None) };
        let Fallback { kept, narrowed, .. } =
            fall_back(Some(current.kept.clone()), RefusedWhen::Running, text, photographs);
        let changed = narrowed.as_ref().is_some_and(|taken| !taken.is_nothing());
        narrowed.iter().for_each(|taken| current.taken.add(taken));
        let taken = narrowed.map(|_| current.taken.clone());
        let trouble = why.trouble(current.came_from, taken);
        let (true, Some(kept)) = (changed, kept) else { return (trouble, None) };
        narrow_on_disk(source, text, photographs);
        let standings: HashMap<&PersonId, &Standing> =
            kept.people.iter().map(|person| (&person.id, &person.standing)).collect();
        let prepared = current.prepared.narrowed(|id| standings.get(id).map(|standing| (*standing).clone()));
        let next = CurrentGallery {
            rule: current.rule.clone(),
            standings: standings_of(&prepared),
            prepared: Arc::new(prepared),
            store: current.store,
            kept,
            came_from: current.came_from,
            taken: current.taken.clone(),
        };
        let ready = self.replace(next);
        (trouble, Some(ready))
    }

    /// At a start with a refused gallery file: puts the last good gallery into force, less what the file
    /// takes away.
    pub fn take_last_good(
        &mut self,
        source: &GallerySource,
        last: Option<LastGood>,
        (rule, scoring): (Rule, Scoring),
        at_boot: AtBoot,
        (text, photographs): (Option<&str>, &Photographs),
        why: Why,
    ) -> (GalleryTrouble, Option<ReadyGallery>) {
        let (known, last) = last.map(|last| (last.kept, (last.store, last.generation))).unzip();
        let fallback = fall_back(known, RefusedWhen::Boot(at_boot), text, photographs);
        let trouble = why.trouble(fallback.in_force, fallback.narrowed.clone());
        let (Some(mut kept), Some((store, generation))) = (fallback.kept, last) else {
            return (trouble, None);
        };
        let taken = fallback.narrowed.unwrap_or_default();
        if !taken.is_nothing() {
            narrow_on_disk(source, text, photographs);
        }
        let (gallery, without) = kept.gallery(&store);
        for id in without {
            log::warn!("\"{id}\" cannot enter: the store has no template of theirs");
        }
        kept.let_go();
        let prepared = Prepared::new(gallery, scoring);
        let ready = self.replace(CurrentGallery {
            rule,
            standings: standings_of(&prepared),
            prepared: Arc::new(prepared),
            store: Some(generation),
            kept,
            came_from: InForce::LastGood,
            taken,
        });
        (trouble, Some(ready))
    }

    /// The template store was written again: a gallery that is narrowed later names this generation.
    pub fn store_is(&mut self, generation: u64) {
        if let Some(current) = &mut self.current {
            current.store = Some(generation);
        }
    }

    /// Drops the galleries that the main thread no longer uses. Returns whether any are left.
    pub fn drop_replaced(&mut self) -> bool {
        let is_shared = |(prepared, standings): &(Arc<Prepared>, Standings)| {
            Arc::strong_count(prepared) > 1 || Arc::strong_count(standings) > 1
        };
        self.replaced.retain(is_shared);
        !self.replaced.is_empty()
    }

    fn replace(&mut self, next: CurrentGallery) -> ReadyGallery {
        let gallery = next.prepared.gallery();
        let (added, removed) = match &self.current {
            Some(before) => gallery.diff(before.prepared.gallery()),
            None => (gallery.people().iter().map(|person| person.id.clone()).collect(), Vec::new()),
        };
        let told = json!({ "added": PersonId::texts(&added), "removed": PersonId::texts(&removed) });
        let ready = ReadyGallery {
            told,
            rule: next.rule.clone(),
            prepared: Arc::clone(&next.prepared),
            standings: Arc::clone(&next.standings),
            added,
            removed,
            store: next.store,
        };
        if let Some(before) = self.current.replace(next) {
            self.replaced.push((before.prepared, before.standings));
        }
        ready
    }
}

/// The trouble when no gallery can be in force.
pub(super) fn nobody(why: Why, text: Option<&str>) -> GalleryTrouble {
    why.trouble(InForce::Nobody, text.map(|_| Withdrawal::default()))
}

fn standings_of(prepared: &Prepared) -> Standings {
    let people = prepared.gallery().people().iter();
    Arc::new(people.map(|person| (person.id.clone(), person.standing.clone())).collect())
}

/// Takes away on the disk too, so that nobody comes back with a restart.
fn narrow_on_disk(source: &GallerySource, text: Option<&str>, photographs: &Photographs) {
    let (StoreUse::Own(store_file), Some(text)) = (&source.store, text) else { return };
    let narrowed = store_file.lock().and_then(|_writing| {
        store_file.narrow_gallery(|kept| narrow(kept, text, photographs).ok().map(|narrowed| narrowed.kept))
    });
    if let Err(error) = narrowed {
        log::warn!("{error}");
        store_file.drop_gallery();
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::gallery::Roster as FileRoster;
    use limen_core::embedding::{Distance, Embedding, Margin, Metric, ModelDigest};
    use limen_core::people::{Gallery, Person};
    use limen_vision::matching::LookAlikes;
    use limen_vision::matching::thresholds::Thresholds;

    const ADA: &str = "[[person]]\nid = \"ada\"\nname = \"Ada\"\nphotos = [\"a.jpg\"]\n";
    const BOB: &str = "[[person]]\nid = \"bob\"\nname = \"Bob\"\nphotos = [\"b.jpg\"]\n";
    const MISTAKE: &str = "[[person]]\ncolour = 1\n";

    fn take(in_force: &mut GalleryInForce, text: &str) -> ReadyGallery {
        let roster = FileRoster::parse(text, Path::new("gallery.toml")).expect("no mistake");
        let people = roster.people.iter().map(|entry| {
            let sample = Embedding::new([entry.id.as_str().len() as f32, 1.0]).expect("finite");
            Person::new(entry.id.clone(), entry.name.clone(), entry.standing.clone(), vec![sample], 1)
        });
        let gallery =
            Gallery::new(people.map(|p| p.expect("one sample")).collect(), ModelDigest::of(b"model"));
        let prepared = Prepared::new(gallery, Scoring::default());
        in_force.take(rule(), prepared, Kept::of(roster, Default::default()), Some(7))
    }

    fn rule() -> Rule {
        let distance = |value| Distance::new(value).expect("a distance");
        let thresholds = Thresholds::fixed("model = []", "m", Metric::L2, distance(0.9)).expect("a distance");
        let look_alikes = LookAlikes::default();
        Rule { thresholds, margin: Margin::USUAL, look_alikes, window: 5, same_face: distance(0.6) }
    }

    fn source() -> GallerySource {
        GallerySource {
            file: "gallery.toml".into(),
            store: StoreUse::Memory,
            trust: limen_files::Trust::Checked,
        }
    }

    fn narrow_by(
        in_force: &mut GalleryInForce,
        text: Option<&str>,
    ) -> (GalleryTrouble, Option<ReadyGallery>) {
        let why = Why { refused: RefusedPart::Gallery, what: "a mistake".to_owned() };
        in_force.narrow(&source(), text, &Photographs::new(), why)
    }

    #[test]
    fn whoever_a_refused_file_takes_out_is_neither_compared_with_nor_in_the_roster() {
        let mut in_force = GalleryInForce::default();
        take(&mut in_force, &(ADA.to_owned() + BOB));
        let (trouble, ready) = narrow_by(&mut in_force, Some(&(BOB.to_owned() + MISTAKE)));
        let ready = ready.expect("ada is out");
        assert_eq!(ready.prepared.gallery().people().len(), 1);
        assert!(ready.standings.len() == 1 && ready.removed[0].as_str() == "ada" && ready.added.is_empty());
        assert_eq!(ready.store, Some(7), "the records still speak of the newest store");
        assert!(trouble.to_string().contains("no longer named: ada"), "{trouble}");
        let (trouble, ready) = narrow_by(&mut in_force, Some(&(BOB.to_owned() + MISTAKE)));
        assert!(ready.is_none() && trouble.to_string().contains("no longer named: ada"), "{trouble}");
        let (trouble, ready) = narrow_by(&mut in_force, None);
        assert!(ready.is_none() && trouble.still_can_enter());
    }

    #[test]
    fn what_was_replaced_is_dropped_only_when_the_main_thread_has_let_go_of_it() {
        let mut in_force = GalleryInForce::default();
        let first = take(&mut in_force, ADA);
        assert!(!in_force.drop_replaced());
        let second = take(&mut in_force, BOB);
        assert!(in_force.drop_replaced(), "it is in force still");
        drop(first);
        assert!(!in_force.drop_replaced());
        assert_eq!((second.added.len(), second.removed.len()), (1, 1));
    }
}
