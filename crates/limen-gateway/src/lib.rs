//! The gateway of a door: the only program of limen that has a network.
//!
//! It asks the daemon over a socket of its own, publishes what it hears over MQTT, and hands commands on. It decides
//! nothing that lets anybody in: rights, remote codes, the age of a command and its repetition are up to the daemon. If it
//! dies, hangs or lies, the door works on.
//!
//! | layer | rooms |
//! |---|---|
//! | values | [`config`], [`message`] |
//! | pure functions from what the daemon says to what is published, and from a publication to a command | [`states`], [`events`], [`discovery`], [`commands`] |
//! | the two ends | [`daemon`], [`mqtt`] |
//! | between them | [`bridge`] |

#![forbid(unsafe_code)]

pub mod bridge;
pub mod commands;
pub mod config;
pub mod daemon;
pub mod discovery;
pub mod events;
pub mod message;
pub mod mqtt;
pub mod states;
