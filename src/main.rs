//! The `limen` program: its exit code, and nothing else.

fn main() -> std::process::ExitCode {
    limen::cli::main()
}
