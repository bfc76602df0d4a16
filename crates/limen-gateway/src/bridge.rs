//! Between the daemon and the broker.
//!
//! States are levels: the status is asked for again and again, and whenever an event came, and each state is published
//! when it has changed. After every connection and whenever Home Assistant says that it has started, everything is
//! published anew, 1 to 5 s later at random, so that many doors do not come at once. Commands have two lanes, so that no
//! locking waits until a code is verified.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use sd_notify::NotifyState;
use serde_json::{Value, json};
use thiserror::Error;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::commands::{Command, Publication, command};
use crate::config::Config;
use crate::daemon::Daemon;
use crate::discovery::discovery;
use crate::events::access;
use crate::message::{Message, Topics};
use crate::mqtt::{self, Client, Incoming, MqttError};
use crate::states::{Status, availability, states};

/// How often the status is asked for if nothing happens.
const POLL: Duration = Duration::from_secs(2);
/// How soon after an event or a command the status is asked for; several that come together make one question.
const SOON: Duration = Duration::from_millis(50);
/// How many publications of others, and how many events, may wait.
const QUEUE: usize = 64;
/// How many commands may wait in a lane. The daemon takes one after the other.
const LANE: usize = 4;

/// Why the gateway ended.
#[derive(Debug, Error)]
pub enum BridgeError {
    /// There can be no client of the broker.
    #[error(transparent)]
    Mqtt(#[from] MqttError),
    /// The runtime could not be started.
    #[error("the gateway could not be started: {0}")]
    Runtime(#[from] io::Error),
}

/// Runs the gateway until it is killed. The broker then says `offline`, by the last will.
///
/// # Errors
/// It could not be started.
pub fn run(config: Config) -> Result<(), BridgeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (incoming, heard) = channel(QUEUE);
        let client = mqtt::connect(&config, incoming)?;
        Bridge::new(config, client).serve(heard).await;
        Ok(())
    })
}

/// What is known of both ends.
struct Bridge {
    config: Config,
    topics: Topics,
    daemon: Daemon,
    client: Client,
    connected: bool,
    /// Whether everything was published since the connection.
    announced: bool,
    /// The newest status; `None` while the daemon does not answer.
    status: Option<Status>,
    /// What was published last, by its topic.
    published: HashMap<String, String>,
    /// When everything is published anew.
    announce: Option<Instant>,
    /// When the status is asked for next.
    look: Instant,
    lanes: [Sender<Command>; 2],
    answers: Receiver<Message>,
    complaints: Complaints,
}

impl Bridge {
    fn new(config: Config, client: Client) -> Self {
        let daemon = Daemon::at(&config.socket);
        let (answer, answers) = channel(QUEUE);
        let lanes = [(); 2].map(|()| lane(daemon.clone(), config.topics(), answer.clone()));
        Self {
            topics: config.topics(),
            config,
            daemon,
            client,
            connected: false,
            announced: false,
            status: None,
            published: HashMap::new(),
            announce: None,
            look: Instant::now(),
            lanes,
            answers,
            complaints: Complaints::default(),
        }
    }

