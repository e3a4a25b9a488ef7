//! The `bench-suite` program: the command line in front of the library.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

use std::process::ExitCode;

use bench_suite::allocator::Counting;
use bench_suite::cli::{Cli, Command};
use bench_suite::outcome::Outcome;
use bench_suite::results::index;
use bench_suite::{
    compare, doctor, generator, job, kill_proof, latency, overload, part, promptness, quick,
    report, role, roofline, search, soak, stderr, sweep, windows,
};
use clap::Parser;

#[global_allocator]
static ALLOCATOR: Counting<mimalloc::MiMalloc> = Counting(mimalloc::MiMalloc);

fn main() -> ExitCode {
    part::end_with_parent();
    let done = match Cli::parse().command {
        None => quick::run(&quick::Options::default()),
        Some(Command::Quick(options)) => quick::run(&options),
        Some(Command::Job(options)) => job::run(&options),
        Some(Command::Windows(options)) => windows::run(&options),
        Some(Command::Latency(options)) => latency::run(&options),
        Some(Command::Promptness(options)) => promptness::run(&options),
        Some(Command::Generator(options)) => generator::run(&options),
        Some(Command::Roofline(options)) => roofline::run(&options),
        Some(Command::Run(options)) => sweep::run(&options.in_one_turn()),
        Some(Command::Sweep(options)) => sweep::run(&options),
        Some(Command::Search(options)) => search::run(&options),
        Some(Command::Compare(options)) => compare::run(&options),
        Some(Command::KillProof(options)) => kill_proof::run(&options),
        Some(Command::Overload(options)) => overload::run(&options),
        Some(Command::Soak(options)) => soak::run(&options),
        Some(Command::Report(options)) => report::run(&options),
        Some(Command::Doctor(options)) => doctor::run(&options),
        Some(Command::Index(options)) => index::run(&options),
        Some(Command::Role(role)) => role::run(&role).map(|()| Outcome::Good),
    };
    done.map_or_else(
        |e| {
            stderr::tell(format_args!("bench-suite: {e:#}"));
            ExitCode::FAILURE
        },
        ExitCode::from,
    )
}
