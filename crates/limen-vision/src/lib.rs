//! From a camera's bytes to an observation: decode, detect, track, place the mesh, check, align, embed,
//! match.
//!
//! | layer | rooms |
//! |---|---|
//! | pictures | [`geometry`], [`frame`], [`pixels`] |
//! | networks | [`model`] |
//! | stages, in order | [`detect`], [`track`], [`landmarks`], [`quality`], [`align`], [`embed`] |
//! | what runs them | [`analyst`] on photographs, [`follow`] and [`frame_planner`] on a camera's frames, in its [`field`]; [`trial`] on a new network |
//! | how the face moves | [`liveness`]: whether a solid head does, or a picture of one |
//! | whose face it is | [`matching`], which turns embeddings into observations |
//!
//! Photographs and frames pass through the same stages with the same [`face`], so that a template and a probe
//! are comparable.

pub mod align;
pub mod analyst;
pub mod detect;
pub mod embed;
pub mod face;
pub mod field;
pub mod follow;
mod foreign;
pub mod frame;
pub mod frame_planner;
pub mod geometry;
pub mod landmarks;
pub mod liveness;
pub mod matching;
pub mod model;
pub mod pixels;
pub mod quality;
mod search;
mod stages;
mod tiles;
pub mod track;
pub mod trial;
mod upright;
mod warp;