    async fn serve(mut self, mut heard: Receiver<Incoming>) {
        let (event, mut events) = channel(QUEUE);
        let daemon = self.daemon.clone();
        tokio::spawn(async move { daemon.follow(event).await });
        let mut alive = interval(Duration::from_secs(5));
        alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tell_systemd(NotifyState::Ready);
        loop {
            let announce = self.announce.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                Some(incoming) = heard.recv() => self.heard(incoming),
                Some(line) = events.recv() => self.happened(&line),
                Some(answer) = self.answers.recv() => {
                    self.say(answer);
                    self.look_soon();
                }
                () = sleep_until(self.look) => self.look().await,
                () = sleep_until(announce) => self.announce(),
                _ = alive.tick() => tell_systemd(NotifyState::Watchdog),
            }
        }
    }

    fn heard(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Connected => self.connected(),
            Incoming::Lost => self.connected = false,
            Incoming::Published { topic, payload, .. } if topic == self.topics.birth() => {
                if payload == b"online" {
                    self.announce_later();
                }
            }
            Incoming::Published { topic, payload, retained } => self.commanded(&topic, &payload, retained),
        }
    }

    /// Everything is new to a broker that was away.
    fn connected(&mut self) {
        self.connected = true;
        self.announced = false;
        for topic in self.topics.subscribed() {
            if let Err(error) = self.client.subscribe(&topic) {
                log::error!("{topic}: {error}");
            }
        }
        self.announce_later();
    }

    /// Publishes everything anew, unless that is due already.
    fn announce_later(&mut self) {
        self.announce.get_or_insert(Instant::now() + random_pause());
    }

    fn announce(&mut self) {
        self.announce = None;
        self.announced = self.connected;
        self.published.clear();
        self.publish_changes();
    }

    fn commanded(&mut self, topic: &str, payload: &[u8], retained: bool) {
        let Some(what) = topic.strip_prefix(self.topics.of("").as_str()) else { return };
        match command(&self.config, Publication { what, payload, retained }) {
            Ok(command) => {
                let lane = usize::from(command.widens());
                let is_full = self.lanes[lane].try_send(command).is_err();
                if is_full && self.complaints.allow(Instant::now()) {
                    log::warn!("{what}: too many commands; some are left out");
                }
            }
            Err(_) if !self.complaints.allow(Instant::now()) => {}
            Err(why) => {
                log::warn!("{what}: {why}");
                self.say(answer(&self.topics, what, Some(&format!("the command {why}"))));
            }
        }
    }

    fn happened(&mut self, line: &Value) {
        if let Some(message) = access(&self.config, line) {
            self.say(message);
        }
        self.look_soon();
    }

    fn look_soon(&mut self) {
        self.look = self.look.min(Instant::now() + SOON);
    }

    async fn look(&mut self) {
        let status = self.daemon.status().await;
        if let (Err(error), Some(_)) = (&status, &self.status) {
            log::warn!("the door is offline: {error}");
        }
        self.status = status.ok();
        self.look = Instant::now() + POLL;
        if self.announced {
            self.publish_changes();
        }
    }

    /// Publishes what has changed since it was published. What does not fit is tried again after the next look.
    fn publish_changes(&mut self) {
        if !self.connected {
            return;
        }
        let mut all = Vec::new();
        if let Some(status) = &self.status {
            all.push(discovery(&self.config, status));
            all.extend(states(&self.config, status));
        }
        all.push(availability(&self.topics, self.status.is_some()));
        for message in all {
            if self.published.get(&message.topic) == Some(&message.payload) {
                continue;
            }
            let (topic, payload) = (message.topic.clone(), message.payload.clone());
            if let Err(error) = self.client.publish(message) {
                log::warn!("{topic}: {error}; trying again");
                return;
            }
            self.published.insert(topic, payload);
        }
    }

    /// Says something that is not retained, if anybody can hear it: later it would be stale.
    fn say(&mut self, message: Message) {
        if self.connected
            && let Err(error) = self.client.publish(message)
        {
            log::warn!("access: {error}; an event was left out");
        }
    }
}

/// How much is said of publications that are no command: a flood of them must not become a flood of answers.
#[derive(Debug, Default)]
struct Complaints {
    since: Option<Instant>,
    count: u32,
}

impl Complaints {
    /// Whether one more may be made now: at most ten in ten seconds.
    fn allow(&mut self, now: Instant) -> bool {
        const MOST: u32 = 10;
        const WINDOW: Duration = Duration::from_secs(10);
        if self.since.is_none_or(|since| now.duration_since(since) >= WINDOW) {
            *self = Self { since: Some(now), count: 0 };
        }
        self.count += 1;
        self.count <= MOST
    }
}

/// A lane of commands: one after the other, each with an answer.
fn lane(daemon: Daemon, topics: Topics, answers: Sender<Message>) -> Sender<Command> {
    let (commands, mut waiting) = channel::<Command>(LANE);
    tokio::spawn(async move {
        while let Some(command) = waiting.recv().await {
            let refused = daemon.command(&command).await.err().map(|error| error.to_string());
            match &refused {
                None => log::info!("{}: done", command.name()),
                Some(why) => log::warn!("{}: {why}", command.name()),
            }
            let answer = answer(&topics, command.name(), refused.as_deref());
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    });
    commands
}

/// What became of a command.
fn answer(topics: &Topics, command: &str, refused: Option<&str>) -> Message {
    let mut answer = json!({ "command": command, "ok": refused.is_none() });
    if let Some(why) = refused {
        answer["error"] = json!(why);
    }
    topics.happening("answer", answer.to_string())
}

/// 1 to 5 s.
fn random_pause() -> Duration {
    // Without random numbers all doors come at once, which is no harm to one of them.
    let random = getrandom::u32().unwrap_or_default();
    Duration::from_millis(1000 + u64::from(random % 4000))
}

fn tell_systemd(state: NotifyState<'_>) {
    // Without systemd nobody listens.
    let _ = sd_notify::notify(&[state]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_before_everything_is_published_anew_is_one_to_five_seconds() {
        for _ in 0..1000 {
            assert!((1000..5000).contains(&random_pause().as_millis()));
        }
    }

    #[test]
    fn a_flood_of_nonsense_is_answered_ten_times_in_ten_seconds() {
        let mut complaints = Complaints::default();
        let start = Instant::now();
        assert_eq!((0..2000).filter(|_| complaints.allow(start)).count(), 10);
        assert!(complaints.allow(start + Duration::from_secs(10)));
    }

    #[test]
    fn an_answer_says_what_became_of_a_command() {
        let topics = Topics::new("limen", "homeassistant", "d");
        let done = answer(&topics, "lock", None);
        assert_eq!((done.topic.as_str(), done.retain), ("limen/d/answer", false));
        assert_eq!(done.payload, r#"{"command":"lock","ok":true}"#);
        let no = answer(&topics, "unlock", Some("no"));
        assert_eq!(no.payload, r#"{"command":"unlock","error":"no","ok":false}"#);
    }
}
