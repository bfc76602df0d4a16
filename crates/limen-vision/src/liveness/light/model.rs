//! How heads and sheets return light: distributions that were measured, as numbers of the models' manifest.

use limen_core::event::LogRatio;
use serde::Deserialize;

/// `[liveness.light]` of the manifest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LightModel {
    /// How many heads were measured, and how many sheets, at least one: they bound what a face can show.
    measured: u16,
    /// The mean and the deviation of heads.
    head: (f32, f32),
    /// Those of sheets.
    sheet: (f32, f32),
    /// The share of outliers, which may lie anywhere from -1 to 1.
    outliers: f32,
}

impl LightModel {
    /// As much as a light can say for or against a head, however clear it is.
    ///
    /// By the rule of succession: of n sheets none returned light as a head does, so that the next one may with a chance of
    /// 1 / (n + 2); of n heads all did, so that the next one does with a chance of at least (n + 1) / (n + 2). Nothing can say more than
    /// the ratio of the two.
    pub fn most(&self) -> LogRatio {
        LogRatio::new((f32::from(self.measured) + 1.0).ln())
    }

    /// The logarithm of p(normalised difference | head) / p(difference | sheet), within [`Self::most`]; `error` is the standard error
    /// of the difference.
    pub fn ratio(&self, difference: f32, error: f32) -> LogRatio {
        let most = self.most().get();
        // Farther from sheets than heads are is a head's all the same, and the other way round.
        let difference = difference.clamp(self.sheet.0, self.head.0);
        let ratio =
            self.log_density(self.head, difference, error) - self.log_density(self.sheet, difference, error);
        LogRatio::new(if ratio.is_nan() { 0.0 } else { ratio.clamp(-most, most) })
    }

    fn log_density(&self, (mean, deviation): (f32, f32), value: f32, error: f32) -> f32 {
        let deviation = deviation.hypot(error);
        let off = (value - mean) / deviation;
        let normal = (-off * off / 2.0).exp() / (deviation * std::f32::consts::TAU.sqrt());
        ((1.0 - self.outliers) * normal + self.outliers / 2.0).ln()
    }

    /// What is wrong with the numbers.
    pub(in crate::liveness) fn check(&self) -> Result<(), &'static str> {
        let is_one =
            |(mean, deviation): (f32, f32)| mean.is_finite() && deviation.is_finite() && deviation > 0.0;
        if self.measured == 0 {
            Err("light.measured must be at least 1")
        } else if !is_one(self.head) || !is_one(self.sheet) {
            Err("a distribution of light is [mean, deviation], both finite, the deviation above 0")
        } else if self.head.0 <= self.sheet.0 {
            Err("light.head must lie above light.sheet: a nose returns more light than a sheet")
        } else if !(self.outliers > 0.0 && self.outliers <= 0.5) {
            Err("light.outliers must be above 0 and at most 0.5")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
impl LightModel {
    /// Two of each measured, far apart.
    pub fn for_tests() -> Self {
        Self { measured: 2, head: (0.4, 0.2), sheet: (0.0, 0.1), outliers: 0.05 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_light_says_is_bounded_by_how_little_was_measured() {
        let model = LightModel::for_tests();
        let most = 3f32.ln();
        assert_eq!(model.most(), LogRatio::new(most));
        for (difference, expected) in [(0.6, most), (0.0, -most), (-0.5, -most), (f32::NAN, 0.0)] {
            assert_eq!(model.ratio(difference, 0.02), LogRatio::new(expected), "{difference}");
        }
        let more = LightModel { measured: 60, ..model };
        assert!(more.ratio(0.6, 0.02) > LogRatio::new(most));
    }

    #[test]
    fn a_difference_that_is_hardly_known_says_little() {
        let model = LightModel::for_tests();
        assert!(model.ratio(0.0, 2.0).get().abs() < 0.1 && model.ratio(0.6, f32::INFINITY).get().abs() < 0.1);
    }

    #[test]
    fn numbers_that_cannot_be_are_refused() {
        let good = LightModel::for_tests();
        assert_eq!(good.check(), Ok(()));
        for wrong in [
            LightModel { measured: 0, ..good.clone() },
            LightModel { head: (0.4, 0.0), ..good.clone() },
            LightModel { sheet: (f32::NAN, 0.1), ..good.clone() },
            LightModel { head: (-0.1, 0.1), ..good.clone() },
            LightModel { outliers: 0.0, ..good.clone() },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }
}
