//! What happens at a door, in numbers: counted from facts and frames, and written as Prometheus reads it. Pure: it reads
//! no clock, no file and no device, and names no person.
//!
//! | file | what it does |
//! |---|---|
//! | `counts` | counts in the daemon |
//! | `histogram` | how often something took how long |
//! | `text` | a status as text in Prometheus' format 0.0.4 |
//! | `page` | families and samples of that format |

mod counts;
mod histogram;
mod page;
mod text;

pub use counts::{Attempts, Counts};
pub use histogram::Histogram;
pub use text::{CONTENT_TYPE, SilentAlarms, down, text};
