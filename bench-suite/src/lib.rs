//! Benchmarks that run Millstream the way it is used: the load generator and the workload are
//! processes of their own, the bytes go over real loopback sockets, and beside every figure stands
//! what a bare loop reaches over the same bytes.
//!
//! - [`doctor`]: what about a machine makes its figures untrustworthy.
//! - [`job`]: one workload against any source, alone in its process. Each workload is a short file
//!   in `job/workload`.
//! - [`roof`]: the bare loops, with no engine.
//! - [`ticks`]: how late empty batches, short batches and a bare timer are.
//! - [`memory`]: work on batches that are in memory, in the engine or in a bare loop.
//! - [`footprint`]: what the engine takes of memory, counted by the program's [`allocator`].
//! - [`series`]: runs at many points of settings, kept in a folder that grows with each.
//! - [`chart`]: scales, plots and heat maps, as SVG.
//! - [`quick`]: the benchmark of a few minutes: who runs when, the table, the verdict, the result's
//!   folder.
//! - [`windows`]: what a slide of a window costs, for windows of many lengths.
//! - [`latency`]: how late the result of a record is, by batch interval.
//! - [`promptness`]: how soon after its tick the result of a batch is out, against what it is to be.
//! - [`generator`]: what the load generator can do, beside a bare sender.
//! - [`turns`]: sides that are compared take turns; medians of their ratios, and how sure they are.
//! - [`roofline`]: work by work, how near the engine comes to the bare loop; and what else it is held to.
//! - [`sweep`]: runs at every combination of values along some axes.
//! - [`search`]: the highest rate that a configuration sustains.
//! - [`compare`]: whether one of two builds, configurations or results is better.
//! - [`report`]: series in words and pictures, as one page.
//! - [`results`]: what is kept of all that, and the page that lists it.
//! - [`senders`]: send stamped lines, whatever becomes of the job that they send to.
//! - [`killable`]: a durable job that may be killed at any time.
//! - [`kill_proof`]: kills it, and counts what that has cost.
//! - [`strained`]: a job that is asked for more than it can do, or for long.
//! - [`overload`]: asks it for ten times too much.
//! - [`soak`]: has it run for long, with restarts.
//! - [`role`]: what this executable does when it is started again as a part of a benchmark.
//!
//! ```
//! use bench_suite::roof::grep::lines_matching;
//! assert_eq!(lines_matching(b"an error\nfine\n", b"error"), 1);
//! ```

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

// The words.
#[cfg(test)]
mod flags;
mod aligned;
mod markdown;
pub mod allocator;
pub mod stderr;
pub mod stdout;
mod whole_file;
mod text_blocks;
pub mod machine;
pub mod outcome;
mod interrupt;
mod port;
pub mod usage;
pub mod doctor;
pub mod results;
pub mod turns;
pub mod chart;
// The parts of a benchmark, each a process of its own.
pub mod roof;
pub mod job;
pub mod senders;
pub mod killable;
pub mod strained;
pub mod ticks;
pub mod memory;
pub mod footprint;
pub mod role;
pub mod part;
mod fed;
pub mod series;
pub mod report;
// The benchmarks.
pub mod quick;
pub mod windows;
pub mod latency;
pub mod promptness;
pub mod generator;
pub mod sweep;
pub mod search;
pub mod compare;
pub mod roofline;
pub mod kill_proof;
mod strain;
pub mod overload;
pub mod soak;
pub mod cli;
