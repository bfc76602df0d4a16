//! What a light at the door shows of a face: a solid nose returns more of it than the sides of the head, a sheet does not.
//!
//! The light is lit and dark in an order that nobody can know beforehand. What counts is by how much the face becomes
//! brighter when it is lit, nose against sides, over several changes.
//!
//! | file | what |
//! |---|---|
//! | `reflection` | how bright the nose, the sides of a face and what is beside it are in a frame |
//! | `spans` | which frames were taken while the light was lit, and which while it was dark |
//! | `evidence` | what the differences say: a head, a sheet, or nothing |
//! | `calibration` | how long the picture lags behind the line, and how much it changes |
//! | `model` | how heads and sheets return light, as numbers of the models' manifest |

mod calibration;
mod evidence;
pub mod model;
mod reflection;
mod spans;

pub use calibration::{CALIBRATION, Calibrated, Calibration};
pub use evidence::{Difference, LightEvidence};
pub use reflection::{Reflection, reflection};
