//! The entry room: keypad and card reader, from the device to digits and card numbers.
//!
//! It does not decide whose they are: PINs and cards go to the policy, which knows who was recognised. What
//! no person can have meant (too long, too fast, noise) is dropped here and counted.
//!
//! | file | contents |
//! |---|---|
//! | `settings` | what `[keypad]` and `[reader]` name |
//! | `keypad` | from keys to a PIN: end, clear, time-out, flooding |
//! | `typing_reader` | from keys to a card: a burst that is too fast for a hand |
//! | `wiegand` | from pulses on D0 and D1 to a card: bits, gaps, parity |
//! | `device` | an input device by its stable path, used exclusively; the only file that names its crate |
//! | `stable` | names of devices that stay the same after the next start |
//! | `source` | one interface for the three kinds of device |
//! | `mistake_counts` | counts mistakes and reports them now and then |
//! | `thread` | opens a device again after it was unplugged |
//! | `report` | what a person entered, and what the threads report |
//! | `error` | why a keypad or reader cannot be used, with the remedies |

mod device;
mod error;
pub mod keypad;
mod mistake_counts;
mod report;
mod settings;
mod source;
mod stable;
pub mod thread;
pub mod typing_reader;
pub mod wiegand;

pub use device::{Keyboard, check as check_device, keyboards};
pub use error::EntryError;
pub use report::{Entry, EntryReport};
pub use settings::{EntrySettings, ReaderSettings};
pub use source::{EntrySource, KeypadSource, TypingReaderSource, WiegandSource};
pub use stable::check_stable;
