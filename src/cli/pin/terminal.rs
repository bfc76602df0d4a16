//! Reads digits from a terminal that does not show them, or from standard input.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write as _};

use limen_core::credential::{Digits, LONGEST_ENTRY};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::super::outcome::CommandError;

/// The bytes that a terminal sends for these keys.
const INTERRUPT: u8 = 3;
const END_OF_FILE: u8 = 4;
const BACKSPACES: [u8; 2] = [8, 127];

/// Asks twice for the same digits.
///
/// # Errors
/// There is no terminal, the two inputs differ, or they are not digits.
pub fn ask_twice(what: &str) -> Result<Digits, CommandError> {
    let no_terminal = |_| CommandError::Usage("there is no terminal to ask on; use --stdin".to_owned());
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(no_terminal)?;
    let first = ask(&mut terminal, &format!("{what}: "))?;
    let second = ask(&mut terminal, &format!("{what} again: "))?;
    if first == second {
        Ok(first)
    } else {
        Err(CommandError::Usage("the two inputs differ; nothing was changed".into()))
    }
}

/// Reads the first line of standard input.
///
/// # Errors
/// The line cannot be read, or has other characters than digits.
pub fn from_standard_input() -> Result<Digits, CommandError> {
    read_digits(&mut io::stdin().lock())
}

fn ask(terminal: &mut File, prompt: &str) -> Result<Digits, CommandError> {
    let hidden = Hidden::begin(terminal.try_clone()?)?;
    terminal.write_all(prompt.as_bytes())?;
    let digits = read_digits(terminal);
    drop(hidden);
    terminal.write_all(b"\n")?;
    digits
}

/// Reads digits up to the end of the line, byte by byte, into a buffer that is overwritten when it is dropped.
fn read_digits(from: &mut impl Read) -> Result<Digits, CommandError> {
    let not_digits = || CommandError::Usage("write digits only".to_owned());
    let (mut digits, mut fits) = (Digits::default(), true);
    let mut byte = [0];
    while from.read(&mut byte)? == 1 {
        match byte[0] {
            b'\n' | b'\r' | END_OF_FILE => break,
            INTERRUPT => return Err(CommandError::Usage("interrupted; nothing was changed".to_owned())),
            key if BACKSPACES.contains(&key) => digits.pop(),
            key => fits &= key.is_ascii_digit() && digits.len() < LONGEST_ENTRY && digits.push(key - b'0'),
        }
    }
    if fits { Ok(digits) } else { Err(not_digits()) }
}

/// A terminal that does not show what is typed, until this value is dropped.
struct Hidden {
    terminal: File,
    before: Termios,
}

impl Hidden {
    fn begin(terminal: File) -> io::Result<Self> {
        let before = tcgetattr(&terminal)?;
        let mut during = before.clone();
        // Ctrl-C comes as a key, because a signal would end the program and leave the terminal like this.
        during.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(&terminal, OptionalActions::Flush, &during)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // It fails only if the terminal is gone.
        let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Digits, String> {
        read_digits(&mut text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn digits_end_with_the_line_and_a_backspace_takes_one_away() {
        for text in ["4711\n", "4711", "4711\r\n", "4712\u{7f}1\n", "9\u{8}4711\n"] {
            assert_eq!(read(text).ok(), Digits::new("4711"), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_refused_and_not_repeated() {
        for text in ["47a1\n", "47 11\n", "4711471147114711471147114711\n", "47\u{3}"] {
            let error = read(text).expect_err(text);
            assert!(!error.contains("47"), "{error}");
        }
    }
}
