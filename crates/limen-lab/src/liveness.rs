//! Liveness, measured: clips of people and of attacks, shown to the vision and to the challenge.
//!
//! ```text
//! DIR/SPECIES/CLIP/000000.jpg ... clip.toml -> clips -> vision -> what each frame shows -> attempts -> rates, plot
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`clip_file`], [`clip`] | what `clip.toml` says, and a folder of clips |
//! | [`evidence`] | the vision as the door has it |
//! | [`watch`] | a clip, shown to the vision |
//! | `asking`, [`attempt`] | one try of a challenge, and all attempts of a clip |
//! | [`outcome`] | what can become of an attempt |
//! | [`rates`], [`tally`] | exact bounds, and the counts for each species |
//! | [`features`] | the measurements from which the distributions are fitted |
//! | [`plot`] | histograms of the scores |

mod asking;
pub mod attempt;
pub mod clip;
pub mod clip_file;
pub mod evidence;
pub mod features;
pub mod outcome;
pub mod plot;
pub mod rates;
pub mod tally;
pub mod watch;
