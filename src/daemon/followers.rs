//! Clients that follow every event. Their lines are made on the main thread, so they are short: of a long
//! list of people a line has the first names and the number. The records have all names.

use std::sync::mpsc::SyncSender;

use limen_core::clock::Now;
use limen_core::event::{Fact, Personal};
use limen_core::person::PersonId;
use serde_json::json;

use crate::control::{Answer, MAX_CLIENTS, Right, no, yes};

/// The largest number of people that one list of an event names.
const MAX_NAMED: usize = 100;

/// The clients that follow every event.
#[derive(Default)]
pub(super) struct Followers(Vec<Follower>);

struct Follower {
    reply: SyncSender<Answer>,
    /// Whether the client is an administrator: nobody else is told distances.
    sees_distances: bool,
}

impl Followers {
    /// Adds a client, or tells it that there are too many.
    pub fn add(&mut self, reply: SyncSender<Answer>, right: Right) {
        if self.0.len() < MAX_CLIENTS {
            self.0.push(Follower { reply, sees_distances: right == Right::Administrator });
        } else {
            let _ = reply.try_send(no("too many followers"));
        }
    }

    /// Tells every client. Drops a client that is gone or too slow to keep up.
    pub fn tell(&mut self, now: Now, fact: &Fact) {
        if self.0.is_empty() {
            return;
        }
        let line = line(now, fact);
        let mut public = line.clone();
        if let Some(event) = public.get_mut("event").and_then(serde_json::Value::as_object_mut) {
            event.remove("distance");
            event.remove("nearest");
        }
        self.0.retain(|follower| {
            let line = if follower.sees_distances { &line } else { &public };
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

    use super::*;
    use crate::clocks;

    fn followed(right: Right) -> (Followers, Receiver<Answer>) {
        let (reply, heard) = sync_channel(1);
        let mut followers = Followers::default();
        followers.add(reply, right);
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
        assert!(followers.0.is_empty() && heard.recv().is_ok() && heard.recv().is_err());
    }
}
