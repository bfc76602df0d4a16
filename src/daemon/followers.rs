//! Clients that follow every event. Their lines are made on the main thread, so they are short: of a long
//! list of people a line has the first names and the number. The records have all names.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;

use limen_core::clock::Now;
use limen_core::event::{Fact, Personal};
use limen_core::people::Gallery;
use limen_core::person::PersonId;
use serde_json::{Map, Value, json};

use crate::control::{Answer, MAX_CLIENTS, MAX_GATEWAY, Origin, Right, no, yes};

/// The largest number of people that one list of an event names.
const MAX_NAMED: usize = 100;

/// The clients that follow every event.
#[derive(Default)]
pub(super) struct Followers {
    all: Vec<Follower>,
    /// What the gateway is told.
    gateway: GatewayHears,
    /// The people in force, for their names.
    people: Option<Arc<Gallery>>,
}

/// What the gateway is told besides what everybody may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GatewayHears {
    /// Duress.
    pub duress: bool,
    /// Who was let in.
    pub names: bool,
}

/// How much a client is told.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everything.
    Administrator,
    /// No distances.
    Operator,
    /// No distances either, and of duress only what the site allows.
    Gateway,
}

struct Follower {
    reply: SyncSender<Answer>,
    audience: Audience,
}

impl Followers {
    /// Adds a client, or tells it that there are too many.
    pub fn add(&mut self, reply: SyncSender<Answer>, origin: &Origin) {
        let (audience, most) = match origin {
            Origin::Local(Right::Administrator) => (Audience::Administrator, MAX_CLIENTS),
            Origin::Local(_) => (Audience::Operator, MAX_CLIENTS),
            Origin::Gateway(_) => (Audience::Gateway, MAX_GATEWAY),
        };
        let is_of_gateway = |audience| audience == Audience::Gateway;
        let beside = |other: &&Follower| is_of_gateway(other.audience) == is_of_gateway(audience);
        if self.all.iter().filter(beside).count() < most {
            self.all.push(Follower { reply, audience });
        } else {
            let _ = reply.try_send(no("too many followers"));
        }
    }

    /// What the gateway is told from now on.
    pub fn tell_the_gateway(&mut self, hears: GatewayHears) {
        self.gateway = hears;
    }

    /// The people whose names are told from now on.
    pub fn know(&mut self, people: Arc<Gallery>) {
        self.people = Some(people);
    }

    /// Tells every client. Drops a client that is gone or too slow to keep up.
    pub fn tell(&mut self, now: Now, fact: &Fact) {
        if self.all.is_empty() {
            return;
        }
        let is_duress = matches!(fact, Fact::Alarm { alarm, .. } if alarm.is_silent());
        let is_hidden = is_duress && !self.gateway.duress;
        let line = line(now, fact);
        let mut public = line.clone();
        if let Some(event) = public.get_mut("event").and_then(Value::as_object_mut) {
            event.remove("distance");
            event.remove("nearest");
        }
        let mut distant = public.clone();
        if let Some(event) = distant.get_mut("event").and_then(Value::as_object_mut) {
            self.for_the_gateway(event);
        }
        self.all.retain(|follower| {
            let line = match follower.audience {
                Audience::Gateway if is_hidden => return true,
                Audience::Administrator => &line,
                Audience::Operator => &public,
                Audience::Gateway => &distant,
            };
            follower.reply.try_send(line.clone()).is_ok()
        });
    }

    /// Adds the names of people to an event, or takes out who they are. A text may name a person too.
    fn for_the_gateway(&self, event: &mut Map<String, Value>) {
        if !self.gateway.names {
            for key in ["person", "second", "added", "removed", "what"] {
                event.remove(key);
            }
            return;
        }
        for (key, named) in [("person", "name"), ("second", "second_name")] {
            let id = event.get(key).and_then(Value::as_str).and_then(|id| PersonId::new(id).ok());
            let person = id.as_ref().zip(self.people.as_ref()).and_then(|(id, people)| people.get(id));
            if let Some(person) = person {
                event.insert(named.to_owned(), json!(person.name.as_str()));
            }
        }
    }
}

fn line(now: Now, fact: &Fact) -> Answer {
    let event = match fact {
        Fact::GalleryLoaded { people, templates, added, removed, store } => {
            let (added_count, removed_count) = (added.len(), removed.len());
            let short = Fact::GalleryLoaded {
                people: *people,
                templates: *templates,
                added: first(added),
                removed: first(removed),
                store: *store,
            };
            let mut event = json!(short);
            event["added_count"] = json!(added_count);
            event["removed_count"] = json!(removed_count);
            event
        }
        fact => json!(fact),
    };
    yes(json!({ "event": event, "time": now.wall.utc.to_string() }))
}

