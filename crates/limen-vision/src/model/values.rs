//! Values of a manifest that must be more than numbers and texts.

use limen_core::embedding::{Distance, ModelDigest};
use serde::Deserialize as _;

/// A distance above zero.
pub(super) fn same_face<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Distance>, D::Error> {
    let distance =
        Distance::new(f32::deserialize(deserializer)?).filter(|distance| *distance > Distance::ZERO);
    let wrong = || serde::de::Error::custom("is no distance; write a finite number above zero");
    distance.map(Some).ok_or_else(wrong)
}

/// The SHA-256 of a file.
pub(super) fn digest<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<ModelDigest, D::Error> {
    let text = String::deserialize(deserializer)?;
    ModelDigest::parse(&text).ok_or_else(|| {
        serde::de::Error::custom(
            "is no SHA-256 digest; write the 64 hexadecimal digits that sha256sum prints",
        )
    })
}
