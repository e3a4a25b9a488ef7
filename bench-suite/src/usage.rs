//! What a process has cost so far.

use anyhow::{Context, Result};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde::{Deserialize, Serialize};

/// Processor time and memory of one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Seconds of processor time in the program and in the kernel for it.
    pub cpu_seconds: f64,
    /// The most memory that was ever resident.
    pub peak_memory_bytes: u64,
}

/// Of this process, up to now.
pub fn of_this_process() -> Result<Usage> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).context("the processor time could not be read")?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Usage {
        cpu_seconds: micros as f64 / 1e6,
        peak_memory_bytes: resident_bytes(usage.max_rss()),
    })
}

/// Linux counts in kibibytes, macOS in bytes.
fn resident_bytes(max_rss: i64) -> u64 {
    let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
    max_rss.max(0) as u64 * unit
}
