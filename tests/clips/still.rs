//! A photograph with its mesh, and the people of whom there are photographs.

use std::fs;
use std::path::{Path, PathBuf};

use limen_vision::detect::detect;
use limen_vision::frame::Picture;
use limen_vision::geometry::Point;
use limen_vision::landmarks::{Mesh, find_mesh};
use limen_vision::model::Models;
use limen_vision::pixels::photograph::{is_photograph, load_photograph};

use super::random::Random;

/// From cheek to cheek, in metres.
pub const FACE: f32 = 0.15;
/// The numbers of the mesh points of the cheeks, as in MediaPipe's face mesh.
const CHEEKS: [usize; 2] = [234, 454];
/// The least presence of a usable face.
const SURE: f32 = 0.8;
/// The narrowest usable face, in pixels.
const NARROWEST: f32 = 70.0;

/// A photograph of one person.
#[derive(Debug, Clone)]
pub struct Still {
    pub picture: Picture,
    pub mesh: Mesh,
}

impl Still {
    /// The largest face of a photograph, by the networks of the door; `None` if none is large and sure enough.
    pub fn of(models: &Models, picture: Picture) -> Option<Self> {
        let faces = detect(&models.detector, &picture).expect("the network runs");
        let face = faces.into_iter().max_by(|a, b| a.bounds.area().total_cmp(&b.bounds.area()))?;
        let mesh = find_mesh(&models.landmarks, &picture, &face).expect("the network runs");
        let still = Self { picture, mesh };
        let (upper_left, lower_right) = still.mesh.extent();
        let is_whole = still.has(upper_left) && still.has(lower_right);
        (still.mesh.presence > SURE && still.width() > NARROWEST && is_whole).then_some(still)
    }

    /// Whether the photograph reaches as far.
    pub fn has(&self, at: Point) -> bool {
        let (width, height) = (self.picture.width() as f32, self.picture.height() as f32);
        (0.0..width).contains(&at.x) && (0.0..height).contains(&at.y)
    }

    pub fn load(models: &Models, file: &Path) -> Option<Self> {
        Self::of(models, load_photograph(file).ok()?)
    }

    /// Between the cheeks.
    pub fn centre(&self) -> Point {
        self.mesh.points[CHEEKS[0]].midpoint(self.mesh.points[CHEEKS[1]])
    }

    /// The depth between the cheeks, in pixels.
    pub fn depth(&self) -> f32 {
        CHEEKS.iter().map(|cheek| self.mesh.depth[*cheek]).sum::<f32>() / 2.0
    }

    /// Pixels of the photograph to a metre of the face.
    pub fn density(&self) -> f32 {
        self.width() / FACE
    }

    fn width(&self) -> f32 {
        let [right, left] = CHEEKS.map(|cheek| self.mesh.points[cheek]);
        right.distance(left).hypot(self.mesh.depth[CHEEKS[0]] - self.mesh.depth[CHEEKS[1]])
    }

    pub fn is_frontal(&self) -> bool {
        let pose = self.mesh.pose;
        pose.yaw.abs() < 8.0 && pose.pitch.abs() < 20.0 && pose.roll.abs() < 15.0
    }

    /// Seen from a side.
    pub fn is_turned(&self) -> bool {
        self.mesh.pose.yaw.abs() > 18.0
    }
}

/// Frontal photographs, one of each person, and photographs from a side.
#[derive(Debug)]
pub struct Cast {
    pub frontal: Vec<(String, Still)>,
    pub turned: Vec<(String, Still)>,
}

/// Which people are taken: what is fitted to some is measured on the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Everybody,
    Fit,
    Test,
}

impl Cast {
    /// So many people of a folder of folders, one a person, in an order that the seed gives.
    pub fn of(models: &Models, folder: &Path, part: Part, people: usize, seed: u64) -> Self {
        let mut cast = Self { frontal: Vec::new(), turned: Vec::new() };
        for person in shuffled(people_of(folder, part), &mut Random::of(seed, "cast", 0)) {
            if cast.frontal.len() >= people && !cast.turned.is_empty() {
                break;
            }
            cast.add(models, &person);
        }
        cast
    }

    fn add(&mut self, models: &Models, person: &Path) {
        let name = person.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut photographs = entries(person);
        photographs.retain(|file| is_photograph(file));
        let stills: Vec<Still> = photographs.iter().filter_map(|file| Still::load(models, file)).collect();
        let (frontal, others): (Vec<Still>, Vec<Still>) = stills.into_iter().partition(Still::is_frontal);
        self.frontal.extend(frontal.into_iter().next().map(|still| (name.clone(), still)));
        self.turned.extend(others.into_iter().filter(Still::is_turned).map(|still| (name.clone(), still)));
    }

    /// A photograph from a side, of the same person if there is one.
    pub fn turned_of(&self, name: &str, random: &mut Random) -> &Still {
        let same: Vec<&Still> =
            self.turned.iter().filter(|(other, _)| other == name).map(|(_, still)| still).collect();
        if same.is_empty() { &self.turned[random.below(self.turned.len())].1 } else { random.pick(&same) }
    }
}

fn people_of(folder: &Path, part: Part) -> Vec<PathBuf> {
    let people = entries(folder).into_iter().filter(|entry| entry.is_dir()).enumerate();
    let taken = people.filter(|(number, _)| match part {
        Part::Everybody => true,
        Part::Fit => number % 2 == 0,
        Part::Test => number % 2 == 1,
    });
    taken.map(|(_, person)| person).collect()
}

/// By name.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn shuffled<T>(mut things: Vec<T>, random: &mut Random) -> Vec<T> {
    for last in (1..things.len()).rev() {
        things.swap(last, random.below(last + 1));
    }
    things
}
