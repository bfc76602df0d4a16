//! A fake camera in a world whose time moves only when somebody waits.

use std::sync::{Arc, Mutex};

use limen_vision::frame::{Orientation, PixelFormat};

use super::*;

const POLL: Duration = Duration::from_millis(500);

/// What the fake camera does, and the time, which moves only when somebody waits.
#[derive(Default)]
struct World {
    now: Moment,
    plugged_in: bool,
    silent: bool,
    starting: bool,
    opened: u32,
    attempts: Vec<Moment>,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<World>>);

impl Fake {
    fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().expect("no test panics while it holds the world"))
    }
}

impl Time for Fake {
    fn now(&self) -> Moment {
        self.with(|world| world.now)
    }

    fn sleep(&self, length: Duration) {
        self.with(|world| world.now = world.now + length);
    }
}

fn missing() -> CameraError {
    CameraError::Missing { device: "/dev/video0".into() }
}

impl FrameSource for Fake {
    fn next(&mut self, timeout: Duration) -> Result<Option<Frame>, CameraError> {
        self.with(|world| {
            if !world.plugged_in {
                return Err(missing());
            }
            world.now = world.now + if world.silent { timeout } else { Duration::from_millis(33) };
            Ok((!world.silent).then(|| frame(world.now)))
        })
    }

    fn describe(&self) -> String {
        "fake".into()
    }

    fn is_starting(&self) -> bool {
        self.with(|world| world.starting)
    }
}

fn frame(taken: Moment) -> Frame {
    let (format, orientation) = (PixelFormat::Grey, Orientation::UPRIGHT);
    Frame { format, width: 1, height: 1, stride: 1, bytes: vec![0], orientation, taken, sequence: 0 }
}

fn camera() -> (Fake, Reopening<Fake>) {
    let fake = Fake::default();
    let inside = fake.clone();
    let camera = Reopening::with_time(
        move || {
            inside.with(|world| {
                world.attempts.push(world.now);
                world.opened += u32::from(world.plugged_in);
                world.plugged_in.then_some(()).ok_or_else(missing)
            })?;
            Ok(Box::new(inside.clone()))
        },
        Box::new(fake.clone()),
    );
    (fake, camera)
}

/// Calls until something other than [`Delivery::Nothing`] comes.
fn until_news(camera: &mut Reopening<Fake>) -> Delivery {
    (0..100)
        .map(|_| camera.next(POLL))
        .find(|delivery| !matches!(delivery, Delivery::Nothing))
        .expect("news within 100 calls")
}

#[test]
fn the_pause_doubles_to_five_seconds_and_starts_again_after_success() {
    let mut backoff = Backoff::default();
    let now = Moment::from_boot(Duration::from_secs(60));
    assert_eq!(backoff.wait(now), Duration::ZERO);
    let mut pauses = [0; 7];
    for pause in &mut pauses {
        backoff.failed(now);
        *pause = backoff.wait(now).as_millis();
    }
    assert_eq!(pauses, [250, 500, 1000, 2000, 4000, 5000, 5000]);
    assert_eq!(backoff.wait(now + Duration::from_secs(5)), Duration::ZERO);
    backoff.succeeded();
    backoff.failed(now);
    assert_eq!(backoff.wait(now), FIRST_PAUSE);
}

#[test]
fn a_camera_that_is_there_delivers_without_further_words() {
    let (fake, mut camera) = camera();
    fake.with(|world| world.plugged_in = true);
    assert!(matches!(camera.state(), CameraState::Away { .. }));
    assert!(matches!(until_news(&mut camera), Delivery::Frame(_)));
    assert_eq!(camera.state(), CameraState::Running);
    assert_eq!(camera.describe().as_deref(), Some("fake"));
}

#[test]
fn a_missing_camera_is_told_once_and_tried_with_growing_pauses() {
    let (fake, mut camera) = camera();
    assert!(matches!(camera.next(POLL), Delivery::Lost(CameraError::Missing { .. })));
    for _ in 0..40 {
        assert!(matches!(camera.next(POLL), Delivery::Nothing));
    }
    let attempts = fake.with(|world| world.attempts.clone());
    let pauses: Vec<u128> = attempts.windows(2).map(|pair| pair[1].since(pair[0]).as_millis()).collect();
    assert_eq!(pauses[..6], [250, 500, 1000, 2000, 4000, 5000]);
}

#[test]
fn no_call_waits_longer_than_its_timeout() {
    let (fake, mut camera) = camera();
    for _ in 0..50 {
        let before = fake.now();
        let _ = camera.next(POLL);
        assert!(fake.now().since(before) <= POLL);
    }
}

#[test]
fn a_pulled_cable_is_a_loss_and_the_time_away_is_told_when_pictures_come_again() {
    let (fake, mut camera) = camera();
    fake.with(|world| world.plugged_in = true);
    assert!(matches!(until_news(&mut camera), Delivery::Frame(_)));
    fake.with(|world| world.plugged_in = false);
    assert!(matches!(camera.next(POLL), Delivery::Lost(_)));
    let lost = fake.now();
    assert_eq!(camera.state(), CameraState::Away { since: lost });
    fake.sleep(Duration::from_secs(60));
    fake.with(|world| world.plugged_in = true);
    let Delivery::Back { away } = until_news(&mut camera) else { panic!("it is back") };
    assert_eq!(away, fake.now().since(lost));
    assert!(matches!(camera.next(POLL), Delivery::Frame(_)));
}

#[test]
fn two_seconds_without_a_frame_are_a_loss_and_the_camera_is_opened_again() {
    let (fake, mut camera) = camera();
    fake.with(|world| world.plugged_in = true);
    assert!(matches!(until_news(&mut camera), Delivery::Frame(_)));
    fake.with(|world| world.silent = true);
    let before = fake.now();
    assert!(matches!(until_news(&mut camera), Delivery::Lost(CameraError::Stalled { seconds: 2, .. })));
    assert_eq!(fake.now().since(before), STALLED_AFTER);
    for _ in 0..20 {
        assert!(matches!(camera.next(POLL), Delivery::Nothing), "a loss is told once");
    }
    assert!(fake.with(|world| world.opened) >= 2);
    fake.with(|world| world.silent = false);
    assert!(matches!(until_news(&mut camera), Delivery::Back { .. }));
}

#[test]
fn a_camera_that_sets_itself_up_is_waited_for_longer_and_not_for_ever() {
    let (fake, mut camera) = camera();
    fake.with(|world| (world.plugged_in, world.silent, world.starting) = (true, true, true));
    let before = fake.now();
    assert!(matches!(until_news(&mut camera), Delivery::Lost(CameraError::Stalled { seconds: 8, .. })));
    assert_eq!(fake.now().since(before), STARTED_AFTER);
}
