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
//! | `small` | the small picture in which what is around a face is looked at |
//! | `border` | whether a face has straight lines around it, as paper and screens have |
//! | `surround` | whether what is around a face moves along, as it does on paper |
//! | [`distributions`] | how heads and sheets move, as numbers of the models' manifest |
//! | `evidence` | which of the two a movement is like: of a frame, a turn, a track |
//! | [`light`] | what a light at the door shows of a face |
//! | [`witness`] | watches one face over its track and tells its motion |

mod border;
mod corners;
pub mod distributions;
mod evidence;
mod flow;
mod grey;
pub mod light;
pub mod parallax;
mod plane;
mod small;
mod surround;
pub mod witness;
