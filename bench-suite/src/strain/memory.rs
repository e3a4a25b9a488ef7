//! What memory a job's process takes, and the least that it can be given.

use std::fs;

use bytesize::ByteSize;

/// From this on a process stays within its budget and a tenth: `docs/storage.md`.
const LEAST_BUDGET_BYTES: u64 = 64 << 20;

/// Why no job is strained with such a budget.
pub(crate) fn check_budget(memory: ByteSize) -> Result<(), String> {
    match memory.as_u64() {
        bytes if bytes < LEAST_BUDGET_BYTES => Err(format!(
            "--memory {bytes}B is less than 64MiB, from where on a process stays within its budget \
             (docs/storage.md); give 64MiB at least"
        )),
        _ => Ok(()),
    }
}

/// Of the process of this number: its memory that no file lies behind (`RssAnon`). Nothing where the system does
/// not tell, or the process is gone.
pub(crate) fn anonymous_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kib = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    Some(kib.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_takes_something() {
        assert!(anonymous_bytes(std::process::id()).is_some_and(|bytes| bytes > 1 << 16));
        assert_eq!(anonymous_bytes(u32::MAX), None);
    }

    #[test]
    fn less_than_a_process_needs_is_refused_with_both_numbers() {
        let reason = check_budget(ByteSize(1)).unwrap_err();
        assert!(reason.contains("--memory 1B") && reason.contains("64MiB"), "{reason}");
        assert!(check_budget(ByteSize::mib(64)).is_ok());
    }
}
