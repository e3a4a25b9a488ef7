//! The `loadgen` program: the command line in front of the library.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

mod address;
mod check;
mod cli;
mod examples;
mod feed;
mod lines;
mod numbers;
mod papers;
mod series;
mod stdout;
mod table;
mod terminal;

use std::io::{Write, stderr};
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FAILED: u8 = 1;
const OBJECTIVE_MISSED: u8 = 4;
const NOT_VALID: u8 = 5;

fn main() -> ExitCode {
    let code = match Cli::parse().command {
        Command::Serve { listen, connections, shared } => {
            feed::serve(&listen, connections, &shared)
        }
        Command::Send { connect, connections, entry, shared } => {
            feed::send(&connect, connections, &entry, &shared)
        }
        Command::Check(options) => check::run(&options),
        Command::Schema => papers::schema(),
        Command::Completions { shell } => papers::completions(shell),
        Command::Man { command } => papers::man(command.as_deref()),
    };
    ExitCode::from(code.unwrap_or_else(|error| {
        // Nobody reads stderr if this fails, and the exit code says it still.
        writeln!(stderr(), "loadgen: {error}").ok();
        error.exit_code()
    }))
}
