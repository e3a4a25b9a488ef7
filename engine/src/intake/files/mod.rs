//! Files as a source: each batch looks into the directories, and reads what is new there.
//!
//! What a batch reads, together with what windows keep of the batches before, is bounded by the
//! memory budget. Files that do not fit wait, in order, for the next ones.

mod listing;
mod options;
mod reading;
mod room;
mod selection;

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

pub use options::FileStream;

use self::listing::{Directories, Listed};
use self::room::{Fits, Room};
use self::selection::{Rule, Selection};
use super::polled::{Poll, Polled, Records, Start, Trouble};
use crate::disk::AnyDisk;
use crate::error::{Error, Result};
use crate::framing::Framing;
use crate::panics::{drop_with_care, message_of};
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};
use crate::time::{Duration, Time};

/// What keeps files from being read while they are written.
const CURE: &str = "write files elsewhere, and rename them into the directory when they are whole";

/// A stream of files.
pub(crate) struct Files {
    /// As the program wrote it, for sentences.
    operation: String,
    options: FileStream,
    /// The length of records that are bytes; without one they are lines.
    record_bytes: Option<usize>,
    watch: Option<Watch>,
}

/// What is known from the start on.
struct Watch {
    disk: Arc<dyn AnyDisk>,
    directories: Directories,
    selection: Selection,
    /// Files that are chosen and not read, in order.
    waiting: VecDeque<Listed>,
    room: Room,
}

/// What a batch has got so far.
#[derive(Default)]
struct Taken {
    blocks: Vec<Arc<ReceivedBlock>>,
    framing: LineCounts,
    troubles: Vec<Trouble>,
}

impl Files {
    pub(crate) fn new(operator: &str, options: FileStream, record_bytes: Option<usize>) -> Self {
        let operation = format!("{operator}({:?})", options.directory);
        Files { operation, options, record_bytes, watch: None }
    }

    /// The operation as the program wrote it.
    pub(crate) fn operation(&self) -> &str {
        &self.operation
    }

    /// The name of the source.
    pub(crate) fn name(&self) -> String {
        format!("files in {}", self.options.directory)
    }

    fn loss(&self, path: &Path, what: impl std::fmt::Display) -> Trouble {
        Trouble::ForGood(format!("{}: {} {what}", self.operation, path.display()))
    }

    fn not_listed(&self, directory: &Path, error: &io::Error) -> Trouble {
        Trouble::ForNow(format!(
            "{}: the directory {} could not be listed: {error}; it is tried again with the next \
             batch: make it, or let this process read it",
            self.operation,
            directory.display()
        ))
    }

    /// What the program's filter says; a filter that panics loses the file.
    fn accepts(&self, path: &Path, troubles: &mut Vec<Trouble>) -> Option<bool> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let verdict = catch_unwind(AssertUnwindSafe(|| (self.options.filter)(&name)));
        verdict
            .map_err(|panic| {
                let reason = message_of(&*panic);
                let reason = drop_with_care(panic, reason);
                let what = format!("is left out: the filter panicked at its name: {reason}");
                troubles.push(self.loss(path, what));
            })
            .ok()
    }

    fn read(&self, watch: &Watch, file: &Listed, policy: RecordPolicy, into: &mut Taken) {
        let bytes = match watch.disk.read_at_most(&file.path, file.length) {
            Ok(bytes) => bytes,
            Err(e) => {
                let what = format!("could not be read and is left out: {e}; {CURE}");
                return into.troubles.push(self.loss(&file.path, what));
            }
        };
        let read = bytes.len() as u64;
        if read < file.length {
            let what = format!(
                "had {} bytes when it was listed and {read} when it was read, so the rest is \
                 missing; {CURE}",
                file.length
            );
            into.troubles.push(self.loss(&file.path, what));
        }
        match self.record_bytes {
            None => into.blocks.extend(reading::lines(bytes, policy, &mut into.framing)),
            Some(record) if bytes.len().is_multiple_of(record) => {
                let policy = policy.framed(Some(Framing::Fixed(record)));
                into.blocks.extend(reading::blocks(bytes, policy));
            }
            Some(record) => {
                let what = format!(
                    "has {read} bytes, which is no multiple of the {record} bytes of a record, so \
                     none of it is given; {CURE}"
                );
                into.troubles.push(self.loss(&file.path, what));
            }
        }
    }
}

