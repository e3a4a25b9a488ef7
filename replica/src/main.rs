//! The `millstream-replica` program: a replica of the library, behind a command line.
//!
//! It is a package of its own, so that the library does not depend on what reads a command line, and a machine that
//! only holds copies needs no benchmark.

mod cli;

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;
use millstream::replica::{Replica, check_token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::cli::Cli;

const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match token_in(&cli.token_file) {
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
fn run(cli: &Cli, token: &str) -> Result<()> {
    // From before anybody can wait for it to listen.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).context("the signals could not be watched")?;
    fs::create_dir_all(&cli.dir).with_context(|| format!("--dir {}", cli.dir.display()))?;
    let mut settings = Replica::settings(&cli.dir, token)
        .idle_timeout(millstream::Duration::try_from(cli.idle)?)
        .on_event(tell);
    if let Some(most) = cli.max_bytes {
        settings = settings.max_bytes(most.as_u64());
    }
    let replica =
        settings.listen(&*cli.listen).with_context(|| format!("--listen {}", cli.listen))?;
    tell(&format!("listening on {}, keeping copies in {}", replica.address(), cli.dir.display()));
    signals.forever().next();
    replica.stop()?;
    tell("stopped");
    Ok(())
}

/// The first line of a file, which has nothing else in it, and which is a token.
fn token_in(file: &Path) -> Result<String> {
    let named = || format!("--token-file {}", file.display());
    let text = fs::read_to_string(file).with_context(named)?;
    // The end of the file's one line, and nothing else, is no part of it.
    let token = text.strip_suffix('\n').unwrap_or(&text);
    let token = token.strip_suffix('\r').unwrap_or(token);
    check_token(token).with_context(named)?;
    Ok(token.to_owned())
}

/// Where nobody reads standard error there is nobody to tell.
fn tell(sentence: &str) {
    drop(writeln!(stderr(), "millstream-replica: {sentence}"));
}
