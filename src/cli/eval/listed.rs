//! Compares the pairs of a list: their scores, the pairs that could not be compared, and the accuracy.

use std::collections::HashMap;
use std::path::Path;

use limen_core::embedding::{Crops, Embedding, Score};
use limen_lab::accuracy::{Accuracy, PairScore, accuracy, accuracy_interval};
use limen_lab::bootstrap::Estimate;
use limen_lab::pairs::Pair;
use limen_lab::pictures::{Collection, Embedded};
use limen_vision::matching::scoring::Scoring;

/// A list of pairs, compared.
pub struct ListedPairs {
    /// The indexes of both people, and the score.
    pub pairs: Vec<(usize, usize, PairScore)>,
    /// Pairs that could not be compared, and why.
    pub missing: Vec<(String, String)>,
}

fn score(scoring: &Scoring, one: &Embedding, other: &Embedding) -> Option<Score> {
    Some(scoring.ready(one)?.compare(&scoring.ready(other)?)?.1)
}

impl ListedPairs {
    /// Compares every pair that has two faces.
    pub fn new(
        collection: &Collection,
        embedded: &[Embedded],
        pairs: &[Pair],
        scoring: &Scoring,
        crops: Crops,
    ) -> Self {
        let files = collection.pictures.iter().enumerate();
        let index: HashMap<&Path, usize> =
            files.map(|(index, known)| (known.file.as_path(), index)).collect();
        let find = |file: &Path| -> Result<(usize, &Embedding), String> {
            let index = *index.get(file).ok_or_else(|| format!("{} is not there", file.display()))?;
            let both = embedded[index].as_ref().map_err(|why| format!("{}: {why}", file.display()))?;
            let embedding = if crops == Crops::Plain { &both.plain } else { &both.mirrored };
            Ok((collection.pictures[index].person, embedding))
        };
        let mut listed = Self { pairs: Vec::new(), missing: Vec::new() };
        for pair in pairs {
            match find(&pair.first).and_then(|first| Ok((first, find(&pair.second)?))) {
                Ok(((a, first), (b, second))) => {
                    // Embeddings that cannot be compared count as most unlike.
                    let score = score(scoring, first, second).map_or(f32::MAX, Score::get);
                    listed.pairs.push((a, b, PairScore { score, genuine: pair.genuine }));
                }
                Err(why) => {
                    let name = format!("{} {}", pair.first.display(), pair.second.display());
                    listed.missing.push((name, why));
                }
            }
        }
        listed
    }

    /// The accuracy with its interval; `None` if there is no pair.
    pub fn accuracy(&self, people: usize) -> Option<(Accuracy, Estimate)> {
        if self.pairs.is_empty() {
            return None;
        }
        let scored: Vec<PairScore> = self.pairs.iter().map(|pair| pair.2).collect();
        let found = accuracy(&scored);
        let decided: Vec<(usize, usize, bool)> =
            self.pairs.iter().map(|(a, b, pair)| (*a, *b, pair.is_right(found.threshold))).collect();
        Some((found, accuracy_interval(found.best, &decided, people)))
    }
}
