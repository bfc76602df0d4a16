//! The real source and the real server over a real socket and real pipes, with a stand-in for `rpicam-vid`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use limen_vision::frame::{Frame, PixelFormat};
use limen_vision::pixels::decode::decode;

use super::program::Program;
use super::serve::{CameraServer, ServeError};
use super::source::RpicamCamera;
use super::unit::CameraUnit;
use super::wire;
use crate::camera::reopen::{Delivery, Reopening};
use crate::camera::rpicam::error::RpicamError;
use crate::camera::{CameraDriver, CameraError, CameraSettings, FrameSource as _, LiveSource as _};
use crate::clocks;

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(30);
/// What the reader finds out is told within this.
const AT_ONCE: Duration = Duration::from_secs(2);
const IMX708: &str = "0 : imx708 [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)\n";

/// A unit with a stand-in for the program, both of the user who runs the test.
struct Stage {
    folder: tempfile::TempDir,
    unit: CameraUnit,
}

impl Stage {
    fn set() -> Self {
        Self::for_clients(vec![own()])
    }

    fn for_clients(clients: Vec<u32>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let unit = CameraUnit::stand_in(folder.path().join("camera.sock"), own());
        let stage = Self { folder, unit };
        stage.write("modules", IMX708);
        stage.put_program();
        stage.goes_wrong("none");
        let server = stage.server(clients).expect("a folder to listen in");
        std::thread::spawn(move || server.serve());
        stage
    }

    fn server(&self, clients: Vec<u32>) -> Result<CameraServer, ServeError> {
        CameraServer::listen(&self.unit, Program::stand_in(self.path("rpicam-vid"), own()), clients)
    }

    /// By another process: a program that is open for writing in this one, even for a moment, cannot be started.
    fn put_program(&self) {
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stand_in/rpicam-vid");
        let (folder, program) = (self.folder.path().display(), self.path("rpicam-vid"));
        let program = program.display();
        let line = format!("sed 's|FOLDER|{folder}|g' '{source}' > '{program}' && chmod 755 '{program}'");
        assert!(Command::new("sh").args(["-c", &line]).status().expect("a shell").success());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// In one step, because the program may be reading it.
    fn write(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).and_then(|()| fs::rename(&new, self.path(name))).expect("a folder to write in");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("the program left it")
    }

    fn goes_wrong(&self, fault: &str) {
        self.write("fault", &format!("{fault}\n"));
    }

    fn open(&self) -> Result<RpicamCamera, CameraError> {
        self.open_as(&settings())
    }

    fn open_as(&self, settings: &CameraSettings) -> Result<RpicamCamera, CameraError> {
        RpicamCamera::open_at(&self.unit, settings)
    }

    /// Why it does not open.
    fn refusal(&self, settings: &CameraSettings) -> String {
        self.open_as(settings).err().expect("refused").to_string()
    }

