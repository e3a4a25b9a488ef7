//! `serve` and `send`: a run with all that is told of it.

use std::io;

use loadgen::{Error, Event, Load, Met, Objective, Result, Stop, Summary, Token};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::cli::{Entry, Output, Shared};
use crate::series::Series;
use crate::terminal::Terminal;
use crate::{FAILED, NOT_VALID, OBJECTIVE_MISSED, stdout, table};

/// Waits for clients and feeds them; gives the exit code.
pub(crate) fn serve(listen: &str, connections: usize, shared: &Shared) -> Result<u8> {
    let load = shared.load(connections)?;
    load.check_serving()?;
    run(&load, &shared.output, Role::Serve, |stop, teller| {
        let listener = loadgen::listen(listen)?;
        let address = listener.local_addr().map_or(listen.to_owned(), |addr| addr.to_string());
        teller.terminal.say_unless_quiet(&format!("waiting for clients on {address}"));
        loadgen::serve(listener, &load, stop, |event| teller.tell(event))
    })
}

/// Dials targets and sends; gives the exit code.
pub(crate) fn send(
    connect: &[String],
    connections: Option<usize>,
    entry: &Entry,
    shared: &Shared,
) -> Result<u8> {
    let load = entry.complete(shared.load(connections.unwrap_or(connect.len()))?)?;
    run(&load, &shared.output, Role::Send, |stop, teller| {
        if let Some(sentence) = load.token.as_ref().and_then(Token::warning) {
            teller.terminal.say(&format!("loadgen: {sentence}"));
        }
        loadgen::send(connect, &load, stop, |event| teller.tell(event))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Serve,
    Send,
}

/// Whoever is told of the run.
struct Teller {
    terminal: Terminal,
    series: Series,
}

impl Teller {
    fn tell(&mut self, event: Event<'_>) {
        if let Event::Tick(progress) = event {
            for sentence in self.series.add(progress) {
                self.terminal.say(&format!("loadgen: {sentence}"));
            }
        }
        self.terminal.tell(event);
    }
}

fn run(
    load: &Load,
    output: &Output,
    role: Role,
    feed: impl FnOnce(&Stop, &mut Teller) -> Result<Summary>,
) -> Result<u8> {
    // What there is no figure for is told before the run and not after it.
    judge(&output.objectives, &Summary::default())?;
    let lag = output.objectives.iter().find(|objective| objective.figure().contains("lag."));
    if let Some(objective) = lag.filter(|_| !load.is_timed()) {
        return Err(Error::Usage(format!(
            "--objective {objective}: as fast as possible, no line has a moment to be late for; give a \
             --rate"
        )));
    }
    let stop = Stop::new();
    stop_on_signals(&stop)
        .map_err(|source| Error::System { doing: "handle Ctrl-C and SIGTERM", error: source })?;
    let series = Series::create(output.csv.as_deref(), output.hdr_log.as_deref())?;
    let mut teller = Teller { terminal: Terminal::new(output.quiet), series };
    let fed = feed(&stop, &mut teller);
    teller.terminal.leave_live_line();
    let summary = fed?;
    let mut terminal = teller.terminal;

    stdout::print(if output.json {
        stdout::json(&summary)?
    } else {
        table::table(&summary, load.warm_up)
    })?;
    if let Some(reason) = &summary.reason {
        terminal.say(&format!("loadgen: {reason}"));
    }
    let judged = judge(&output.objectives, &summary)?;
    for met in judged.iter().filter(|met| !met.is_met || !output.quiet) {
        terminal.say(&format!("loadgen: {}", met.sentence));
    }
    Ok(exit_code(&summary, &judged, role))
}

fn judge(objectives: &[Objective], summary: &Summary) -> Result<Vec<Met>> {
    let figures = summary.figures();
    objectives.iter().map(|objective| objective.judge(&figures)).collect()
}

/// The first that applies, from what makes all figures worthless to what only misses an objective.
fn exit_code(summary: &Summary, judged: &[Met], role: Role) -> u8 {
    // Clients come and go as they like; a target is to stay, unless lines outlive connections.
    let (is_gone, is_open) = match &summary.acknowledged {
        Some(acknowledged) => (false, acknowledged.not_acknowledged > 0),
        None => (role == Role::Send && summary.connections_lost > 0, false),
    };
    if is_open || (is_gone || summary.given_up) && !summary.interrupted {
        FAILED
    } else if !summary.valid && !summary.interrupted {
        NOT_VALID
    } else if judged.iter().any(|met| !met.is_met) {
        OBJECTIVE_MISSED
    } else {
        0
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
