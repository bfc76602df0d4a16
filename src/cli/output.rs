//! Prints answers, notes and progress. Colour and progress are for terminals only; the log goes to standard error.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

/// The style of good results.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The style of bad results.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// The style of notes.
pub const NOTE: Style = AnsiColor::Yellow.on_default().bold();
/// The style of less important text.
pub const FAINT: Style = Style::new().dimmed();
/// The style of headings.
pub const STRONG: Style = Style::new().bold();

/// Text in a style, padded to `width` characters. The output stream removes the style if it goes to no terminal.
pub fn styled(style: Style, text: &str, width: usize) -> String {
    format!("{style}{text:<width$}{style:#}")
}

/// Prints on standard error what went wrong.
pub fn complain(what: &str) {
    tell(BAD, what);
}

/// Prints on standard error what the user should know.
pub fn note(what: &str) {
    tell(NOTE, what);
}

/// A failure is ignored: a command does its work even if standard error is closed.
fn tell(style: Style, what: &str) {
    use std::io::Write as _;
    let _ = writeln!(anstream::stderr(), "{} {what}", styled(style, "limen:", 0));
}

/// The first failure of standard output; nothing is printed after it.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// Prints a line of the answer. If that fails, the command goes on with its work, the rest of the answer is dropped,
/// and [`lost`] returns the error.
pub fn say(line: &str) {
    use std::io::Write as _;
    if is_lost() {
        return;
    }
    // Without the flush a failure could come after the last line.
    let mut out = anstream::stdout();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        // The first failure is kept.
        let _ = LOST.set(error);
    }
}

/// Whether standard output has failed, so that a command that only prints may stop.
pub fn is_lost() -> bool {
    LOST.get().is_some()
}

/// Why the answer is incomplete. It is no failure if the reader has closed the pipe (`limen ... | head`).
pub fn lost() -> Option<&'static std::io::Error> {
    LOST.get().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe)
}

/// Prints a JSON value as a line of the answer.
pub fn say_json(value: &serde_json::Value) {
    say(&value.to_string());
}

/// Prints, with `--json`, why there is no answer.
pub fn say_error(what: &str, exit_code: u8) {
    say_json(&serde_json::json!({ "error": what, "exit_code": exit_code }));
}

/// A bar of a histogram, `share` (0 to 1) of `width` characters. It has eighths of a block on a terminal, else `#`. A
/// share above 0 is always visible.
pub fn bar(share: f64, width: usize) -> String {
    bar_of(share, width, std::io::stdout().is_terminal())
}

fn bar_of(share: f64, width: usize, blocks: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let parts = if blocks { 8 } else { 1 };
    // The cast of a negative number gives 0.
    let length = ((share * (width * parts) as f64).ceil() as usize).min(width * parts);
    let mut bar = if blocks { "█" } else { "#" }.repeat(length / parts);
    if blocks {
        bar.push_str(EIGHTHS[length % 8]);
    }
    bar
}

/// Starts the log on standard error. For the daemon the level is `info`, and lines get the journal's priorities if
/// systemd reads them; for all other commands the level is `warn`.
pub fn start_log(daemon: bool) {
    let level = if daemon { "info" } else { "warn" };
    // The warnings of tract are for its authors.
    let filter = format!("{level},tract_core=error,tract_onnx=error,tract_hir=error,tract_linalg=error");
    let environment = env_logger::Env::new().filter_or("LIMEN_LOG", filter);
    let mut builder = env_logger::Builder::from_env(environment);
    if daemon && std::env::var_os("JOURNAL_STREAM").is_some() {
        builder.format(|buffer, record| {
            use std::io::Write as _;
            let text = record.args().to_string();
            text.lines().try_for_each(|line| writeln!(buffer, "<{}>{line}", priority(record.level())))
        });
    } else {
        builder.format_target(false);
    }
    // A second start, in a test, keeps the first.
    let _ = builder.try_init();
}

/// The priority of a level, as in sd-daemon(3).
fn priority(level: log::Level) -> u8 {
    match level {
        log::Level::Error => 3,
        log::Level::Warn => 4,
        log::Level::Info => 6,
        log::Level::Debug | log::Level::Trace => 7,
    }
}

/// A progress bar with the time left, on a terminal only.
pub fn progress(total: usize, what: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(total as u64).with_message(what.to_owned());
    // If the template were wrong, the bar would have its default style.
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_the_least_and_keeps_to_its_width() {
        assert_eq!([0.0, 0.001, 0.5, 1.0, 7.0].map(|share| bar_of(share, 4, false).len()), [0, 1, 2, 4, 4]);
        assert_eq!(bar_of(0.001, 4, true), "▏");
        assert_eq!(bar_of(0.375, 4, true), "█▌");
        assert_eq!(bar_of(1.0, 2, true), "██");
    }
}