    fn reopening(&self) -> Reopening<RpicamCamera> {
        let unit = self.unit.clone();
        Reopening::new(move || RpicamCamera::open_at(&unit, &settings()).map(Box::new))
    }
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Small pictures, so that the tests take little.
fn settings() -> CameraSettings {
    let any = CameraSettings::for_device("/dev/null");
    CameraSettings { driver: CameraDriver::Rpicam, width: Some(256), height: Some(192), ..any }
}

fn frame_of(camera: &mut RpicamCamera) -> Frame {
    camera.next(LONG).expect("it works").expect("within its time")
}

/// The first news of a camera, and how long it took.
fn news(camera: &mut Reopening<RpicamCamera>, is_it: impl Fn(&Delivery) -> bool) -> (Delivery, Duration) {
    let begun = Instant::now();
    while begun.elapsed() < LONG {
        let delivery = camera.next(Duration::from_millis(500));
        if is_it(&delivery) {
            return (delivery, begun.elapsed());
        }
    }
    panic!("no such news");
}

#[test]
fn pictures_come_one_after_the_other_each_with_the_moment_it_was_taken() {
    let stage = Stage::set();
    let before = clocks::moment();
    let mut camera = stage.open().expect("a camera");
    assert!(camera.is_starting());
    let mut last: Option<Frame> = None;
    for _ in 0..5 {
        let frame = frame_of(&mut camera);
        assert_eq!((frame.format, frame.width, frame.height), (PixelFormat::Yu12Full, 256, 192));
        assert_eq!(decode(&frame).expect("whole").pixel(9, 9), [0, 135, 0], "zeros are a green");
        // Of the stand-in's clock, which shows hundredths.
        assert!(frame.taken + Duration::from_millis(10) >= before && frame.taken <= clocks::moment());
        if let Some(last) = &last {
            assert!(frame.taken > last.taken && frame.sequence > last.sequence);
        }
        last = Some(frame);
    }
    assert!(!camera.is_starting());
    assert_eq!(camera.identity().to_string(), "rpicam:imx708:/base/soc/i2c0mux/i2c@1/imx708@1a");
    assert!(camera.describe().starts_with("camera 0 (rpicam:imx708:"), "{}", camera.describe());
}

#[test]
fn who_fetches_late_gets_the_newest() {
    let stage = Stage::set();
    let mut camera = stage.open().expect("a camera");
    let first = frame_of(&mut camera);
    std::thread::sleep(Duration::from_millis(700));
    let second = frame_of(&mut camera);
    assert!(second.sequence > first.sequence + 3, "{} after {}", second.sequence, first.sequence);
    assert!(clocks::moment().since(second.taken) < Duration::from_millis(400), "an old one was kept");
}

#[test]
fn the_program_gets_its_settings_as_arguments_and_nothing_of_our_environment() {
    let stage = Stage::set();
    let mut camera = stage.open().expect("a camera");
    frame_of(&mut camera);
    let arguments = stage.read("arguments");
    assert!(
        arguments.contains("--codec yuv420") && arguments.contains("--width 256 --height 192 --framerate 30")
    );
    let environment = stage.read("environment");
    assert!(!environment.contains("HOME=") && !environment.contains("CARGO"), "{environment}");
}

#[test]
fn another_module_than_the_pinned_one_and_one_that_is_not_there_are_refused() {
    let stage = Stage::set();
    let other = CameraSettings { identity: Some("rpicam:ov5647:/base/x".to_owned()), ..settings() };
    let refusal = stage.refusal(&other);
    assert!(refusal.contains("ov5647") && refusal.contains("imx708"), "{refusal}");
    let mut second = settings();
    second.module.camera = 1;
    let refusal = stage.refusal(&second);
    assert!(refusal.contains("there is no camera 1: rpicam-vid finds 1"), "{refusal}");
    let odd = CameraSettings { width: Some(200), ..settings() };
    assert!(stage.refusal(&odd).contains("multiple of 128"));
}

#[test]
fn a_module_shows_one_limen_only_and_the_next_when_that_has_left() {
    let stage = Stage::set();
    let mut first = stage.open().expect("a camera");
    frame_of(&mut first);
    let refusal = stage.refusal(&settings());
    assert!(refusal.contains("camera 0 is in use by another limen"), "{refusal}");
    frame_of(&mut first);
    drop(first);
    let begun = Instant::now();
    let mut second = loop {
        match stage.open() {
            Ok(camera) => break camera,
            Err(error) => assert!(begun.elapsed() < AT_ONCE, "{error}"),
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    frame_of(&mut second);
}

#[test]
fn who_listens_as_another_user_shows_nothing() {
    let stage = Stage::set();
    let stranger = CameraUnit::stand_in(stage.path("camera.sock"), own() + 1);
    let error = RpicamCamera::open_at(&stranger, &settings()).err().expect("refused");
    assert!(matches!(error, CameraError::Rpicam(RpicamError::WrongUser { .. })), "{error}");
    assert!(error.to_string().contains("ss -xlp"));
}

#[test]
fn who_has_no_business_with_the_pictures_gets_none() {
    let stage = Stage::for_clients(Vec::new());
    match stage.open() {
        // Root may see whatever there is.
        Ok(_) => assert_eq!(own(), 0),
        Err(error) => assert!(error.to_string().contains("to the user limen and to root only"), "{error}"),
    }
}

#[test]
fn a_program_that_others_may_write_is_not_run() {
    let stage = Stage::set();
    let mode = fs::Permissions::from_mode(0o777);
    fs::set_permissions(stage.path("rpicam-vid"), mode).expect("our file");
    let refusal = stage.refusal(&settings());
    assert!(refusal.contains("rpicam-vid: others may write it (mode 0777)"), "{refusal}");
    fs::remove_file(stage.path("rpicam-vid")).expect("our file");
    let refusal = stage.refusal(&settings());
    assert!(refusal.contains("sudo apt install rpicam-apps-lite"), "{refusal}");
}

#[test]
fn a_unit_that_does_not_run_or_says_nothing_is_told_in_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = CameraUnit::stand_in(folder.path().join("camera.sock"), own());
    let error = RpicamCamera::open_at(&unit, &settings()).err().expect("nobody there").to_string();
    assert!(error.contains("systemctl enable --now limen-camera"), "{error}");
    let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("camera.sock")).expect("bound");
    let begun = Instant::now();
    let error = RpicamCamera::open_at(&unit, &settings()).err().expect("no answer");
    assert!(matches!(error, CameraError::Rpicam(RpicamError::NoAnswer { .. })), "{error}");
    assert!(begun.elapsed() < Duration::from_millis(2500), "whoever opens it is watched");
}

#[test]
fn nonsense_from_the_unit_is_refused_and_its_descriptors_are_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = CameraUnit::stand_in(folder.path().join("camera.sock"), own());
    let listener = std::os::unix::net::UnixListener::bind(folder.path().join("camera.sock")).expect("bound");
    let started = r#"{"started":{"v":1,"module":{"sensor":"a","path":"b"},"frame_bytes":73728}}"#;
    for (answer, says) in [
        ("open sesame", "expected value"),
        (&started.replace("73728", "1"), "frames of 1 bytes"),
        (&started.replace("\"v\":1", "\"v\":9"), "version 9"),
        (started, "0 pipes, not 2"),
    ] {
        let said = format!("{answer}\n");
        let client = std::thread::spawn({
            let unit = unit.clone();
            move || RpicamCamera::open_at(&unit, &settings()).err().expect("refused").to_string()
        });
        let (stream, _) = listener.accept().expect("a client");
        wire::send(&stream, said.as_bytes(), &[]).expect("sent");
        let error = client.join().expect("it ends");
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn nonsense_from_a_client_is_answered_and_others_are_served() {
    let stage = Stage::set();
    let client = UnixStream::connect(stage.path("camera.sock")).expect("it listens");
    wire::send(&client, b"\xff\xfe open sesame\n", &[]).expect("sent");
    let (answer, pipes) = wire::receive(&client, LONG).expect("an answer");
    assert!(String::from_utf8_lossy(&answer).contains("bad-request") && pipes.is_empty());
    frame_of(&mut stage.open().expect("a camera"));
    assert!(matches!(stage.server(Vec::new()), Err(ServeError::AlreadyRunning { .. })));
}

/// What goes wrong, and what is said of it.
const FAULTS: [(&str, &str); 18] = [
    ("stalls", "no frame for 1"),
    ("half", "a frame ended after 36864 of 73728 bytes"),
    ("smaller", "metadata came after 18432 bytes of a frame of 73728"),
    ("larger", "more than the 73728 bytes of a frame came without its metadata"),
    ("dies", "the camera is on fire"),
    ("ends", "rpicam-vid has ended (exit status: 0)"),
    ("early", "metadata came after 0 bytes of a frame of 73728"),
    ("missing", "more than the 73728 bytes of a frame came without its metadata"),
    ("unfinished", "a frame came without its metadata"),
    ("garbage", "a line of metadata is not NAME=VALUE"),
    ("zeros", "a line of metadata is longer than 4096 bytes"),
    ("megabyte", "a line of metadata is longer than 4096 bytes"),
    ("unstamped", "a frame has no SensorTimestamp"),
    ("future", "ms in the future"),
    ("before-boot", "before the machine was started"),
    ("old", "ms ago, although it has just come"),
    ("repeated", "two frames have the same stamp"),
    ("backwards", "earlier than the one before it"),
];

#[test]
fn whatever_goes_wrong_is_told_once_within_two_seconds_and_the_camera_comes_back_by_itself() {
    // Some at a time, each on a stage of its own: most of it is waiting.
    for some in FAULTS.chunks(6) {
        std::thread::scope(|scope| {
            for (fault, said) in some {
                scope.spawn(move || is_told_and_comes_back(fault, said));
            }
        });
    }
}

fn is_told_and_comes_back(fault: &str, said: &str) {
    let stage = Stage::set();
    let mut camera = stage.reopening();
    let is_frame = |delivery: &Delivery| matches!(delivery, Delivery::Frame(_));
    news(&mut camera, is_frame);
    stage.goes_wrong(fault);
    let (lost, took) = news(&mut camera, |delivery| matches!(delivery, Delivery::Lost(_)));
    let Delivery::Lost(error) = lost else { panic!("{lost:?}") };
    assert!(error.to_string().contains(said), "{fault}: {error}");
    assert!(took < AT_ONCE + Duration::from_millis(500), "{fault}: {took:?}");
    stage.goes_wrong("none");
    news(&mut camera, |delivery| matches!(delivery, Delivery::Back { .. }));
    news(&mut camera, is_frame);
}

#[test]
fn the_death_of_the_unit_is_told() {
    let stage = Stage::set();
    // A unit of one client: it hands over two pipes and dies.
    let path = stage.path("other.sock");
    let listener = std::os::unix::net::UnixListener::bind(&path).expect("bound");
    let serving = std::thread::spawn(move || {
        let (client, _) = listener.accept().expect("a client");
        let pipes = [std::io::pipe().expect("a pipe"), std::io::pipe().expect("a pipe")];
        let [(frames, _keep), (metadata, _too)] = pipes;
        let started =
            b"{\"started\":{\"v\":1,\"module\":{\"sensor\":\"a\",\"path\":\"b\"},\"frame_bytes\":73728}}\n";
        wire::send(&client, started, &[frames.into(), metadata.into()]).expect("sent");
        std::thread::sleep(Duration::from_millis(100));
    });
    let mut camera =
        RpicamCamera::open_at(&CameraUnit::stand_in(path, own()), &settings()).expect("a camera");
    serving.join().expect("it ends");
    let error = camera.next(LONG).expect_err("it died").to_string();
    assert!(error.contains("limen-camera.service has ended"), "{error}");
}

#[test]
#[ignore = "measures; run it alone"]
fn the_pipe_costs_at_most_a_millisecond_a_frame() {
    let stage = Stage::set();
    // From a file, in large pieces, as rpicam-vid writes: zeros come in small ones.
    fs::write(stage.path("frame"), [128; 640 * 480 / 2 * 3]).expect("written");
    let usual = CameraSettings { driver: CameraDriver::Rpicam, ..CameraSettings::for_device("/dev/null") };
    let mut camera = stage.open_as(&usual).expect("a camera");
    let first = frame_of(&mut camera).sequence;
    let before = reader_time();
    let mut last = first;
    while last < first + 100 {
        last = frame_of(&mut camera).sequence;
    }
    let each = (reader_time() - before) / u32::try_from(last - first).expect("few");
    println!("{each:?} a frame of 640x480");
    assert!(each < Duration::from_millis(1), "{each:?}");
}

/// The processor time of the only reader in this process.
fn reader_time() -> Duration {
    let mut tasks = fs::read_dir("/proc/self/task").expect("tasks").map(|task| task.expect("a task").path());
    let name = |task: &PathBuf| {
        fs::read_to_string(task.join("comm")).is_ok_and(|name| name.trim() == "camera-reader")
    };
    let task = tasks.find(name).expect("a reader");
    let times = fs::read_to_string(task.join("schedstat")).expect("times");
    Duration::from_nanos(times.split(' ').next().and_then(|time| time.parse().ok()).expect("a number"))
}
