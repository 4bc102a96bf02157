//! The `bottrade` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    bottrade::cli::main()
}
