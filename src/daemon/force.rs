//! What the worker brings comes into force, is recorded, and is answered.

use std::sync::Arc;

use limen_core::clock::Now;
use limen_core::event::{Fact, Personal};
use limen_core::person::PersonId;
use limen_core::policy::Event;
use serde_json::json;

use super::Daemon;
use super::reload::{Changed, Fresh, Refused, Reloaded};
use super::standby::Force;
use crate::config::{Reloads, Settings};
use crate::control::{Answer, no, yes};
use crate::gallery::StoreError;
use crate::pipeline::{promise, shortfall};
use crate::service;

impl Daemon {
    /// Brings a reload into force, or says why not and what is in force instead.
    pub(super) fn reloaded(&mut self, now: Now, reloaded: Reloaded) {
        self.vision.go();
        let answer = match reloaded.outcome {
            Ok(fresh) => self.bring_into_force(now, fresh),
            Err(refused) => self.refuse_gallery(now, refused),
        };
        if let Some(reply) = reloaded.reply {
            let _ = reply.try_send(answer);
        }
        service::status(&format!("{} people enrolled", self.matcher.gallery().people().len()));
    }

    fn refuse_gallery(&mut self, now: Now, refused: Refused) -> Answer {
        let Refused { trouble, told, store_trouble, force } = refused;
        // Revocation first.
        if let Some(force) = force {
            self.enforce(now, force);
        }
        let what = format!("{}\n{trouble}", trouble.why);
        log::error!("{what}");
        self.shell.record(now, Fact::GalleryRefused { what: Personal(what.clone()) });
        let mut answer = no(&what);
        answer.insert("gallery".to_owned(), told);
        self.gallery_trouble = Some(trouble);
        self.store_trouble = store_trouble.or(self.store_trouble.take());
        answer
    }

    /// Records a change of the store, and answers.
    pub(super) fn store_changed(&mut self, now: Now, changed: Changed) {
        let Changed { how, outcome, caller, reply } = changed;
        let answer = match outcome {
            Ok(changed) => {
                let store = changed.generation;
                self.shell.record(now, Fact::StoreChanged { how, store, caller: Some(caller) });
                yes(json!({ "store": store, "left": changed.left }))
            }
            Err(what) => no(&what),
        };
        // Whoever asked may have left.
        let _ = reply.try_send(answer);
    }

    /// Brings every setting into force that needs no restart; people and thresholds come with the gallery.
    fn apply(&mut self, now: Now, new: &Settings) {
        let Reloads { rules, access, recognition, keep_mode, gallery: _, risks } = new.reloads();
        let mut rules = *rules;
        // Camera and lock are those of the start.
        rules.door.virtual_camera = self.started_with.virtual_camera_opens();
        self.policy.replace_rules(rules, Arc::clone(access));
        self.vision.replace_gate(recognition.gate);
        if keep_mode != self.settings.keep_mode {
            self.mode_keeper.keep(self.policy.commanded_mode().filter(|_| keep_mode), None);
        }
        let before = self.settings.risks();
        for what in risks.into_iter().filter(|risk| !before.contains(risk)) {
            log::warn!("{what}");
            self.shell.record(now, Fact::Risk { what });
        }
    }

    fn bring_into_force(&mut self, now: Now, fresh: Fresh) -> Answer {
        let needs_restart = match fresh.settings {
            Some(settings) => {
                self.apply(now, &settings);
                let sections = self.started_with.needs_restart(&settings);
                self.settings = settings;
                sections
            }
            None => Vec::new(),
        };
        for section in &needs_restart {
            log::warn!("{section} was changed; that needs a restart (systemctl restart limen)");
        }
        let notes: Vec<String> = fresh.notes.iter().map(ToString::to_string).collect();
        notes.iter().for_each(|note| log::warn!("{note}"));
        let trouble: Vec<String> = fresh.store_trouble.iter().map(ToString::to_string).collect();
        for person in fresh.store_trouble.iter().filter_map(StoreError::altered) {
            self.shell.record(now, Fact::TemplateRefused { person: person.cloned().map(Personal) });
        }
        self.gallery_trouble = None;
        self.store_trouble = (!trouble.is_empty()).then(|| trouble.join("\n"));
        let mut answer = self.enforce(now, fresh.force);
        answer.extend(yes(json!({
            "needs_restart": needs_restart, "notes": notes, "store_trouble": trouble,
        })));
        answer
    }

    /// Brings a gallery into force and records it; says how it differs from the one before.
    fn enforce(&mut self, now: Now, force: Force) -> Answer {
        let Force { rule, prepared, roster, added, removed, told, store } = force;
        let gallery = Arc::clone(prepared.gallery());
        let (people, templates) = (gallery.people().len(), gallery.templates());
        let promise = promise(&rule.thresholds, &gallery, self.settings.rules.frames);
        self.target_trouble = promise.as_ref().and_then(shortfall);
        self.matcher.replace(rule, prepared);
        self.step(now, Event::NewRoster(roster));
        let mut answer = yes(told);
        answer.extend(yes(json!({ "people": people, "templates": templates, "store": store })));
        let (added, removed) = (named(added), named(removed));
        self.shell.record(now, Fact::GalleryLoaded { people, templates, added, removed, store });
        answer
    }
}

/// These people, as a fact names them.
fn named(people: Vec<PersonId>) -> Vec<Personal<PersonId>> {
    people.into_iter().map(Personal).collect()
}
