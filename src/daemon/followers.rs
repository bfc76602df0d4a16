//! Clients that follow every event. Their lines are made on the main thread, so they are short: of a long
//! list of people a line has the first names and the number. The records have all names.

use std::sync::mpsc::SyncSender;

use limen_core::clock::Now;
use limen_core::event::{Fact, Personal};
use limen_core::person::PersonId;
use serde_json::json;

use crate::control::{Answer, MAX_CLIENTS, MAX_GATEWAY, Origin, Right, no, yes};

/// The largest number of people that one list of an event names.
const MAX_NAMED: usize = 100;

/// The clients that follow every event.
#[derive(Default)]
pub(super) struct Followers {
    all: Vec<Follower>,
    /// Whether the gateway is told of duress.
    gateway_hears_duress: bool,
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

    /// Whether the gateway is told of duress from now on.
    pub fn tell_the_gateway_of_duress(&mut self, told: bool) {
        self.gateway_hears_duress = told;
    }

    /// Tells every client. Drops a client that is gone or too slow to keep up.
    pub fn tell(&mut self, now: Now, fact: &Fact) {
        if self.all.is_empty() {
            return;
        }
        let is_duress = matches!(fact, Fact::Alarm { alarm, .. } if alarm.is_silent());
        let is_hidden = is_duress && !self.gateway_hears_duress;
        let line = line(now, fact);
        let mut public = line.clone();
        if let Some(event) = public.get_mut("event").and_then(serde_json::Value::as_object_mut) {
            event.remove("distance");
            event.remove("nearest");
        }
        self.all.retain(|follower| {
            let line = match follower.audience {
                Audience::Gateway if is_hidden => return true,
                Audience::Administrator => &line,
                Audience::Operator | Audience::Gateway => &public,
            };
            follower.reply.try_send(line.clone()).is_ok()
        });
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

    use limen_core::event::{AlarmKind, AlarmStep};

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
        followers.tell_the_gateway_of_duress(true);
        followers.tell(clocks::now(), &duress);
        assert_eq!(heard.try_recv().expect("told")["event"]["alarm"], "duress");
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