fn first(people: &[Personal<PersonId>]) -> Vec<Personal<PersonId>> {
    people.iter().take(MAX_NAMED).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, sync_channel};

    use limen_core::embedding::{Embedding, ModelDigest};
    use limen_core::event::{AlarmKind, AlarmStep, TrackId};
    use limen_core::people::{Person, Standing};
    use limen_core::person::PersonName;

    use super::*;
    use crate::clocks;
    use crate::control::Proof;

    fn followed(right: Right) -> (Followers, Receiver<Answer>) {
        followed_from(&Origin::Local(right))
    }

    fn followed_from(origin: &Origin) -> (Followers, Receiver<Answer>) {
        let (reply, heard) = sync_channel(1);
        let mut followers = Followers::default();
        followers.add(reply, origin);
        (followers, heard)
    }

    #[test]
    fn of_a_hundred_thousand_new_people_followers_hear_some_names_and_the_number() {
        let id = |n: usize| Personal(PersonId::new(&format!("p{n:06}")).expect("an id"));
        let added: Vec<_> = (0..100_000).map(id).collect();
        let (people, templates, removed) = (added.len(), added.len(), vec![id(7)]);
        let fact = Fact::GalleryLoaded { people, templates, added, removed, store: Some(3) };
        let (mut followers, heard) = followed(Right::Operator);
        followers.tell(clocks::now(), &fact);
        let event = heard.recv().expect("an event")["event"].clone();
        assert!(event.to_string().len() < 4096, "{event}");
        assert_eq!(event["added"].as_array().map(Vec::len), Some(MAX_NAMED));
        assert_eq!((&event["added_count"], &event["removed_count"]), (&json!(100_000), &json!(1)));
        assert_eq!((&event["kind"], &event["removed"]), (&json!("gallery-loaded"), &json!(["p000007"])));
    }

    #[test]
    fn a_follower_who_does_not_keep_up_is_dropped() {
        let (mut followers, heard) = followed(Right::Administrator);
        followers.tell(clocks::now(), &Fact::Stopped);
        followers.tell(clocks::now(), &Fact::Stopped);
        assert!(followers.all.is_empty() && heard.recv().is_ok() && heard.recv().is_err());
    }

    #[test]
    fn the_gateway_hears_of_duress_only_where_the_site_says_so() {
        let duress = Fact::Alarm { alarm: AlarmKind::Duress, step: AlarmStep::Raised, caller: None };
        let (mut followers, heard) = followed_from(&Origin::Gateway(Proof::default()));
        followers.tell(clocks::now(), &duress);
        assert!(heard.try_recv().is_err() && !followers.all.is_empty());
        followers.tell_the_gateway(GatewayHears { duress: true, names: false });
        followers.tell(clocks::now(), &duress);
        assert_eq!(heard.try_recv().expect("told")["event"]["alarm"], "duress");
    }

    #[test]
    fn the_gateway_hears_who_was_let_in_only_where_the_site_says_so() {
        let ada = PersonId::new("ada").expect("an id");
        let waiting = Fact::Waiting {
            track: TrackId(1),
            person: Personal(ada.clone()),
            seconds: 9,
            factors: Vec::new(),
        };
        let (mut followers, heard) = followed_from(&Origin::Gateway(Proof::default()));
        let name = PersonName::new("Ada Lovelace").expect("a name");
        let sample = Embedding::new([0.5; 8]).expect("an embedding");
        let person = Person::new(ada, name, Standing::default(), vec![sample], 1).expect("a person");
        followers.know(Arc::new(Gallery::new(vec![person], ModelDigest::of(b"m"))));
        followers.tell(clocks::now(), &waiting);
        let event = heard.try_recv().expect("told")["event"].clone();
        assert!(!event.to_string().to_lowercase().contains("ada"), "{event}");
        followers.tell_the_gateway(GatewayHears { duress: false, names: true });
        followers.tell(clocks::now(), &waiting);
        let event = heard.try_recv().expect("told")["event"].clone();
        assert_eq!((&event["person"], &event["name"]), (&json!("ada"), &json!("Ada Lovelace")));
    }

    #[test]
    fn a_gateway_that_follows_without_end_takes_no_operators_place() {
        let mut followers = Followers::default();
        let replies: Vec<_> = (0..9).map(|_| sync_channel(1)).collect();
        for (reply, _) in &replies {
            followers.add(reply.clone(), &Origin::Gateway(Proof::default()));
        }
        assert_eq!(followers.all.len(), MAX_GATEWAY);
        followers.add(replies[0].0.clone(), &Origin::Local(Right::Operator));
        assert_eq!(followers.all.len(), MAX_GATEWAY + 1);
    }
}
