//! Whether a face is a solid head or a picture of one: by how its points move against each other.
//!
//! Geometry alone, no network: a picture of a face, flat, bent or carried about, does not turn its nose.
//!
//! | file | what |
//! |---|---|
//! | `grey` | grey pictures, gradients, pyramids |
//! | `corners`, `flow` | points that can be followed, and where they are in the next frame |
//! | `plane` | how a flat thing moves |
//! | [`parallax`] | how the nose moves against the rest of its face |

mod corners;
mod flow;
mod grey;
pub mod parallax;
mod plane;
