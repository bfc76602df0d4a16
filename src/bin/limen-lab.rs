//! The `limen-lab` program: what `limen eval`, `limen liveness`, `limen calibrate` and `limen bench` run.

fn main() -> std::process::ExitCode {
    limen::cli::lab()
}
