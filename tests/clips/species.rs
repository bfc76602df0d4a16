//! The kinds of clips: heads that answer, and attacks. An attack that moves answers the prompts as a head does, by what
//! it can move.

use limen_core::event::Side;
use limen_vision::geometry::Point;

use super::camera::Camera;
use super::clip::{Clip, EMPTY, Scene};
use super::hallway::hallway;
use super::head::Head;
use super::movement::{Approach, Movement};
use super::random::Random;
use super::screen::Screen;
use super::script::Script;
use super::sheet::{Board, Sheet, Shown};
use super::space::Angles;
use super::still::{Cast, Still};
use super::surface::{Axis, Bend};
use super::texture::Texture;

/// Makes one clip.
type Make = fn(&Setting<'_>, &mut Random) -> Clip;

/// All kinds, by name.
pub const SPECIES: [(&str, Make); 16] = [
    ("head-answers", head_answers),
    ("head-walks-up", head_walks_up),
    ("print-still", print_still),
    ("print-turned", print_turned),
    ("print-moved", print_moved),
    ("print-brought-near", print_brought_near),
    ("print-bent", |setting, random| print_bent(setting, Axis::Upright, random)),
    ("print-bent-level", |setting, random| print_bent(setting, Axis::Level, random)),
    ("print-bent-turned", print_bent_turned),
    ("print-cut-out", print_cut_out),
    ("print-swapped", print_swapped),
    ("screen-still", screen_still),
    ("screen-turned", screen_turned),
    ("replay-wrong-order", |setting, random| replay(setting, Script::in_another_order, random)),
    ("replay-wrong-times", |setting, random| replay(setting, Script::at_other_times, random)),
    ("replay-fixed", replay_fixed),
];

/// When the first wait begins, in seconds: the face has been recognised by then.
const ASKED: f32 = 1.6;
/// How long a clip goes on after the last turn, in seconds.
const AFTER: f32 = 1.2;
/// How long a clip is that answers nobody: for a challenge and its retry.
const UNASKED: f32 = 14.0;

/// Who is shown, and what may be asked.
pub struct Setting<'a> {
    pub cast: &'a Cast,
    /// The person, by number.
    pub person: usize,
    pub may_ask_up: bool,
}

impl Setting<'_> {
    fn still(&self) -> &Still {
        &self.cast.frontal[self.person % self.cast.frontal.len()].1
    }

    fn name(&self) -> &str {
        &self.cast.frontal[self.person % self.cast.frontal.len()].0
    }

    fn script(&self, from: f32, random: &mut Random) -> Script {
        Script::drawn(from, self.may_ask_up, random)
    }

    /// An attack that answers this script.
    fn attack(&self, script: &Script, random: &mut Random, scene: Scene) -> Clip {
        let camera = Camera::drawn(random);
        Clip {
            live: false,
            camera,
            steps: (!script.steps.is_empty()).then(|| script.steps.clone()),
            seconds: if script.steps.is_empty() { UNASKED } else { script.ends() + AFTER },
            shown: self.name().to_owned(),
            backdrop: camera.facing(hallway(camera.width, camera.height, random)),
            seed: random.next(),
            scene,
        }
    }

    fn live(&self, script: &Script, random: &mut Random, scene: Scene) -> Clip {
        Clip { live: true, ..self.attack(script, random, scene) }
    }

    fn print(&self, random: &mut Random) -> Sheet {
        let shown = Shown::of(self.still(), random.between(0.8, 1.15));
        Sheet::cut(shown, random.between(0.22, 0.36), random.between(0.28, 0.42))
    }
}

fn head_answers(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let (head, script) = (Head::of(setting.still()), setting.script(ASKED, random));
    let movement = Movement::standing(random.between(0.45, 0.75), random);
    let turns = script.clone();
    let scene: Scene =
        Box::new(move |time, lens, canvas| head.draw(canvas, lens, movement.pose(time, turns.angles(time))));
    setting.live(&script, random, scene)
}

