//! The broker. The only file that names the MQTT client: the same for MQTT 5 and for 3.1.1.
//!
//! A task of its own drives the connection and connects again, with growing pauses. What came is handed on; while nobody
//! takes it, it is left out.

use std::time::Duration;

use thiserror::Error;
use tokio::sync::mpsc::Sender;
use tokio::time::sleep;

use crate::config::{Config, ConfigError, Mqtt, Tls, Version, read};
use crate::message::Message;
use crate::states::availability;

/// How many publications may wait for the broker: all states at once, and some more.
const QUEUE: usize = 64;
/// How many publications may be under way. The client keeps a place for each, so few save memory.
const UNDER_WAY: u16 = 16;
/// How often the broker is asked whether it is there, in seconds.
const KEEP_ALIVE: u16 = 20;
/// The largest packet that is taken, in bytes. An MQTT 5 broker is told and sends no larger one; from an older one a
/// larger packet ends the connection, so that there more is read and left aside.
const LARGEST: u32 = 16 * 1024;
const LARGEST_V3: usize = 2 * 1024 * 1024;
/// The pauses between two tries to connect.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Why there can be no client.
#[derive(Debug, Error)]
pub enum MqttError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// The password is not one line of text.
    #[error("mqtt.password-file: is no text; write the password as its first line")]
    Password,
}

/// What came from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// A connection, without what was subscribed to before.
    Connected,
    /// The connection is lost.
    Lost,
    /// Somebody published.
    Published {
        /// The topic.
        topic: String,
        /// The payload.
        payload: Vec<u8>,
        /// Whether the broker had kept it.
        retained: bool,
    },
}

/// The way to the broker.
#[derive(Debug, Clone)]
pub enum Client {
    /// MQTT 5.
    V5(rumqttc_v5::AsyncClient),
    /// MQTT 3.1.1.
    V3(rumqttc_v4::AsyncClient),
}

/// Too much waits for the broker already.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("too much waits for the broker")]
pub struct Full;

impl Client {
    /// Has a message published, with QoS 1. It does not wait.
    ///
    /// # Errors
    /// [`Full`]
    pub fn publish(&self, message: Message) -> Result<(), Full> {
        let Message { topic, payload, retain } = message;
        match self {
            Self::V5(client) => {
                let options = rumqttc_v5::PublishOptions::new(rumqttc_v5::QoS::AtLeastOnce).retain(retain);
                client.try_publish(topic, payload, options).map_err(|_| Full)
            }
            Self::V3(client) => {
                let options = rumqttc_v4::PublishOptions::new(rumqttc_v4::QoS::AtLeastOnce).retain(retain);
                client.try_publish(topic, payload, options).map_err(|_| Full)
            }
        }
    }

    /// Subscribes to a topic, with QoS 1. It does not wait.
    ///
    /// # Errors
    /// [`Full`]
    pub fn subscribe(&self, topic: &str) -> Result<(), Full> {
        match self {
            Self::V5(client) => client.try_subscribe(topic, rumqttc_v5::QoS::AtLeastOnce).map_err(|_| Full),
            Self::V3(client) => client.try_subscribe(topic, rumqttc_v4::QoS::AtLeastOnce).map_err(|_| Full),
        }
    }
}

/// Starts the task that keeps the connection. It must run inside a tokio runtime.
///
/// # Errors
/// A file of the configuration cannot be read.
pub fn connect(config: &Config, incoming: Sender<Incoming>) -> Result<Client, MqttError> {
    let credentials = credentials(&config.mqtt)?;
    match config.mqtt.version {
        Version::V5 => connect_v5(config, credentials, incoming),
        Version::V3 => connect_v3(config, credentials, incoming),
    }
}

/// Connects with these options, and keeps the connection. Both versions of the client do this alike, by crates whose types
/// have the same names and are not the same.
macro_rules! keep_connected {
    ($options:ident, $config:ident, $credentials:ident, $incoming:ident) => {{
        if let Some((user, password)) = $credentials {
            $options.set_credentials(user, password);
        }
        if let Some(tls) = &$config.mqtt.tls {
            let (ca, client_auth) = certificates(tls)?;
            let tls = TlsConfiguration::Simple { ca, alpn: None, client_auth };
            $options.set_transport(Transport::tls_with_config(tls));
        }
        let (client, mut connection) = AsyncClient::builder($options).capacity(QUEUE).build();
        tokio::spawn(async move {
            let mut pauses = Pauses::default();
            loop {
                let came = match connection.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => Some(pauses.connected()),
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        Some(published(&publish.topic, &publish.payload, publish.retain))
                    }
                    Ok(_) => None,
                    Err(error) => Some(pauses.lost(&error.to_string())),
                };
                hand_on(came, &$incoming, &mut pauses).await;
            }
        });
        client
    }};
}

