//! How solid heads and sheets move: distributions that were measured, as numbers of the models' manifest.
//!
//! A *feature* is measured on a frame; a *bin* holds its distributions for movements of about one size. Each
//! distribution is normal, but for a share of outliers which may lie anywhere: no single frame decides for ever.

use std::collections::BTreeMap;

use limen_core::event::LogRatio;
use serde::Deserialize;

use super::light::model::LightModel;

/// What is measured on a frame, in the direction in which the face turns or nods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// The change of the nose tip's offset, by the mesh.
    NoseOffset,
    /// How far the nose leads the plane of the rest, by the followed points; in distances between the eyes.
    Nose,
    /// How far the nose has moved off the plane of the rest, in any direction; in distances between the eyes.
    Shift,
    /// How much larger the nose has become than the plane makes it: the logarithm of the factor.
    Swell,
    /// How far the other points lie off their plane, in distances between the eyes: a sheet that is bent anew makes this
    /// large.
    Rest,
}

/// The mean and the deviation of a normal distribution.
type Normal = (f32, f32);
/// The distributions of the features.
type Features = BTreeMap<Feature, Normal>;

/// `[liveness]` of the manifest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LivenessModel {
    /// The share of outliers in every distribution, above 0 and at most a half.
    outliers: f32,
    /// How wide outliers are spread, for each feature.
    spans: BTreeMap<Feature, f32>,
    /// Where evidence is enough.
    pub limits: Limits,
    /// Turns to one side, by the change of the mesh's yaw in degrees.
    pub turn: Bins,
    /// Nods up or down, by the change of the mesh's pitch in degrees.
    pub nod: Bins,
    /// A face that has come nearer, by its size over that of the frame it is measured against.
    pub growth: Bins,
    /// How heads and sheets return the light of the door.
    pub light: LightModel,
}

/// Logarithms of ratios between which nothing is decided.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", from = "Numbers")]
pub struct Limits {
    /// From here on a track is a solid head without being asked.
    pub solid: LogRatio,
    /// As much as turns to one side can add to a track; below `solid`: a sheet can be bent for one side.
    pub side: LogRatio,
    /// From here on a turn to one side is that of a solid head.
    pub turn: LogRatio,
    /// Up to here a turn is that of a sheet; below 0.
    pub sheet: LogRatio,
}

#[derive(Deserialize)]
struct Numbers {
    solid: f32,
    side: f32,
    turn: f32,
    sheet: f32,
}

impl From<Numbers> for Limits {
    fn from(numbers: Numbers) -> Self {
        let Numbers { solid, side, turn, sheet } = numbers;
        let [solid, side, turn, sheet] = [solid, side, turn, sheet].map(LogRatio::new);
        Self { solid, side, turn, sheet }
    }
}

/// The distributions for movements of all sizes, from small to large.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Bins(Vec<Bin>);

/// The distributions for movements of at least this size, up to the next bin.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Bin {
    from: f32,
    head: Features,
    sheets: BTreeMap<String, Features>,
}

#[derive(Deserialize)]
struct ManifestPart {
    liveness: Option<LivenessModel>,
}

impl LivenessModel {
    /// Reads `[liveness]` of a manifest; what is wrong with it otherwise.
    pub fn of_manifest(text: &str) -> Result<Self, String> {
        let part: ManifestPart =
            toml::from_str(text).map_err(|error| format!("liveness: {}", error.message()))?;
        let model =
            part.liveness.ok_or("there is no section [liveness]; write it with models/fit/liveness")?;
        model.check().map_err(|what| format!("liveness: {what}")).map(|()| model)
    }

    /// The logarithm of p(features | solid head) / p(features | sheet), where the sheet is of the species that is most
    /// likely to move like this; 0 without features.
    pub fn ratio(&self, bin: &BinOf<'_>, measured: &[(Feature, f32)]) -> f32 {
        let of = |features: &Features| {
            let logs = measured.iter().filter_map(|(feature, value)| {
                Some(self.log_density(*feature, features.get(feature)?, *value))
            });
            logs.sum::<f32>()
        };
        let sheet = bin.0.sheets.values().map(of).fold(f32::NEG_INFINITY, f32::max);
        of(&bin.0.head) - sheet
    }

    fn log_density(&self, feature: Feature, (mean, deviation): &Normal, value: f32) -> f32 {
        let off = (value - mean) / deviation;
        let normal = (-off * off / 2.0).exp() / (deviation * std::f32::consts::TAU.sqrt());
        let span = self.spans.get(&feature).copied().unwrap_or(1.0);
        ((1.0 - self.outliers) * normal + self.outliers / span).ln()
    }

