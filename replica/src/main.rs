//! The `millstream-replica` program: a replica of the library, behind a command line.
//!
//! It is a package of its own, so that the library does not depend on what reads a command line, and a machine that
//! only holds copies needs no benchmark.

mod cli;
mod token;

use std::fs::DirBuilder;
use std::io::{Write, stderr};
use std::os::unix::fs::DirBuilderExt;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use millstream::printable::printable_lines;
use millstream::replica::Replica;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Cli;
use crate::token::Token;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match Token::from_file(&cli.token_file) {
        Ok(token) => run(&cli, &token).map_err(|error| (FAILED, error)),
        Err(error) => Err((WRONG_USAGE, error)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, error)) => {
            tell(&format!("{error:#}"));
            ExitCode::from(code)
        }
    }
}

/// Listens until Ctrl-C or SIGTERM.
fn run(cli: &Cli, token: &Token) -> Result<()> {
    // From before anybody can wait for it to listen.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).context("the signals could not be watched")?;
    // What jobs have received is in it, as it came.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&cli.dir);
    made.with_context(|| format!("--dir {}", cli.dir.display()))?;
    let mut settings =
        Replica::settings(&cli.dir, &token.secret).idle_timeout(cli.idle).on_event(tell);
    if let Some(most) = cli.max_bytes {
        settings = settings.max_bytes(most.as_u64());
    }
    let replica =
        settings.listen(&*cli.listen).with_context(|| format!("--listen {}", cli.listen))?;
    tell(&format!("listening on {}, keeping copies in {}", replica.address(), cli.dir.display()));
    if let Some(sentence) = &token.warning {
        tell(sentence);
    }
    signals.forever().next();
    replica.stop()?;
    tell("stopped");
    Ok(())
}

/// Where nobody reads standard error there is nobody to tell. Control characters do nothing to the terminal.
fn tell(sentence: &str) {
    drop(writeln!(stderr(), "millstream-replica: {}", printable_lines(sentence)));
}
