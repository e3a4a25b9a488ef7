//! Files as a source: each batch looks into the directories, and reads what is new there.
//!
//! What a batch reads, together with what windows keep of the batches before, is bounded by the
//! memory budget. Files that do not fit wait, in order, for the next ones.
//!
//! A batch that is run again reads its files again: of what was read, only names and checksums are written
//! down. What is gone by then, or was changed, is a loss that is told.

mod listing;
mod memory;
mod options;
mod path_bytes;
mod reading;
mod room;
mod selection;
mod taking;

use std::collections::VecDeque;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
pub use options::FileStream;

use self::listing::{Directories, Listed};
use self::memory::{Note, Position};
use self::room::{Fits, Room};
use self::selection::{Rule, Selection};
use self::taking::Taking;
use super::polled::{Poll, Polled, Records, Start, Trouble};
use crate::disk::AnyDisk;
use crate::durable::{from_bytes, to_bytes};
use crate::error::{Error, Result};
use crate::panics::{drop_with_care, message_of};
use crate::received::RecordPolicy;
use crate::time::{Duration, Time};

/// Why there is a watch.
const BEGUN: &str = "a source is begun before it is asked for anything";

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
    /// Whether it is noted what batches are given.
    is_logged: bool,
    /// Of the last batch.
    note: Note,
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

    fn taking(&self, watch: &Watch, policy: RecordPolicy) -> Taking<'_> {
        Taking::new(&self.operation, self.record_bytes, &watch.disk, policy)
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
    fn accepts(&self, path: &Path, taking: &mut Taking<'_>) -> Option<bool> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let verdict = catch_unwind(AssertUnwindSafe(|| (self.options.filter)(&name)));
        verdict
            .map_err(|panic| {
                let reason = message_of(&*panic);
                let reason = drop_with_care(panic, reason);
                let what = format!("is left out: the filter panicked at its name: {reason}");
                taking.lose(path, what);
            })
            .ok()
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
        let rule = match any_age {
            true => Rule::AnyAge,
            false => Rule::ByTime {
                remember: whole_batches(*remember, interval),
                batch_interval: interval,
            },
        };
        let mut watch = Watch {
            disk: start.disk.clone(),
            directories,
            selection: Selection::new(rule, after),
            waiting: VecDeque::new(),
            room: Room::new(start.budget_bytes, start.batches_kept),
            is_logged: start.is_logged,
            note: Note::default(),
        };
        match &start.position {
            Some(position) => watch
                .go_on_from(position, *any_age)
                .map_err(|reason| Error::Unreadable { what: self.operation.clone(), reason })?,
            None if *any_age && *new_files_only => {
                // What cannot be listed now is told by the first batch.
                watch.selection.pass_over(start.time, &watch.directories.list(&*watch.disk));
            }
            None => {}
        }
        self.watch = Some(watch);
        Ok(())
    }

    fn poll(&mut self, time: Time, policy: RecordPolicy) -> Polled {
        let mut watch = self.watch.take().expect(BEGUN);
        let mut taking = self.taking(&watch, policy);
        let listing = watch.directories.list(&*watch.disk);
        for (directory, error) in &listing.failed {
            taking.troubles.push(self.not_listed(directory, error));
        }
        let mut refused = Vec::new();
        let chosen = watch.selection.choose(time, &listing, |path| {
            // One that the filter panics at counts as chosen, so that it panics once.
            self.accepts(path, &mut taking).unwrap_or_else(|| {
                refused.push(path.to_owned());
                true
            })
        });
        let (refused, chosen): (Vec<Listed>, Vec<Listed>) =
            chosen.into_iter().partition(|file| refused.contains(&file.path));
        watch.waiting.extend(chosen.iter().cloned());

        let (before, mut given) = (watch.waiting.len(), Vec::new());
        watch.room.next_batch();
        while let Some(file) = watch.waiting.pop_front() {
            match watch.room.take(file.length) {
                Fits::Now => given.extend(taking.read(&file, watch.is_logged)),
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
                    taking.lose(&file.path, what);
                }
            }
        }
        let left = before - watch.waiting.len();
        watch.note = Note { chosen, refused, left, given };
        let polled = taking.into();
        self.watch = Some(watch);
        polled
    }

    fn note(&self, _given: &Records) -> Result<Bytes, String> {
        to_bytes(&self.watch.as_ref().expect(BEGUN).note).map(Bytes::from)
    }

    fn gave(&mut self, time: Time, note: &Bytes) -> Result<(), String> {
        let Note { chosen, refused, left, .. } = from_bytes(note)?;
        let watch = self.watch.as_mut().expect(BEGUN);
        watch.selection.has_chosen(time, chosen.iter().chain(&refused));
        watch.waiting.extend(chosen);
        watch.waiting.drain(..left.min(watch.waiting.len()));
        Ok(())
    }

    fn again(&mut self, note: &Bytes, policy: RecordPolicy) -> Result<Polled, String> {
        let Note { given, .. } = from_bytes(note)?;
        let mut watch = self.watch.take().expect(BEGUN);
        let mut taking = self.taking(&watch, policy);
        watch.room.next_batch();
        for file in &given {
            watch.room.take_again(file.bytes());
            taking.read_again(file);
        }
        let polled = taking.into();
        self.watch = Some(watch);
        Ok(polled)
    }

    fn position(&self) -> Option<Bytes> {
        let watch = self.watch.as_ref().expect(BEGUN);
        let position = Position {
            waiting: watch.waiting.iter().cloned().collect(),
            taken_bytes: watch.room.taken_bytes(),
            ..watch.selection.position()
        };
        Some(to_bytes(&position).expect("times, numbers and bytes can be written down").into())
    }

    fn has_more(&self) -> bool {
        self.watch.as_ref().is_some_and(|watch| !watch.waiting.is_empty())
    }
}

impl Watch {
    fn go_on_from(&mut self, position: &Bytes, any_age: bool) -> Result<(), String> {
        let position: Position = from_bytes(position)?;
        if position.any_age != any_age {
            return Err(format!(
                "it was written with FileStream::any_age({}), and what was seen by one rule is not what \
                 was seen by the other; leave it as it was, or begin anew with another checkpoint directory",
                position.any_age
            ));
        }
        self.selection.go_on_from(&position);
        self.waiting = position.waiting.into();
        self.room.restore(position.taken_bytes);
        Ok(())
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
