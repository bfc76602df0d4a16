//! How answers look: colour and progress only on a terminal, the log apart from the answers.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style};
use indicatif::{ProgressBar, ProgressStyle};

/// Good.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Bad.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Worth a look.
pub const NOTE: Style = AnsiColor::Yellow.on_default().bold();
/// Less important.
pub const FAINT: Style = Style::new().dimmed();
/// Headings.
pub const STRONG: Style = Style::new().bold();

/// Text in a style, padded to `width`; the terminal's stream drops the style where it is not wanted.
pub fn styled(style: Style, text: &str, width: usize) -> String {
    format!("{style}{text:<width$}{style:#}")
}

/// One line about what went wrong.
pub fn complain(what: &str) {
    tell(BAD, what);
}

/// One line about what somebody should know.
pub fn note(what: &str) {
    tell(NOTE, what);
}

/// A command does its work even if nobody can be told of it.
fn tell(style: Style, what: &str) {
    use std::io::Write as _;
    let _ = writeln!(anstream::stderr(), "{} {what}", styled(style, "limen:", 0));
}

/// The first failure of standard output; nothing is printed after it.
static LOST: OnceLock<std::io::Error> = OnceLock::new();

/// Prints a line of the answer. Where that fails, the command goes on, because what it does is not less needed, and
/// [`lost`] says so; the rest of the answer is dropped.
pub fn say(line: &str) {
    use std::io::Write as _;
    if is_lost() {
        return;
    }
    // Whatever is buffered must come out, or the failure would be lost as well.
    let mut out = anstream::stdout();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        // Only the first counts.
        let _ = LOST.set(error);
    }
}

/// Nobody reads on; who only prints may stop.
pub fn is_lost() -> bool {
    LOST.get().is_some()
}

/// Why the answer is incomplete. A reader that has gone (`limen ... | head`) has what it wanted.
pub fn lost() -> Option<&'static std::io::Error> {
    LOST.get().filter(|error| error.kind() != std::io::ErrorKind::BrokenPipe)
}

/// Prints a JSON value as a line of the answer.
pub fn say_json(value: &serde_json::Value) {
    say(&value.to_string());
}

/// With `--json`: why there is no answer, in its place.
pub fn say_error(what: &str, exit_code: u8) {
    say_json(&serde_json::json!({ "error": what, "exit_code": exit_code }));
}

/// A bar of a histogram, `share` (0 to 1) of `width` characters: eighths of a block on a terminal, `#` elsewhere.
/// Whatever is more than nothing can be seen.
pub fn bar(share: f64, width: usize) -> String {
    bar_of(share, width, std::io::stdout().is_terminal())
}

fn bar_of(share: f64, width: usize, blocks: bool) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let parts = if blocks { 8 } else { 1 };
    // A float becomes the nearest whole number there is; below zero that is zero.
    let length = ((share * (width * parts) as f64).ceil() as usize).min(width * parts);
    let mut bar = if blocks { "█" } else { "#" }.repeat(length / parts);
    if blocks {
        bar.push_str(EIGHTHS[length % 8]);
    }
    bar
}

/// Starts the log on standard error: for the daemon from `info` on and with the journal's priorities where
/// systemd listens, for everything else from `warn` on.
pub fn start_log(daemon: bool) {
    let level = if daemon { "info" } else { "warn" };
    // tract says at `warn` what only its authors can change.
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

/// The priorities of sd-daemon(3).
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
    // The template is ours and fixed; should it be wrong, the plain bar does.
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
