//! The command line.

use clap::{Parser, Subcommand};

use crate::results::index;
use crate::{
    compare, doctor, generator, job, latency, promptness, quick, role, roofline, search, sweep,
    windows,
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
    /// A benchmark of about a minute: three workloads at full load, beside the machine's roof (the
    /// default)
    Quick(quick::Options),
    /// One workload against any source of lines, alone in this process
    #[command(after_help = JOB_EXAMPLES)]
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
    #[command(after_help = ROOFLINE_EXAMPLES)]
    Roofline(roofline::Options),
    /// Runs at every combination of values along some axes, in turn, into a folder that can be gone on
    /// with
    #[command(after_help = SWEEP_EXAMPLES)]
    Sweep(sweep::Options),
    /// The highest rate that a configuration sustains, as a bracket, and why more fails
    #[command(after_help = SEARCH_EXAMPLES)]
    Search(search::Options),
    /// Whether one of two is better: builds, configurations or kept results; exit code 3 if the second is
    /// worse
    #[command(after_help = COMPARE_EXAMPLES)]
    Compare(compare::Options),
    /// What about this machine makes figures untrustworthy; exit code 5 if something does
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(doctor::Options),
    /// Write the page that lists all results that are kept, as every benchmark does when it is over
    Index(index::Options),
    /// A part of a benchmark, started by this program itself
    #[command(subcommand, hide = true)]
    Role(role::Role),
}

const EXAMPLES: &str = "\
Examples:
  What this machine can do, in about a minute, kept under results/:
    bench-suite

  Count words from a load generator, in batches of 100 ms, and watch:
    loadgen serve --listen 127.0.0.1:7777 --rate 1M
    bench-suite job word-count --connect 127.0.0.1:7777 --batch 100ms

Exit codes:
  0  done    1  failed    2  wrong usage    4  an objective or a target was missed
  5  the run is not valid";

const JOB_EXAMPLES: &str = "\
Examples:
  Lines that contain `error`, from whoever connects, a JSON line per batch on stderr:
    bench-suite job grep --listen 127.0.0.1:7777 --progress ndjson

  Words over two connections for twenty seconds, on one thread, with 256 MiB for received data:
    bench-suite job word-count --connect 127.0.0.1:7777 --connections 2 --for 20s --parallelism 1 --memory 256MiB

  The ten most frequent words of the last minute, every five seconds:
    bench-suite job top-words --connect 127.0.0.1:7777 --window 1m --slide 5s

  Two servers of lines `key<TAB>value`, joined by key over the last ten seconds:
    bench-suite job stream-join --connect 127.0.0.1:7777 --connect 127.0.0.1:7778 --window 10s

  How late the result of each line is, counted from when it was due, and whether all came:
    loadgen serve --preset stamped --rate 100k --for 20s
    bench-suite job word-count --stamped --connect 127.0.0.1:7777 --batch 100ms --for 25s

Exit codes:
  0  done, or drained after Ctrl-C    1  failed, or stamped lines are missing    2  wrong usage
  4  an objective was missed    5  latencies mean nothing: two clocks differ";

const ROOFLINE_EXAMPLES: &str = "\
Examples:
  Every row and every limit, which takes some forty minutes on a machine that does nothing else:
    bench-suite roofline

  Two rows, more often and for longer, for a program to read:
    bench-suite roofline --rows grep-tcp,word-count --turns 15 --for 8s --json

Exit codes:
  0  no row and no limit has missed its target    1  failed    2  wrong usage
  4  a row or a limit has missed its target
  5  two sides found different results, or short batches could not be judged";

const SWEEP_EXAMPLES: &str = "\
Examples:
  Word count in batches of three lengths on one task and on two, three turns of three seconds:
    bench-suite sweep --batch 10ms,100ms,1s --parallelism 1,2

  What latency costs: rates up to the limit, with stamped lines:
    bench-suite sweep --batch 100ms --rate 500k,1M,2M,4M,8M --stamped

  The same from a file:
    bench-suite sweep --plan sweep.toml

  where sweep.toml has
    turns = 3
    for = \"3s\"
    [axes]
    workload = [\"grep\", \"word-count\"]
    batch = [\"100ms\", \"1s\"]
    parallelism = [1, 2]

  One that was stopped half way:
    bench-suite sweep --resume results/2026-11-26-amd-epyc-2core-sweep

Exit codes:
  0  all runs are there    1  some failed, and the others are kept    2  wrong usage";

const SEARCH_EXAMPLES: &str = "\
A rate is sustained if 95 % of the batches are done within the batch interval, if the scheduling delay does
not grow, if all that is offered is taken in, if all of it comes out, and if the objectives are met.

Examples:
  How many lines a second a word count in batches of 100 ms can be given:
    bench-suite search --workload word-count --batch 100ms

  The same where the results of 99 % of the lines must be there within a quarter of a second:
    bench-suite search --workload word-count --batch 100ms --stamped --objective 'latency.p99<250ms'

  Whether the search is right, with a workload of which the limit is known, 0.5 M lines/s:
    bench-suite search --workload busy-wait --parallelism 1

Exit codes:
  0  a bracket was found    1  no rate held, or a run failed    2  wrong usage
  5  the load generator did not keep up, so the engine's limit is not known";

const COMPARE_EXAMPLES: &str = "\
Examples:
  Whether another build of this program takes more processor seconds for a line of a word count:
    bench-suite compare this ../other/target/release/bench-suite

  Whether two tasks cost more than one:
    bench-suite compare parallelism=1 parallelism=2 --workload key-sum

  How small a difference this machine can show: both sides alike, 200 pairs, cut into 20 sets:
    bench-suite compare this this --pairs 200 --sets 20

  The same with 5 % more work for each line on one side, to see whether it is found:
    bench-suite compare this this --pairs 200 --sets 20 --slow 5%

  Two sweeps that are kept; and what a kept comparison says, where less counts too:
    bench-suite compare results/2026-11-25-amd-epyc-2core-sweep results/2026-11-26-amd-epyc-2core-sweep
    bench-suite compare results/2026-11-26-amd-epyc-2core-comparison --least 1%

Exit codes:
  0  B is better, or no different    1  failed    2  wrong usage, or unlike things
  3  B is worse    5  it cannot be told";

const DOCTOR_EXAMPLES: &str = "\
It takes three seconds. In the first it does nothing, and sees what others do. Then it works, on one core
and on all in turn, and sees how long it waits for a core, what the host takes meanwhile, whether the same
work costs the same, and what each core is worth while all work. Beside that it tells what the system says:
quotas of control groups, threads of one core, who sets the clock rate, memory, huge pages.

A line with `!` is a warning: mend it, or measure at another time. A line with `-` is a note: figures can be
used, with that in mind. Every benchmark looks in this way before it measures, and keeps what it has found.

Examples:
  Wait until the machine is fit to be measured on, then measure:
    until bench-suite doctor; do sleep 60; done && bench-suite

  The warnings alone:
    bench-suite doctor --json | jq -r '.findings[] | select(.weight == \"warning\").sentence'

Exit codes:
  0  nothing but notes    2  wrong usage    5  there is a warning";