fn head_walks_up(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let approach = coming(random);
    let (head, script) = (Head::of(setting.still()), setting.script(approach.ends + 0.8, random));
    let movement = Movement::standing(0.6, random).walking(approach);
    let turns = script.clone();
    let scene: Scene =
        Box::new(move |time, lens, canvas| head.draw(canvas, lens, movement.pose(time, turns.angles(time))));
    setting.live(&script, random, scene)
}

fn coming(random: &mut Random) -> Approach {
    Approach { begins: EMPTY, ends: EMPTY + random.between(1.2, 2.0), from: random.between(1.35, 1.6) }
}

fn print_still(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = Script { steps: Vec::new(), answers: Vec::new() };
    let movement = if random.chance(0.5) { Movement::still } else { Movement::held };
    let movement = movement(random.between(0.4, 0.6), random);
    print(setting, &script, movement, random, |_| (Angles::default(), None))
}

fn print_turned(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(1.0, 2.0));
    let movement = Movement::held(random.between(0.4, 0.6), random);
    let turns = script.clone();
    print(setting, &script, movement, random, move |time| (turns.angles(time), None))
}

fn print_moved(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(0.5, 1.3));
    let movement = Movement::held(random.between(0.4, 0.6), random).shaken(random);
    let turns = script.clone();
    print(setting, &script, movement, random, move |time| (turns.angles(time), None))
}

fn print_brought_near(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let approach = coming(random);
    let script = setting.script(approach.ends + 0.8, random).farther(random.between(1.0, 1.8));
    let movement = Movement::held(random.between(0.42, 0.6), random).walking(approach);
    let turns = script.clone();
    print(setting, &script, movement, random, move |time| (turns.angles(time), None))
}

/// Bent at each prompt, and hardly turned.
fn print_bent(setting: &Setting<'_>, axis: Axis, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random);
    let movement = Movement::held(random.between(0.4, 0.55), random);
    let (least, part) = (random.between(0.06, 0.2), random.between(0.2, 0.6));
    let turns = script.clone();
    print(setting, &script, movement, random, move |time| {
        let Angles { yaw, pitch, roll } = turns.angles(time);
        let share = turns.turning(time).map_or(0.0, |(_, share)| share);
        let bend = Bend { axis, radius: least + 0.7 * (1.0 - share).powi(2) };
        (Angles { yaw: yaw * part, pitch: pitch * part, roll }, Some(bend))
    })
}

/// Bent all the time, and turned as far as 58 degrees.
fn print_bent_turned(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(1.2, 2.0));
    let movement = Movement::held(random.between(0.4, 0.55), random);
    let bend = Bend { axis: Axis::Upright, radius: random.between(0.08, 0.25) };
    let turns = script.clone();
    print(setting, &script, movement, random, move |time| (turns.angles(time), Some(bend)))
}

/// A print that is turned and bent like this over time.
fn print(
    setting: &Setting<'_>,
    script: &Script,
    movement: Movement,
    random: &mut Random,
    posture: impl Fn(f32) -> (Angles, Option<Bend>) + 'static,
) -> Clip {
    let sheet = setting.print(random);
    let scene: Scene = Box::new(move |time, lens, canvas| {
        let (angles, bend) = posture(time);
        sheet.draw(canvas, lens, movement.pose(time, angles), bend);
    });
    setting.attack(script, random, scene)
}

/// Turned behind a board that shows the face alone.
fn print_cut_out(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(0.8, 1.6));
    let movement = Movement::held(random.between(0.42, 0.55), random);
    let size = random.between(0.85, 1.1);
    let sheet = Sheet::cut(Shown::of(setting.still(), size), 0.36, 0.42);
    // Nothing but paper is seen through the hole.
    let ends = (-sheet.area.top).min(sheet.area.top + sheet.area.height);
    let board = Board {
        colour: [0; 3].map(|_| random.between(40.0, 220.0)),
        width: random.between(0.4, 0.55),
        height: random.between(0.45, 0.6),
        hole: [0.072 * size, (0.105 * size).min(0.85 * ends)],
    };
    let (before, turns) = (random.between(0.02, 0.06), script.clone());
    let scene: Scene = Box::new(move |time, lens, canvas| {
        sheet.draw(canvas, lens, movement.pose(time, turns.angles(time)), None);
        let mut front = movement.pose(time, Angles::default());
        front.at[2] -= before;
        board.draw(canvas, lens, front);
    });
    setting.attack(&script, random, scene)
}

