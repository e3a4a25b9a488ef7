//! The `bench-suite` program: the command line in front of the library.

use std::process::ExitCode;

use bench_suite::cli::{Cli, Command};
use bench_suite::{job, quick, role, windows};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit code of a run whose figures are not to be trusted.
const NOT_VALID: u8 = 5;

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        None => quick::run(&quick::Options::default()),
        Some(Command::Quick(options)) => quick::run(&options),
        Some(Command::Job(options)) => job::run(&options).map(|()| true),
        Some(Command::Windows(options)) => windows::run(&options),
        Some(Command::Role(role)) => role::run(&role).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(NOT_VALID),
        Err(e) => {
            eprintln!("bench-suite: {e:#}");
            ExitCode::FAILURE
        }
    }
}
