//! Chooses who is compared with whom: every picture with every other, or templates of some pictures with
//! probes of the others, drawn at random.

use limen_core::embedding::Embedding;
use limen_vision::matching::scoring::Scoring;

use super::bootstrap::{Numbers, in_parallel};
use super::rates::{Scores, Side};

/// A face of a known person.
#[derive(Debug, Clone)]
pub struct LabelledFace {
    /// The index of the person.
    pub person: usize,
    /// The embedding of one picture.
    pub embedding: Embedding,
}

/// How pictures are combined and compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparisonMethod {
    /// Single pictures, each with each other.
    Singles,
    /// Templates with probes, in repeated draws.
    Gallery {
        /// The number of pictures in a template.
        photos: usize,
        /// The number of pictures in a probe.
        frames: usize,
        /// The number of draws.
        draws: usize,
    },
}

/// Compares faces, which must be sorted by person.
pub fn compare(
    faces: &[LabelledFace],
    people: usize,
    scoring: &Scoring,
    how: ComparisonMethod,
    threads: usize,
) -> Vec<Scores> {
    match how {
        ComparisonMethod::Singles => {
            let sides = in_parallel(faces.len(), threads, |index| side(&faces[index..=index], scoring));
            let sides: Vec<Side> = sides.into_iter().flatten().collect();
            vec![Scores::among(&sides, people, threads)]
        }
        ComparisonMethod::Gallery { photos, frames, draws } => (0..draws)
            .map(|draw| {
                let (templates, probes) = drawn(faces, photos, frames, draw as u64);
                let ready = |groups: &[Vec<LabelledFace>]| -> Vec<Side> {
                    let sides = in_parallel(groups.len(), threads, |index| side(&groups[index], scoring));
                    sides.into_iter().flatten().collect()
                };
                Scores::between(&ready(&templates), &ready(&probes), people, threads)
            })
            .collect(),
    }
}

/// The mean of one person's pictures, prepared for comparison.
fn side(of: &[LabelledFace], scoring: &Scoring) -> Option<Side> {
    let embedding = scoring.mean(of.iter().map(|face| &face.embedding))?;
    Some(Side { person: of.first()?.person, face: scoring.ready(&embedding)? })
}

/// Draws templates and probes: for each person with enough pictures some at random as a template, and all
/// other pictures of all people as probes.
fn drawn(
    faces: &[LabelledFace],
    photos: usize,
    frames: usize,
    seed: u64,
) -> (Vec<Vec<LabelledFace>>, Vec<Vec<LabelledFace>>) {
    let (mut templates, mut probes) = (Vec::new(), Vec::new());
    let mut numbers = Numbers::new(seed);
    for person in faces.chunk_by(|a, b| a.person == b.person) {
        let mut person = person.to_vec();
        numbers.shuffle(&mut person);
        let held = if person.len() >= photos + frames { photos } else { 0 };
        if held > 0 {
            templates.push(person[..held].to_vec());
        }
        probes.extend(person[held..].chunks_exact(frames).map(<[LabelledFace]>::to_vec));
    }
    (templates, probes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faces(pictures: &[usize]) -> Vec<LabelledFace> {
        let of = |(person, count): (usize, &usize)| {
            (0..*count).map(move |picture| LabelledFace {
                person,
                embedding: Embedding::new([person as f32, picture as f32 / 100.0]).expect("finite"),
            })
        };
        pictures.iter().enumerate().flat_map(of).collect()
    }

    #[test]
    fn templates_and_probes_of_one_person_share_no_picture() {
        let (templates, probes) = drawn(&faces(&[5, 2, 1]), 3, 1, 7);
        assert_eq!((templates.len(), probes.len()), (1, 2 + 2 + 1));
        let shown = |group: &[Vec<LabelledFace>]| -> Vec<f32> {
            group.iter().flatten().filter(|f| f.person == 0).map(|f| f.embedding.values()[1]).collect()
        };
        assert!(shown(&templates).iter().all(|picture| !shown(&probes).contains(picture)));
    }

    #[test]
    fn draws_differ_and_repeat() {
        let faces = faces(&[9; 4]);
        let held =
            |seed| drawn(&faces, 3, 1, seed).0.concat().iter().map(|f| f.embedding.values()[1]).collect();
        let (one, again, other): (Vec<f32>, Vec<f32>, Vec<f32>) = (held(1), held(1), held(2));
        assert!(one == again && one != other);
    }

    #[test]
    fn every_draw_is_compared() {
        let how = ComparisonMethod::Gallery { photos: 2, frames: 2, draws: 3 };
        let scores = compare(&faces(&[4; 6]), 6, &Scoring::default(), how, 2);
        assert_eq!(scores.len(), 3);
        assert!(scores.iter().all(|scores| (scores.genuine(), scores.impostors()) == (6, 30)));
    }
}