/// Changed for a photograph from the side while it turns.
fn print_swapped(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(0.2, 1.2));
    let movement = Movement::held(random.between(0.42, 0.6), random);
    let (size, width, height) =
        (random.between(0.85, 1.1), random.between(0.24, 0.36), random.between(0.3, 0.4));
    let turned = setting.cast.turned_of(setting.name(), random);
    let cut = |shown| Sheet::cut(shown, width, height);
    let (straight, as_it_is) = (cut(Shown::of(setting.still(), size)), cut(Shown::of(turned, size)));
    let mirrored = cut(Shown::mirrored(turned, size));
    let (left, right) = if turned.mesh.pose.yaw > 0.0 { (as_it_is, mirrored) } else { (mirrored, as_it_is) };
    let turns = script.clone();
    let scene: Scene = Box::new(move |time, lens, canvas| {
        let sheet = match turns.turning(time) {
            Some((Side::Left, share)) if share > 0.5 => &left,
            Some((Side::Right, share)) if share > 0.5 => &right,
            _ => &straight,
        };
        sheet.draw(canvas, lens, movement.pose(time, turns.angles(time)), None);
    });
    setting.attack(&script, random, scene)
}

fn screen_still(setting: &Setting<'_>, random: &mut Random) -> Clip {
    screen(setting, &Script { steps: Vec::new(), answers: Vec::new() }, random)
}

fn screen_turned(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = setting.script(ASKED, random).farther(random.between(1.0, 1.8));
    screen(setting, &script, random)
}

/// A screen with a photograph.
fn screen(setting: &Setting<'_>, script: &Script, random: &mut Random) -> Clip {
    let screen = Screen::drawn(random);
    let size = screen.face() * random.between(0.8, 1.0);
    let (shown, turns) = (Shown::of(setting.still(), size), script.clone());
    let movement = Movement::held(size * random.between(0.42, 0.6), random);
    let scene: Scene = Box::new(move |time, lens, canvas| {
        screen.draw(canvas, lens, movement.pose(time, turns.angles(time)), &shown);
    });
    setting.attack(script, random, scene)
}

/// A screen with a video of the head that turns otherwise than it was asked.
fn replay(setting: &Setting<'_>, wrong: fn(Script, &mut Random) -> Script, random: &mut Random) -> Clip {
    let asked = setting.script(ASKED, random);
    let played = wrong(asked.clone(), random);
    video(setting, Script { steps: asked.steps, ..played }, random)
}

/// A screen with one video of the head that turns to both sides in turns, whatever is asked.
fn replay_fixed(setting: &Setting<'_>, random: &mut Random) -> Clip {
    let script = Script::fixed(ASKED, 9, random);
    video(setting, script, random)
}

fn video(setting: &Setting<'_>, script: Script, random: &mut Random) -> Clip {
    let (head, screen, recorder) = (Head::of(setting.still()), Screen::drawn(random), Camera::CLEAR);
    let behind = recorder.facing(hallway(recorder.width, recorder.height, random));
    let far = random.between(0.45, 0.6);
    let filmed = Movement::standing(far, random);
    let size = screen.face() * random.between(0.8, 1.0);
    let held = Movement::held(size * random.between(0.42, 0.6), random);
    let density = recorder.lens().focal / far / size;
    let turns = script.clone();
    let scene: Scene = Box::new(move |time, lens, canvas| {
        let (pose, mut noise) =
            (filmed.pose(time, turns.angles(time)), Random::of(0, "film", time.to_bits().into()));
        let picture = recorder.shoot(&behind, &mut noise, |film, lens| head.draw(film, lens, pose));
        let centre = Point::new(recorder.width as f32 / 2.0, recorder.height as f32 / 2.0);
        let shown = Shown { texture: Texture::of(picture), centre, density };
        screen.draw(canvas, lens, held.pose(time, Angles::default()), &shown);
    });
    setting.attack(&script, random, scene)
}
