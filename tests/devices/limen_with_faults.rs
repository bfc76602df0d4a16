//! `limen` with its failpoints, for the device tests: never installed.

fn main() -> std::process::ExitCode {
    limen::cli::main()
}
