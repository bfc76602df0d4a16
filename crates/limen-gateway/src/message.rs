//! What is published, and the topics that it is published to.

/// One publication, always with QoS 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The topic.
    pub topic: String,
    /// The payload.
    pub payload: String,
    /// Whether the broker keeps it for those who subscribe later.
    pub retain: bool,
}

/// The topics of one door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    base: String,
    discovery: String,
    door: String,
}

impl Topics {
    /// The topics below `base/door`, and those of Home Assistant below `discovery`.
    pub fn new(base: &str, discovery: &str, door: &str) -> Self {
        Self { base: format!("{base}/{door}"), discovery: discovery.to_owned(), door: door.to_owned() }
    }

    /// A topic of the door.
    pub fn of(&self, what: &str) -> String {
        format!("{}/{what}", self.base)
    }

    /// Whether the gateway is there: `online` or `offline`.
    pub fn availability(&self) -> String {
        self.of("availability")
    }

    /// Where Home Assistant looks for the device.
    pub fn device(&self) -> String {
        format!("{}/device/limen-{}/config", self.discovery, self.door)
    }

    /// Where Home Assistant says that it has started.
    pub fn birth(&self) -> String {
        format!("{}/status", self.discovery)
    }

    /// The topics that are subscribed to.
    pub fn subscribed(&self) -> Vec<String> {
        let commands = ["lock/set", "mode/set", "alarms/acknowledge"].map(|what| self.of(what));
        commands.into_iter().chain([self.birth()]).collect()
    }

    /// A state that the broker keeps.
    pub fn state(&self, what: &str, payload: impl Into<String>) -> Message {
        Message { topic: self.of(what), payload: payload.into(), retain: true }
    }

    /// Something that happens, which the broker does not keep.
    pub fn happening(&self, what: &str, payload: impl Into<String>) -> Message {
        Message { topic: self.of(what), payload: payload.into(), retain: false }
    }
}
