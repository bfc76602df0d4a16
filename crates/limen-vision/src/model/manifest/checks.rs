//! Checks of a manifest's entries, before anything relies on them.

use std::ops::RangeInclusive;

use limen_core::embedding::MAX_DIMENSIONS;

use super::super::error::ModelError;
use super::{Layout, ManifestEntry, ManifestOutput, Role, SelfTest};

/// The allowed sides of an input, in pixels.
const SIDES: RangeInclusive<usize> = 16..=256;
/// The allowed numbers of vectors of a cohort.
const VECTORS: RangeInclusive<usize> = 2..=10_000;

type CheckResult = Result<(), &'static str>;

impl ManifestEntry {
    pub(super) fn check(&self) -> Result<(), ModelError> {
        self.check_input()
            .and_then(|()| self.check_outputs())
            .and_then(|()| self.check_embedding())
            .and_then(|()| self.check_cohort())
            .map_err(|what| self.mistake(what))?;
        match self.role {
            Role::Embedding => self.crop_template()?.check().map_err(|what| self.mistake(what)),
            _ => Ok(()),
        }
    }

    fn check_input(&self) -> CheckResult {
        let batch_of_three_channels = match (self.input.layout, self.input.shape.as_slice()) {
            (Layout::Nchw, [1, 3, height, width]) | (Layout::Nhwc, [1, height, width, 3]) => {
                SIDES.contains(height) && SIDES.contains(width)
            }
            _ => false,
        };
        if !batch_of_three_channels {
            return Err("input.shape must be one image of three channels, 16 to 256 pixels a side");
        }
        let finite = self.input.subtract.iter().chain([&self.input.divide]).all(|v| v.is_finite());
        if !finite || self.input.divide == 0.0 {
            return Err("input.subtract and input.divide must be finite, and divide not zero");
        }
        Ok(())
    }

    fn check_outputs(&self) -> CheckResult {
        let pairs = || self.outputs.iter().zip(&self.self_test);
        let paired = pairs().all(|(output, test)| output.name == test.output);
        if self.outputs.is_empty() || self.self_test.len() != self.outputs.len() || !paired {
            return Err("there must be at least one output, and a self-test for each, in the same order");
        }
        let says_something = |test: &SelfTest| {
            let tolerance = test.tolerance.is_finite() && test.tolerance > 0.0;
            tolerance && !test.first.is_empty() && test.first.iter().all(|v| v.is_finite())
        };
        if !self.self_test.iter().all(says_something) {
            return Err("a self-test needs finite numbers and a tolerance above zero");
        }
        if pairs().any(|(output, test)| test.first.len() > output.numbers()) {
            return Err("a self-test has more numbers than its output");
        }
        Ok(())
    }

    /// Checks for embedding networks only: the vision cuts a square, and a template is one vector.
    fn check_embedding(&self) -> CheckResult {
        if self.role != Role::Embedding {
            return Ok(());
        }
        let (width, height) = self.input_size();
        let one_vector =
            |output: &ManifestOutput| output.shape.iter().filter(|side| **side != 1).count() <= 1;
        if width != height {
            Err("the input of an embedding network must be square")
        } else if self.outputs.len() != 1 || !self.outputs.iter().all(one_vector) {
            Err("an embedding network has one output, and it is one vector")
        } else if !(1..=MAX_DIMENSIONS).contains(&self.dimensions()) {
            Err("an embedding has 1 to 1024 numbers")
        } else {
            Ok(())
        }
    }