    fn check(&self) -> Result<(), &'static str> {
        let limits = self.limits;
        let numbers = [limits.solid, limits.side, limits.turn, limits.sheet].map(LogRatio::get);
        if !(self.outliers > 0.0 && self.outliers <= 0.5) {
            Err("outliers must be above 0 and at most 0.5")
        } else if !self.spans.values().all(|span| span.is_finite() && *span > 0.0) {
            Err("spans must be finite and above 0")
        } else if !numbers.iter().all(|number| number.is_finite()) || limits.sheet.get() >= 0.0 {
            Err("limits must be finite, and that of a sheet below 0")
        } else if numbers[..3].iter().any(|number| *number <= 0.0) {
            Err("the limits of a solid head, of a side and of a turn must be above 0")
        } else if limits.side >= limits.solid {
            Err("one side must not be enough for a solid head: limits.side must be below limits.solid")
        } else {
            self.light.check()?;
            [&self.turn, &self.nod, &self.growth].into_iter().try_for_each(|bins| self.check_bins(bins))
        }
    }

    fn check_bins(&self, bins: &Bins) -> Result<(), &'static str> {
        let is_one =
            |(mean, deviation): &Normal| mean.is_finite() && deviation.is_finite() && *deviation > 0.0;
        let rises = |pair: &[Bin]| pair[0].from < pair[1].from;
        let same = |bin: &Bin| bin.sheets.values().all(|sheet| sheet.keys().eq(bin.head.keys()));
        let of =
            |bin: &Bin| bin.sheets.values().chain([&bin.head]).flatten().all(|(_, normal)| is_one(normal));
        let spread = |bin: &Bin| bin.head.keys().all(|feature| self.spans.contains_key(feature));
        if !bins.0.first().is_some_and(|bin| bin.from > 0.0) || !bins.0.windows(2).all(rises) {
            Err("each kind of movement has bins, whose `from` is above 0 and rises")
        } else if bins.0.iter().any(|bin| bin.sheets.is_empty()) || !bins.0.iter().all(same) {
            Err("each bin has sheets, and all of them the features of the head")
        } else if !bins.0.iter().all(of) {
            Err("a distribution is [mean, deviation], both finite, the deviation above 0")
        } else if !bins.0.iter().all(spread) {
            Err("spans has each feature")
        } else {
            Ok(())
        }
    }
}

/// One bin of [`Bins`].
#[derive(Debug, Clone, Copy)]
pub struct BinOf<'a>(&'a Bin);

impl Bins {
    /// The bin of a movement of this size, and its number; `None` if the movement is too small.
    pub fn of(&self, size: f32) -> Option<(usize, BinOf<'_>)> {
        self.0
            .iter()
            .enumerate()
            .rev()
            .find(|(_, bin)| size >= bin.from)
            .map(|(number, bin)| (number, BinOf(bin)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MANIFEST;

    const SMALL: &str = "[liveness]\noutliers = 0.02\nspans = { nose = 0.6 }\n\
        limits = { solid = 4.0, side = 3.0, turn = 1.0, sheet = -2.0 }\n\
        turn = [{ from = 6.0, head = { nose = [0.05, 0.02] }, \
        sheets = { flat = { nose = [0.0, 0.01] }, bent = { nose = [0.02, 0.01] } } }]\n\
        nod = [{ from = 6.0, head = {}, sheets = { flat = {} } }]\n\
        growth = [{ from = 1.1, head = {}, sheets = { flat = {} } }]\n\
        light = { measured = 2, head = [0.4, 0.2], sheet = [0.0, 0.1], outliers = 0.05 }\n";

    fn ratio(nose: f32) -> f32 {
        let model = LivenessModel::of_manifest(SMALL).expect("no mistake");
        let (number, bin) = model.turn.of(8.0).expect("far enough");
        assert_eq!(number, 0);
        model.ratio(&bin, &[(Feature::Nose, nose)])
    }

    #[test]
    fn the_manifest_has_distributions_of_every_movement() {
        let model = LivenessModel::of_manifest(MANIFEST).expect("a section");
        assert!(model.turn.of(20.0).is_some() && model.nod.of(20.0).is_some());
        assert!(model.growth.of(1.5).is_some() && model.turn.of(1.0).is_none());
    }

    #[test]
    fn the_sheet_that_moves_most_like_it_is_held_against_the_head() {
        assert!(ratio(0.05) > 2.0 && ratio(0.0) < -2.0 && ratio(0.02) < -0.5);
        assert!(ratio(0.02) > ratio(0.0), "a bent sheet is more like a head than a flat one");
    }

    #[test]
    fn an_outlier_says_next_to_nothing_and_no_feature_says_nothing() {
        assert!(ratio(5.0).abs() < 0.1 && ratio(-5.0).abs() < 0.1);
        let model = LivenessModel::of_manifest(SMALL).expect("no mistake");
        let (_, bin) = model.nod.of(8.0).expect("far enough");
        assert_eq!(model.ratio(&bin, &[]), 0.0);
        assert_eq!(model.ratio(&bin, &[(Feature::Nose, 0.1)]), 0.0, "nothing was measured of it");
    }

    #[test]
    fn distributions_that_cannot_be_are_refused() {
        for (from, to, says) in [
            ("outliers = 0.02", "outliers = 0.0", "outliers"),
            ("spans = { nose = 0.6 }", "spans = {}", "spans"),
            ("sheet = -2.0", "sheet = 2.0", "below 0"),
            ("turn = 1.0", "turn = -1.0", "above 0"),
            ("side = 3.0", "side = 4.0", "not be enough"),
            ("[0.05, 0.02]", "[0.05, 0.0]", "deviation"),
            ("[0.05, 0.02]", "[nan, 0.1]", "finite"),
            ("from = 6.0", "from = 0.0", "rises"),
            ("bent = { nose", "bent = { swell", "features of the head"),
            ("sheets = { flat = {} }", "sheets = {}", "sheets"),
            ("measured = 2", "measured = 0", "light.measured"),
            ("head = [0.4, 0.2]", "head = [-0.1, 0.2]", "light.head must lie above"),
            ("[liveness]", "[other]", "no section [liveness]"),
        ] {
            let error = LivenessModel::of_manifest(&SMALL.replacen(from, to, 1)).expect_err(to);
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
