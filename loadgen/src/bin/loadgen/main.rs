//! The `loadgen` program: the command line in front of the library.

mod cli;
mod table;
mod terminal;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use loadgen::{Error, Result, Stop, Summary};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{Cli, Command, Shared};
use crate::terminal::Terminal;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const FAILED: u8 = 1;
const NOT_VALID: u8 = 5;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let (Command::Serve { shared, .. } | Command::Send { shared, .. }) = &cli.command;
    let mut terminal = Terminal::new(shared.quiet);
    let code = match run(&cli.command, &mut terminal) {
        Ok(summary) => report(&summary, &cli.command, shared, &mut terminal),
        Err(error) => {
            terminal.say(&format!("loadgen: {error}"));
            error.exit_code()
        }
    };
    ExitCode::from(code)
}

fn run(command: &Command, terminal: &mut Terminal) -> Result<Summary> {
    let stop = Stop::new();
    stop_on_signals(&stop)
        .map_err(|source| Error::System { doing: "handle Ctrl-C and SIGTERM", source })?;
    match command {
        Command::Serve { listen, connections, shared } => {
            let load = shared.load(*connections);
            // Before the port is taken: a mistake is told at once.
            load.check()?;
            let listener = loadgen::listen(listen)?;
            let address = listener.local_addr().map_or(listen.clone(), |addr| addr.to_string());
            terminal.say_unless_quiet(&format!("waiting for clients on {address}"));
            loadgen::serve(listener, &load, &stop, |event| terminal.tell(event))
        }
        Command::Send { connect, connections, shared } => {
            let load = shared.load(connections.unwrap_or(connect.len()));
            loadgen::send(connect, &load, &stop, |event| terminal.tell(event))
        }
    }
}

/// The first signal ends the run in order. A second one ends the process.
fn stop_on_signals(stop: &Stop) -> io::Result<()> {
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and only then raises it.
        flag::register_conditional_shutdown(signal, 128 + signal, stop.flag())?;
        flag::register(signal, stop.flag())?;
    }
    Ok(())
}

/// Prints the summary and what is wrong with the run, and gives the exit code.
fn report(summary: &Summary, command: &Command, shared: &Shared, terminal: &mut Terminal) -> u8 {
    terminal.leave_live_line();
    if let Err(error) = print(summary, shared) {
        terminal.say(&format!("loadgen: cannot print the summary: {error}"));
        return FAILED;
    }
    if let Some(reason) = &summary.reason {
        terminal.say(&format!("loadgen: {reason}"));
    }
    let is_sending = matches!(command, Command::Send { .. });
    if summary.interrupted {
        0
    } else if is_sending && summary.connections_lost > 0 {
        FAILED
    } else if !summary.valid {
        NOT_VALID
    } else {
        0
    }
}

fn print(summary: &Summary, shared: &Shared) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if shared.json {
        serde_json::to_writer_pretty(&mut stdout, summary)?;
        writeln!(stdout)
    } else {
        write!(stdout, "{}", table::table(summary))
    }
}
