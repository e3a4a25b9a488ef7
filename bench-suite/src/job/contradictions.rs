//! Flags that are given and would change nothing, and those that lack what they build on.

use super::Options;
use super::overload::Policy;

/// Why the flags do not go together, in a sentence.
pub(super) fn check(options: &Options) -> Result<(), String> {
    let level = options.storage_level;
    if let Some(directory) = options.spill_dir.as_ref().filter(|_| !level.uses_disk()) {
        return Err(format!(
            "--spill-dir {} is of no use with --storage-level {level}, which leaves nothing on disk; \
             give a level that does, as in --storage-level MEMORY_AND_DISK, or leave --spill-dir out",
            directory.display()
        ));
    }
    if level.copies() > 1 && !(options.write_ahead_log && options.replica.is_some()) {
        return Err(format!(
            "--storage-level {level} asks for a second copy of the log, which is there only with \
             --write-ahead-log and --replica, and so --checkpoint and --replica-token-file; give these, or \
             a level without _2"
        ));
    }
    if let Some(directory) = options.checkpoint.as_ref().filter(|_| options.is_stamped()) {
        return Err(format!(
            "{} checks that every stamped line comes once, and what it has seen is in no checkpoint: leave \
             --checkpoint {} out",
            if options.stamped { "--stamped" } else { "latency" },
            directory.display()
        ));
    }
    let overload = &options.overload;
    if let Some(batches) = overload.max_backlog.filter(|_| overload.overrun != Policy::Queue) {
        return Err(format!(
            "--max-backlog {batches} bounds the batches that wait, and none waits with --overrun \
             {}; leave one of them out",
            overload.overrun.name()
        ));
    }
    Ok(())
}