fn connect_v5(
    config: &Config,
    credentials: Option<(String, String)>,
    incoming: Sender<Incoming>,
) -> Result<Client, MqttError> {
    use rumqttc_v5::{AsyncClient, Event, LastWill, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
    let mut options = MqttOptions::new(client_id(config), (config.mqtt.host.clone(), port(&config.mqtt)));
    let will = availability(&config.topics(), false);
    options.set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, true, None));
    options.set_keep_alive(KEEP_ALIVE).set_clean_start(true).set_max_packet_size(Some(LARGEST));
    options.set_outgoing_inflight_upper_limit(UNDER_WAY).set_receive_maximum(Some(UNDER_WAY));
    let client = keep_connected!(options, config, credentials, incoming);
    Ok(Client::V5(client))
}

fn connect_v3(
    config: &Config,
    credentials: Option<(String, String)>,
    incoming: Sender<Incoming>,
) -> Result<Client, MqttError> {
    use rumqttc_v4::{AsyncClient, Event, LastWill, MqttOptions, Packet, QoS, TlsConfiguration, Transport};
    let mut options = MqttOptions::new(client_id(config), (config.mqtt.host.clone(), port(&config.mqtt)));
    let will = availability(&config.topics(), false);
    options.set_last_will(LastWill::new(will.topic, will.payload, QoS::AtLeastOnce, true));
    options.set_keep_alive(KEEP_ALIVE).set_clean_session(true).set_max_packet_size(LARGEST_V3, LARGEST_V3);
    options.set_inflight(UNDER_WAY);
    let client = keep_connected!(options, config, credentials, incoming);
    Ok(Client::V3(client))
}

/// Hands on what came. Connections wait for a taker, publications do not: a flood must not grow a queue.
async fn hand_on(came: Option<Incoming>, incoming: &Sender<Incoming>, pauses: &mut Pauses) {
    let Some(came) = came else { return };
    let is_lost = came == Incoming::Lost;
    if !matches!(came, Incoming::Published { .. }) {
        // The end of the taker is the end of the program.
        let _ = incoming.send(came).await;
    } else if incoming.try_send(came).is_err() {
        log::debug!("mqtt: more came than could be handed on");
    }
    if is_lost {
        sleep(pauses.next()).await;
    }
}

/// The pauses between two tries to connect: each twice as long as the one before.
#[derive(Debug, Default)]
struct Pauses {
    failed: u32,
}

impl Pauses {
    fn connected(&mut self) -> Incoming {
        log::info!("mqtt: connected");
        self.failed = 0;
        Incoming::Connected
    }

    fn lost(&mut self, why: &str) -> Incoming {
        if self.failed == 0 {
            log::warn!("mqtt: no connection: {why}; trying again");
        }
        Incoming::Lost
    }

    fn next(&mut self) -> Duration {
        let pause = (FIRST_PAUSE * 2_u32.saturating_pow(self.failed.min(5))).min(LONGEST_PAUSE);
        self.failed += 1;
        pause
    }
}

fn published(topic: &[u8], payload: &[u8], retained: bool) -> Incoming {
    let topic = String::from_utf8_lossy(topic).into_owned();
    Incoming::Published { topic, payload: payload.to_vec(), retained }
}

fn client_id(config: &Config) -> String {
    config.mqtt.client_id.clone().unwrap_or_else(|| format!("limen-{}", config.door))
}

fn port(mqtt: &Mqtt) -> u16 {
    mqtt.port.unwrap_or(if mqtt.tls.is_some() { 8883 } else { 1883 })
}

fn credentials(mqtt: &Mqtt) -> Result<Option<(String, String)>, MqttError> {
    let Some(user) = mqtt.user.clone() else { return Ok(None) };
    let Some(file) = &mqtt.password_file else { return Ok(Some((user, String::new()))) };
    let text = String::from_utf8(read(file)?).map_err(|_| MqttError::Password)?;
    Ok(Some((user, text.lines().next().unwrap_or_default().to_owned())))
}

/// Who signs the broker's certificate, and the gateway's own certificate with its key.
type Certificates = (Vec<u8>, Option<(Vec<u8>, Vec<u8>)>);

fn certificates(tls: &Tls) -> Result<Certificates, ConfigError> {
    let own = tls.certificate.as_ref().zip(tls.key.as_ref());
    let own = own.map(|(certificate, key)| Ok::<_, ConfigError>((read(certificate)?, read(key)?)));
    Ok((read(&tls.ca)?, own.transpose()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pauses_grow_and_a_connection_begins_them_anew() {
        let mut pauses = Pauses::default();
        let mut secs = || pauses.next().as_secs();
        assert_eq!([secs(), secs(), secs(), secs(), secs(), secs(), secs()], [1, 2, 4, 8, 16, 30, 30]);
        pauses.connected();
        assert_eq!(pauses.next(), FIRST_PAUSE);
    }
}
