//! A stand-in for the daemon, a broker, and the gateway between them.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long anything may take: twice what a state may.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where Debian's broker is, if it is there; else the test says that it is skipped.
fn broker_program(test: &str) -> Option<&'static str> {
    let found =
        ["/usr/sbin/mosquitto", "/usr/bin/mosquitto"].into_iter().find(|path| Path::new(path).exists());
    if found.is_none() || !Path::new("/usr/bin/mosquitto_sub").exists() {
        // Not by eprintln!, which the test harness swallows.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: {test}: no broker (apt-get install mosquitto mosquitto-clients)"
        );
        return None;
    }
    found
}

/// Waits until something is so.
pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came: {what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// What the stand-in says, and what it was asked.
#[derive(Default)]
pub struct Said {
    pub status: Value,
    /// The commands that came.
    pub commands: Vec<Value>,
    followers: Vec<UnixStream>,
    /// Says no more.
    pub hangs: bool,
}

/// The daemon, as the gateway knows it.
pub struct Door(Arc<Mutex<Said>>);

impl Door {
    fn start(socket: &Path) -> Self {
        let status = json!({
            "v": 1, "ok": true, "state": "locked", "door_open": false, "mode": "normal", "alarms": [],
            "people": 3, "trouble": [], "version": "0.1.0", "may": ["status", "events", "lock", "unlock", "mode"],
        });
        let said = Arc::new(Mutex::new(Said { status, ..Said::default() }));
        let listener = UnixListener::bind(socket).expect("a socket");
        let shared = Arc::clone(&said);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self(said)
    }

    pub fn said(&self) -> MutexGuard<'_, Said> {
        self.0.lock().expect("no panic")
    }

    /// Tells the gateway of an event.
    pub fn happens(&self, event: Value) {
        let line = json!({ "v": 1, "ok": true, "time": "2026-11-27T10:00:00Z", "event": event });
        let mut said = self.said();
        said.followers.retain_mut(|one| writeln!(one, "{line}").is_ok());
        assert!(!said.followers.is_empty(), "nobody follows");
    }

    /// Waits until the gateway follows the events.
    pub fn until_followed(&self) {
        until("the gateway follows", || !self.said().followers.is_empty());
    }

    /// Waits until a command has come, and returns it.
    pub fn until_commanded(&self, name: &str) -> Value {
        let mut found = None;
        until(name, || {
            found = self.said().commands.iter().find(|command| command["command"] == name).cloned();
            found.is_some()
        });
        found.expect("it came")
    }
}

fn serve(stream: UnixStream, said: &Mutex<Said>) {
    let mut line = String::new();
    let _ = BufReader::new(&stream).read_line(&mut line);
    let Ok(request) = serde_json::from_str::<Value>(&line) else { return };
    let mut said = said.lock().expect("no panic");
    if said.hangs {
        drop(said);
        return thread::sleep(PATIENCE);
    }
    let answer = match request["command"].as_str() {
        Some("status") => said.status.clone(),
        Some("events") => return said.followers.push(stream),
        _ => {
            said.commands.push(request);
            json!({ "v": 1, "ok": true })
        }
    };
    // Who has left hears nothing.
    let _ = writeln!(&stream, "{answer}");
}

/// A process that ends with the test.
pub struct Process(Child);

impl Process {
    pub fn is_running(&mut self) -> bool {
        self.0.try_wait().expect("a child").is_none()
    }

    /// By SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A broker, a door, and the gateway between them.
pub struct Setup {
    program: &'static str,
    folder: tempfile::TempDir,
    port: u16,
    /// What clients of a broker with TLS are told.
    tls: Vec<String>,
    pub broker: Process,
    pub door: Door,
    pub gateway: Process,
}

impl Setup {
    /// Starts all three. `more` is added to `[mqtt]`. `None`: this machine has no broker.
    pub fn start(test: &str, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, test, more, "", Vec::new())
    }

