//! From a camera's bytes to an observation: decode, detect, track, place the mesh, judge, align, embed, match.
//!
//! | layer | rooms |
//! |---|---|
//! | pictures | [`geometry`], [`frame`], [`pixels`] |
//! | networks | [`model`] |
//! | stages, in their order | [`detect`], [`track`], [`landmarks`], [`quality`], [`align`], [`embed`] |
//! | who runs them | [`analyst`] on photographs, [`follow`] and [`attention`] on a camera's frames: both go the same way with a [`face`], so that what is enrolled and what is seen at the door are comparable |
//! | whose face it is | [`matching`], which turns embeddings into observations |

pub mod align;
pub mod analyst;
pub mod attention;
pub mod detect;
pub mod embed;
pub mod face;
pub mod follow;
mod foreign;
pub mod frame;
pub mod geometry;
pub mod landmarks;
pub mod matching;
pub mod model;
pub mod pixels;
pub mod quality;
mod search;
mod stages;
pub mod track;
mod upright;
mod warp;