impl Poll for Files {
    fn begin(&mut self, start: &Start) -> Result {
        let FileStream { directory, remember, any_age, new_files_only, .. } = &self.options;
        if *remember <= Duration::ZERO {
            return Err(Error::Setting {
                setting: "the time for which a file stream remembers files (FileStream::remember)",
                got: format!("{remember} in {}", self.operation),
                want: "at least 1 ms".into(),
            });
        }
        if directory.is_empty() || directory.contains("://") || directory.contains('\0') {
            return Err(Error::Setting {
                setting: "the directory of a file stream",
                got: self.operation.clone(),
                want: "a path of this machine, without a scheme, or a pattern like logs/2026-*"
                    .into(),
            });
        }
        let directories = Directories::new(directory).map_err(|e| Error::Setting {
            setting: "the directory of a file stream",
            got: self.operation.clone(),
            want: format!("a path, or a pattern like logs/2026-*; this one is neither: {e}"),
        })?;
        let after = if *new_files_only { start.time } else { Time::default() };
        let interval = start.batch_interval;
        let mut selection = Selection::new(match any_age {
            true => Rule::AnyAge,
            false => Rule::ByTime {
                after,
                remember: whole_batches(*remember, interval),
                batch_interval: interval,
            },
        });
        if *any_age && *new_files_only {
            // What cannot be listed now is told by the first batch.
            selection.pass_over(start.time, &directories.list(&*start.disk));
        }
        self.watch = Some(Watch {
            disk: start.disk.clone(),
            directories,
            selection,
            waiting: VecDeque::new(),
            room: Room::new(start.budget_bytes, start.batches_kept),
        });
        Ok(())
    }

    fn poll(&mut self, time: Time, policy: RecordPolicy) -> Polled {
        let mut watch = self.watch.take().expect("a source is begun before it is polled");
        let mut taken = Taken::default();
        let listing = watch.directories.list(&*watch.disk);
        for (directory, error) in &listing.failed {
            taken.troubles.push(self.not_listed(directory, error));
        }
        let mut refused = Vec::new();
        let chosen = watch.selection.choose(time, &listing, |path| {
            // One that the filter panics at counts as chosen, so that it panics once.
            self.accepts(path, &mut taken.troubles).unwrap_or_else(|| {
                refused.push(path.to_owned());
                true
            })
        });
        watch.waiting.extend(chosen.into_iter().filter(|file| !refused.contains(&file.path)));

        watch.room.next_batch();
        while let Some(file) = watch.waiting.pop_front() {
            match watch.room.take(file.length) {
                Fits::Now => self.read(&watch, &file, policy, &mut taken),
                Fits::Later => {
                    watch.waiting.push_front(file);
                    break;
                }
                Fits::Never => {
                    let what = format!(
                        "has {} bytes and is left out: the files of a batch may have {} bytes, all \
                         of Conf::memory_bytes; raise that, or write smaller files",
                        file.length,
                        watch.room.budget_bytes()
                    );
                    taken.troubles.push(self.loss(&file.path, what));
                }
            }
        }
        self.watch = Some(watch);
        let Taken { blocks, framing, troubles } = taken;
        Polled { records: Records::Blocks(blocks), framing, troubles }
    }

    fn has_more(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| !watch.waiting.is_empty())
    }
}

/// `time` rounded up to whole batches, as the original does.
fn whole_batches(time: Duration, batch_interval: Duration) -> Duration {
    let batches = (time.as_millis() - 1).div_euclid(batch_interval.as_millis()) + 1;
    batch_interval * batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{millis, secs};

    #[test]
    fn what_is_remembered_is_whole_batches() {
        assert_eq!(whole_batches(secs(60), secs(1)), secs(60));
        assert_eq!(whole_batches(secs(60), secs(7)), secs(63));
        assert_eq!(whole_batches(millis(1), secs(7)), secs(7));
    }
}
