//! The command line.

use clap::{Parser, Subcommand};

use crate::results::index;
use crate::{
    compare, doctor, generator, job, kill_proof, latency, overload, promptness, quick, report,
    role, roofline, search, soak, sweep, windows,
};

/// What was written on the command line.
#[derive(Debug, Parser)]
#[command(name = "bench-suite", version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do; left out, the quick benchmark.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// A benchmark of a few minutes: three workloads beside the machine's roof, and what settings do (the
    /// default)
    Quick(quick::Options),
    /// One workload against any source of lines, alone in this process
    #[command(after_help = job::EXAMPLES)]
    Job(job::Options),
    /// What a slide of a window costs, for windows of many lengths
    Windows(windows::Options),
    /// How late the result of a record is, by batch interval
    Latency(latency::Options),
    /// How soon after its tick the result of a batch is out, against what it is to be
    Promptness(promptness::Options),
    /// What the load generator can do: rates held, and its roof
    Generator(generator::Options),
    /// How near the engine comes to the best bare loop, work by work, and whether that is near enough
    #[command(after_help = roofline::EXAMPLES)]
    Roofline(roofline::Options),
    /// One workload with a load generator, each in its process, at one point of settings: a sweep of one
    /// run, or of as many as its lists have combinations
    #[command(after_help = sweep::EXAMPLES_OF_RUN)]
    Run(sweep::Options),
    /// Runs at every combination of values along some axes, in turn, into a folder that can be gone on
    /// with
    #[command(after_help = sweep::EXAMPLES)]
    Sweep(sweep::Options),
    /// The highest rate that a configuration sustains, as a bracket, and why more fails
    #[command(after_help = search::EXAMPLES)]
    Search(search::Options),
    /// Whether one of two is better: builds, configurations or kept results; exit code 3 if the second is
    /// worse
    #[command(after_help = compare::EXAMPLES)]
    Compare(compare::Options),
    /// Kill a durable job again and again, and count what that has cost; exit code 1 if anything
    #[command(after_help = kill_proof::EXAMPLES)]
    KillProof(kill_proof::Options),
    /// Send a job ten times what it can do; exit code 4 if memory grows or anything is lost
    #[command(after_help = overload::EXAMPLES)]
    Overload(overload::Options),
    /// Have a durable job run for hours, with restarts; exit code 4 if anything grows or is lost
    #[command(after_help = soak::EXAMPLES)]
    Soak(soak::Options),
    /// What series found, as one page with a verdict and pictures, as Markdown, or as rows
    #[command(after_help = report::EXAMPLES)]
    Report(report::Options),
    /// What about this machine makes figures untrustworthy; exit code 5 if something does
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(doctor::Options),
    /// Write the page that lists all results that are kept, as every benchmark does when it is over
    Index(index::Options),
    /// A part of a benchmark, started by this program itself
    #[command(subcommand, hide = true)]
    Role(role::Role),
}

const EXAMPLES: &str = "\
Examples:
  What this machine can do, in a few minutes, kept under results/:
    bench-suite

  Count words from a load generator, in batches of 100 ms, and watch:
    loadgen serve --listen 127.0.0.1:7777 --rate 1M
    bench-suite job word-count --connect 127.0.0.1:7777 --batch 100ms

Exit codes:
  0  done    1  failed    2  wrong usage    3  a comparison found a regression
  4  an objective or a target was missed    5  the run is not valid";