    /// With a broker that asks everybody for a certificate, in both directions signed by the same.
    pub fn start_with_certificates(test: &str, more: &str) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        if !make_certificates(folder.path()) {
            let _ = writeln!(std::io::stderr(), "skipped: {test}: no openssl");
            return None;
        }
        let path = |name: &str| folder.path().join(name).display().to_string();
        let (ca, server, server_key) = (path("ca.crt"), path("server.crt"), path("server.key"));
        let broker =
            format!("cafile {ca}\ncertfile {server}\nkeyfile {server_key}\nrequire_certificate true\n");
        let (own, key) = (path("client.crt"), path("client.key"));
        let more = format!("{more}[mqtt.tls]\nca = \"{ca}\"\ncertificate = \"{own}\"\nkey = \"{key}\"\n");
        let tls = ["--cafile", &ca, "--cert", &own, "--key", &key].map(str::to_owned).to_vec();
        Self::start_in(folder, test, &more, &broker, tls)
    }

    fn start_in(
        folder: tempfile::TempDir,
        test: &str,
        more: &str,
        broker: &str,
        tls: Vec<String>,
    ) -> Option<Self> {
        let program = broker_program(test)?;
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("a port").port();
        let text = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nuser root\n{broker}"
        );
        fs::write(folder.path().join("mosquitto.conf"), text).expect("written");
        let broker = start_broker(program, folder.path(), port);
        let socket = folder.path().join("gateway.sock");
        let door = Door::start(&socket);
        let text = format!(
            "door = \"front-door\"\nsocket = \"{}\"\n[mqtt]\nhost = \"127.0.0.1\"\nport = {port}\n{more}",
            socket.display()
        );
        let config = folder.path().join("gateway.toml");
        fs::write(&config, text).expect("written");
        let gateway = start_gateway(&config);
        let setup = Self { program, folder, port, tls, broker, door, gateway };
        setup.until_state("availability", "online");
        Some(setup)
    }

    pub fn restart_broker(&mut self) {
        self.broker.kill();
        thread::sleep(Duration::from_secs(1));
        self.broker = start_broker(self.program, self.folder.path(), self.port);
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"]).args(&self.tls);
        command
    }

    /// Everything that the broker keeps, by its topic.
    pub fn kept(&self) -> BTreeMap<String, String> {
        let mut command = self.client("mosquitto_sub");
        let ran =
            command.args(["-t", "#", "--retained-only", "-W", "1", "-F", "%t %p"]).output().expect("it runs");
        let text = String::from_utf8_lossy(&ran.stdout).into_owned();
        text.lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(t, p)| (t.to_owned(), p.to_owned()))
            .collect()
    }

    /// Waits until the broker keeps this state of the door.
    pub fn until_state(&self, what: &str, payload: &str) {
        let topic = format!("limen/front-door/{what}");
        until(&format!("{what} {payload}"), || self.kept().get(&topic).is_some_and(|kept| kept == payload));
    }

    /// Publishes to a topic of the door.
    pub fn publish(&self, what: &str, payload: &[u8], retain: bool) {
        self.publish_to(&format!("limen/front-door/{what}"), payload, retain);
    }

    pub fn publish_to(&self, topic: &str, payload: &[u8], retain: bool) {
        let file = self.folder.path().join("payload");
        fs::write(&file, payload).expect("written");
        let mut command = self.client("mosquitto_pub");
        command.args(["-t", topic, "-f"]).arg(&file).args(retain.then_some("-r"));
        assert!(command.status().expect("it runs").success(), "{topic}");
    }

    /// Listens to topics from now on; each message is `TOPIC PAYLOAD`.
    pub fn listen(&self, topic: &str) -> Heard {
        let mut command = self.client("mosquitto_sub");
        command
            .args(["-R", "-t", topic, "-t", "probe", "-F", "%t %p"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn().expect("it runs");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let (out, shared) = (child.stdout.take().expect("a pipe"), Arc::clone(&lines));
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                shared.lock().expect("no panic").push(line);
            }
        });
        let heard = Heard { _process: Process(child), lines };
        until("a subscription", || {
            self.publish_to("probe", b"heard", false);
            heard.has("probe heard")
        });
        heard
    }

    pub fn restart_gateway(&mut self) {
        self.gateway.kill();
        self.gateway = start_gateway(&self.folder.path().join("gateway.toml"));
    }

    /// Publishes each line by itself, as fast as the broker takes them.
    pub fn publish_lines(&self, what: &str, lines: &[u8]) {
        let mut command = self.client("mosquitto_pub");
        let topic = format!("limen/front-door/{what}");
        let mut child = command.args(["-t", &topic, "-l"]).stdin(Stdio::piped()).spawn().expect("it runs");
        child.stdin.take().expect("a pipe").write_all(lines).expect("written");
        assert!(child.wait().expect("it ran").success());
    }
}

/// What a subscriber heard.
pub struct Heard {
    _process: Process,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Heard {
    /// Whether a line with this text came.
    pub fn has(&self, part: &str) -> bool {
        self.lines.lock().expect("no panic").iter().any(|line| line.contains(part))
    }
}

fn start_broker(program: &str, folder: &Path, port: u16) -> Process {
    let config = folder.join("mosquitto.conf");
    let mut command = Command::new(program);
    command.arg("-c").arg(&config).stdout(Stdio::null()).stderr(Stdio::null());
    let broker = Process(command.spawn().expect("it runs"));
    until("the broker", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    broker
}

fn start_gateway(config: &Path) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_limen-gateway"));
    Process(command.arg(config).spawn().expect("it runs"))
}

/// Makes an authority, and a certificate by it for the broker and for a client. Whether that could be done.
fn make_certificates(folder: &Path) -> bool {
    fs::write(folder.join("server.ext"), "subjectAltName=IP:127.0.0.1\n").expect("written");
    fs::write(folder.join("client.ext"), "extendedKeyUsage=clientAuth\n").expect("written");
    let run = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(arguments.split(' ')).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    let signed = |name: &str| {
        run(&format!("req {key} -keyout {name}.key -out {name}.csr -subj /CN={name}"))
            && run(&format!(
                "x509 -req -in {name}.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -extfile {name}.ext -out {name}.crt"
            ))
    };
    run(&format!("req -x509 {key} -keyout ca.key -out ca.crt -days 2 -subj /CN=ca"))
        && signed("server")
        && signed("client")
}

/// The resident memory of a process, in KiB.
pub fn resident(process: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", process.0.id())).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