    fn check_cohort(&self) -> CheckResult {
        let Some(cohort) = &self.cohort else { return Ok(()) };
        let file = &cohort.file;
        if self.role != Role::Embedding {
            Err("only an embedding network has a cohort")
        } else if file.is_empty() || file.starts_with('.') || file.contains(['/', '\0']) {
            Err("cohort.file must be the plain name of a file beside the manifest")
        } else if !VECTORS.contains(&cohort.vectors) {
            Err("cohort.vectors must be 2 to 10000")
        } else if cohort.dimensions != self.dimensions() {
            Err("cohort.dimensions must be those of the output")
        } else if !(1..=cohort.vectors).contains(&cohort.nearest) {
            Err("cohort.nearest must be 1 to cohort.vectors")
        } else if !cohort.scale.is_finite() || cohort.scale <= 0.0 {
            Err("cohort.scale must be finite and above zero")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Manifest;

    const COHORT: &str = "[model.cohort]\nname = \"nobody\"\nfile = \"cohort.bin\"\n\
        sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n\
        vectors = 8\ndimensions = 4\nnearest = 2\nscale = 0.01\n";

    const CROP: &str = "crop = \"dlib-150\"";

    /// Eight points in a circle, of which these take the place of the first.
    fn points(first: &[&str]) -> String {
        let places = (0..8).map(|i| (f64::from(i) * 0.78).sin_cos());
        let written = places.enumerate().map(|(i, (y, x))| {
            format!("{{ point = {i}, at = [{:.1}, {:.1}] }}", 16.0 + 8.0 * x, 16.0 + 8.0 * y)
        });
        let all: Vec<String> =
            first.iter().map(|&text| text.to_owned()).chain(written.skip(first.len())).collect();
        format!("crop = [{}]", all.join(", "))
    }

    #[test]
    fn eight_points_are_a_crop_in_pixels_of_the_input() {
        let manifest = Manifest::parse(&entry((CROP, &points(&["{ point = 467, at = [7, -3.5] }"]))));
        let template = manifest.expect("no mistake").entries()[0].crop_template().expect("a crop");
        let first = template.anchors()[0];
        assert_eq!((first.point, first.at.x, first.at.y, template.side()), (467, 7.0, -3.5, 32));
    }

    #[test]
    fn points_that_fix_no_crop_are_refused() {
        let all_at = |at: &str| -> Vec<String> {
            (0..8).map(|point| format!("{{ point = {point}, at = {at} }}")).collect()
        };
        let collapsed = all_at("[16.0, 16.0]");
        let nine = [points(&[]).trim_end_matches(']').to_owned(), "{ point = 9, at = [1, 1] }]".to_owned()];
        for (crop, says) in [
            (
                points(&["{ point = 468, at = [8, 8] }"]),
                "has a point 468, but those of the mesh are 0 to 467",
            ),
            (points(&["{ point = 7, at = [8, 8] }"]), "has point 7 twice"),
            (points(&["{ point = 0, at = [nan, 8] }"]), "point 0 lies far outside the input of 32 pixels"),
            (points(&["{ point = 0, at = [inf, 8] }"]), "point 0 lies far outside"),
            (points(&["{ point = 0, at = [8, 65] }"]), "point 0 lies far outside"),
            (points(&["{ point = 0, at = [8, 8, 8] }"]), "is no crop; write"),
            (points(&["{ point = -1, at = [8, 8] }"]), "is no crop; write"),
            (points(&["{ point = 0, at = [8, 8], depth = 1 }"]), "is no crop; write"),
            (format!("crop = [{}]", collapsed.join(", ")), "almost in one place"),
            (nine.join(", "), "has 9 points"),
            ("crop = []".to_owned(), "has 0 points"),
        ] {
            let error = Manifest::parse(&entry((CROP, &crop))).expect_err(&crop).to_string();
            assert!(error.contains(says), "{crop}: {error}");
        }
    }

    fn entry(changed: (&str, &str)) -> String {
        let text = format!("{}{COHORT}", include_str!("../../../../../tests/data/networks/means.toml"));
        let (from, to) = changed;
        assert!(text.contains(from), "{from} is in the manifest");
        text.replacen(from, to, 1)
    }

    #[test]
    fn an_entry_with_a_cohort_is_read() {
        let manifest = Manifest::parse(&entry(("", ""))).expect("no mistake");
        let cohort = manifest.entries()[0].cohort.as_ref().expect("named");
        assert_eq!((cohort.vectors, cohort.nearest, cohort.scale), (8, 2, 0.01));
    }

    #[test]
    fn an_entry_that_promises_what_cannot_be_is_refused() {
        for (from, to, says) in [
            ("shape = [1, 32, 32, 3]", "shape = [1, 32, 48, 3]", "square"),
            ("shape = [1, 32, 32, 3]", "shape = [1, 15, 15, 3]", "16 to 256"),
            ("shape = [1, 4]", "shape = [1, 2, 2]", "one vector"),
            ("shape = [1, 4]", "shape = [1, 1025]", "1 to 1024"),
            ("shape = [1, 4]", "shape = [1, 2]", "more numbers than its output"),
            ("shape = [1, 4]", "shape = [9223372036854775807, 9223372036854775807]", "one vector"),
            ("output = \"embedding\"", "output = \"other\"", "a self-test for each"),
            ("tolerance = 0.001", "tolerance = inf", "above zero"),
            ("first = [", "first = [nan, ", "finite numbers"),
            ("metric = \"cosine\"", "metric = \"manhattan\"", "line 15: unknown variant"),
            (
                "metric = \"cosine\"",
                "same-face = nan",
                "line 15: is no distance; write a finite number above zero",
            ),
            ("metric = \"cosine\"", "same-face = 0.0", "above zero"),
            ("metric = \"cosine\"", "same-face = 1e300", "finite number"),
            ("vectors = 8", "vectors = 1", "2 to 10000"),
            ("dimensions = 4", "dimensions = 5", "those of the output"),
            ("nearest = 2", "nearest = 9", "1 to cohort.vectors"),
            ("scale = 0.01", "scale = 0.0", "above zero"),
            ("file = \"cohort.bin\"", "file = \"../cohort.bin\"", "plain name"),
            (CROP, "", "crop is missing"),
            (CROP, "crop = \"retina\"", "line 12: is no known crop; write"),
            (CROP, "crop = 112", "line 12: is no crop; write"),
            (CROP, "crop = [{ point = 33, at = [9.0, 9.0] }]", "line 12: has 1 points"),
        ] {
            let error = Manifest::parse(&entry((from, to))).expect_err(to).to_string();
            assert!(error.contains(says), "{to}: {error}");
        }
    }
}
