//! A folder of files that appears whole or not at all.
//!
//! It is written beside its place, as `.NAME.tmp`: each file synced, then the folder, then it is
//! renamed to `NAME`, and the directory that it lies in is synced. A folder that is there already,
//! for the batch was run before, is moved aside as `.NAME.old` and removed when the new one is in
//! its place. What a crash has left under either name is cleared by the next attempt, for a batch's
//! folder has the same name each time.

use std::collections::HashSet;
use std::ffi::OsString;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::disk::{
    AnyDisk, EntryKind, failed, make_shared_directory, make_shared_directory_durably, parent_of,
};
use crate::error::{Error, Result};

/// The empty file that says that the others are whole, as in the original.
const SUCCESS: &str = "_SUCCESS";

pub(super) const STOPPED: &str = "the stream was stopped at once, before it was written";

/// The directories that are known to be there to stay, with all that they lie in. One that an earlier process
/// has made, or an attempt that has failed, may not be.
#[derive(Default)]
pub(super) struct Lasting(HashSet<PathBuf>);

impl Lasting {
    /// Makes a directory where it is missing, and makes sure that it lasts.
    fn make(&mut self, disk: &dyn AnyDisk, directory: &Path) -> Result<()> {
        if self.0.contains(directory) {
            return make_shared_directory(disk, directory);
        }
        make_shared_directory_durably(disk, directory)?;
        self.0.insert(directory.into());
        Ok(())
    }
}

/// Writes `folder` with the files `part-00000` and so on, and the empty file `_SUCCESS`. Where it
/// fails, there is no folder, or what was there before; the sentence names the path.
pub(super) fn write_whole(
    disk: &dyn AnyDisk,
    folder: &Path,
    parts: &[Vec<u8>],
    lasting: &mut Lasting,
    cancelled: &AtomicBool,
) -> Result<()> {
    let parent = parent_of(folder);
    let place = Place {
        disk,
        folder,
        parent,
        temporary: beside(folder, "tmp"),
        earlier: beside(folder, "old"),
    };
    let made = lasting.make(disk, parent);
    made.and_then(|()| place.write(parts, cancelled)).map_err(|error| error.about(folder.display()))
}

/// `folder` with a name that nobody takes for a result's.
fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(folder.file_name().unwrap_or_default());
    name.push(".");
    name.push(ending);
    folder.with_file_name(name)
}

struct Place<'a> {
    disk: &'a dyn AnyDisk,
    folder: &'a Path,
    parent: &'a Path,
    temporary: PathBuf,
    earlier: PathBuf,
}

impl Place<'_> {
    fn write(&self, parts: &[Vec<u8>], cancelled: &AtomicBool) -> Result<()> {
        self.clear(&self.temporary)?;
        let written = self.fill(parts, cancelled).and_then(|()| self.publish());
        match written {
            Ok(()) => self
                .clear(&self.earlier)
                .map_err(|left| left.about("it is written, but what it replaced is left")),
            Err(error) => match self.clear(&self.temporary) {
                Ok(()) => Err(error),
                Err(left) => Err(error.and(left)),
            },
        }
    }

    /// Writes everything into the temporary folder, and makes it durable there.
    fn fill(&self, parts: &[Vec<u8>], cancelled: &AtomicBool) -> Result<()> {
        self.disk
            .create_shared_directory(&self.temporary)
            .map_err(|e| failed("making", &self.temporary, &e))?;
        for (number, part) in parts.iter().enumerate() {
            if cancelled.load(Ordering::Relaxed) {
                return Err(not_written(STOPPED));
            }
            self.write_file(&format!("part-{number:05}"), part)?;
        }
        self.write_file(SUCCESS, &[])?;
        self.sync(&self.temporary)
    }

    fn write_file(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.temporary.join(name);
        let mut file = self.disk.create_new(&path).map_err(|e| failed("making", &path, &e))?;
        file.write_all(content).map_err(|e| failed("writing", &path, &e))?;
        file.sync().map_err(|e| failed("syncing", &path, &e))
    }

    /// Gives the temporary folder its name. Where that fails, it is taken back.
    fn publish(&self) -> Result<()> {
        let replaces = match self.kind_of(self.folder)? {
            None => false,
            Some(EntryKind::Directory) => true,
            Some(_) => {
                return Err(not_written(
                    "there is a file of this name; choose another prefix, or remove it",
                ));
            }
        };
        if replaces {
            self.clear(&self.earlier)?;
            self.rename(self.folder, &self.earlier)?;
        }
        let renamed = self.rename(&self.temporary, self.folder);
        let in_place = renamed.is_ok();
        let Err(error) = renamed.and_then(|()| self.sync(self.parent)) else { return Ok(()) };
        let taken_back = match in_place {
            true => self.rename(self.folder, &self.temporary),
            false => Ok(()),
        };
        let restored = taken_back.and_then(|()| match replaces {
            true => self.rename(&self.earlier, self.folder),
            false => Ok(()),
        });
        Err(match restored {
            Ok(()) => error,
            Err(also) => error.and(also.about("taking it back")),
        })
    }

    // ---- calls, with their sentences ----

    fn kind_of(&self, path: &Path) -> Result<Option<EntryKind>> {
        match self.disk.metadata(path) {
            Ok(metadata) => Ok(Some(metadata.kind)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("looking at", path, &e)),
        }
    }

    fn clear(&self, path: &Path) -> Result<()> {
        match self.disk.remove_directory(path) {
            Err(e) if e.kind() != ErrorKind::NotFound => Err(failed("removing", path, &e)),
            _ => Ok(()),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<()> {
        self.disk.rename(from, to).map_err(|e| failed("renaming", from, &e))
    }

    fn sync(&self, directory: &Path) -> Result<()> {
        self.disk.sync_directory(directory).map_err(|e| failed("syncing", directory, &e))
    }
}

fn not_written(reason: &str) -> Error {
    Error::Io { what: "not written".into(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::disk::{Call, Disk, MemoryDisk, Names};

    const FOLDER: &str = "out/daily/counts-1000.txt";
    const PARTS: [&[u8]; 2] = [b"a 1\n", b"b 2\n"];

    fn write(disk: &MemoryDisk, parts: &[&[u8]]) -> Result<(), String> {
        let parts: Vec<Vec<u8>> = parts.iter().map(|part| part.to_vec()).collect();
        let (mut lasting, stop) = (Lasting::default(), AtomicBool::new(false));
        write_whole(disk, FOLDER.as_ref(), &parts, &mut lasting, &stop).map_err(|e| e.to_string())
    }

    /// The files of the folder, if it is there.
    fn found(disk: &MemoryDisk) -> Option<Vec<(String, Vec<u8>)>> {
        let folder = Path::new(FOLDER);
        let entries = Disk::list(disk, folder).ok()?;
        let file = |name: &OsString| Disk::read(disk, &folder.join(name)).unwrap();
        Some(entries.iter().map(|e| (e.name.to_str().unwrap().into(), file(&e.name))).collect())
    }

    fn whole(parts: &[&[u8]]) -> Vec<(String, Vec<u8>)> {
        let success = (SUCCESS.to_string(), Vec::new());
        let parts = parts.iter().enumerate().map(|(i, p)| (format!("part-{i:05}"), p.to_vec()));
        std::iter::once(success).chain(parts).collect()
    }

    /// Has the calls from number `first` to `last` fail, counted from 1; answers with the counter.
    fn fail(disk: &MemoryDisk, first: usize, last: usize) -> Arc<AtomicUsize> {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = calls.clone();
        disk.interfere(move |_, _| {
            let call = counted.fetch_add(1, Ordering::Relaxed) + 1;
            let fails = (first..=last).contains(&call);
            if fails { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
        });
        calls
    }

    fn names_in(disk: &MemoryDisk, directory: &str) -> Vec<String> {
        let entries = Disk::list(disk, directory.as_ref()).unwrap();
        entries.iter().map(|entry| entry.name.to_str().unwrap().to_string()).collect()
    }

    #[test]
    fn a_folder_has_a_file_for_each_part_and_the_mark_of_success() {
        let disk = MemoryDisk::default();
        write(&disk, &PARTS).unwrap();
        assert_eq!(found(&disk).unwrap(), whole(&PARTS));
        assert_eq!(names_in(&disk, "out/daily"), ["counts-1000.txt"]);
    }

    #[test]
    fn a_second_run_replaces_the_first_and_clears_what_a_crash_left() {
        let disk = MemoryDisk::default();
        write(&disk, &PARTS).unwrap();
        disk.put("out/daily/.counts-1000.txt.tmp/part-00007", "half", Default::default());
        disk.put("out/daily/.counts-1000.txt.old/part-00000", "old", Default::default());
        write(&disk, &[b"c 3\n"]).unwrap();
        assert_eq!(found(&disk).unwrap(), whole(&[b"c 3\n"]));
        assert_eq!(names_in(&disk, "out/daily"), ["counts-1000.txt"]);
    }

    #[test]
    fn whichever_call_fails_the_folder_is_whole_or_not_there_and_the_next_run_gives_it() {
        for earlier in [None, Some(&[&b"old\n"[..]][..])] {
            for only_one in [true, false] {
                for call in 1.. {
                    let disk = MemoryDisk::default();
                    if let Some(earlier) = earlier {
                        write(&disk, earlier).unwrap();
                    }
                    let calls = fail(&disk, call, if only_one { call } else { usize::MAX });
                    let outcome = write(&disk, &PARTS);
                    let made = calls.load(Ordering::Relaxed);
                    fail(&disk, 1, 0);
                    let found_now = found(&disk);
                    let before = earlier.map(whole);
                    match (&outcome, &found_now) {
                        (Ok(()), Some(files)) => assert_eq!(*files, whole(&PARTS)),
                        (Err(_), None) => {}
                        (Err(_), Some(files)) => assert!(
                            *files == whole(&PARTS) || Some(files) == before.as_ref(),
                            "call {call}: {files:?}"
                        ),
                        (Ok(()), None) => panic!("call {call}: it is gone"),
                    }
                    if let Err(sentence) = &outcome {
                        assert!(sentence.starts_with(FOLDER) && sentence.contains("make room"));
                    }
                    if let (Err(sentence), None, true) = (&outcome, earlier, only_one) {
                        assert_eq!(found_now.is_some(), sentence.contains(".old"), "{sentence}");
                    }
                    write(&disk, &PARTS).unwrap();
                    assert_eq!(found(&disk).unwrap(), whole(&PARTS));
                    assert_eq!(names_in(&disk, "out/daily"), ["counts-1000.txt"]);
                    if made < call {
                        break;
                    }
                }
            }
        }
    }

    #[test]
    fn whenever_the_power_fails_the_folder_is_whole_or_not_there() {
        let disk = MemoryDisk::default();
        let old: &[&[u8]] = &[b"old\n"];
        let cut = disk.clone();
        disk.interfere(move |_, _| {
            for names in [Names::Kept, Names::Lost] {
                let left = found(&cut.after_power_failure(names));
                let is_whole = |files| files == whole(&PARTS) || files == whole(old);
                assert!(left.is_none_or(is_whole), "{names:?}");
            }
            Ok(())
        });
        write(&disk, old).unwrap();
        write(&disk, &PARTS).unwrap();
        for names in [Names::Kept, Names::Lost] {
            assert_eq!(found(&disk.after_power_failure(names)).unwrap(), whole(&PARTS));
        }
    }

    #[test]
    fn a_file_in_the_way_is_left_alone() {
        let disk = MemoryDisk::default();
        disk.put(FOLDER, "mine", Default::default());
        let sentence = write(&disk, &PARTS).unwrap_err();
        assert!(sentence.contains("there is a file of this name"), "{sentence}");
        assert_eq!(Disk::read(&disk, FOLDER.as_ref()).unwrap(), b"mine");
        assert_eq!(names_in(&disk, "out/daily"), ["counts-1000.txt"]);
    }

    #[test]
    fn a_stop_leaves_nothing_behind() {
        let disk = MemoryDisk::default();
        let cancelled = Arc::new(AtomicBool::new(false));
        let stop = cancelled.clone();
        disk.interfere(move |call, _| {
            stop.store(call == Call::Sync || stop.load(Ordering::Relaxed), Ordering::Relaxed);
            Ok(())
        });
        let parts = PARTS.map(<[u8]>::to_vec);
        let mut lasting = Lasting::default();
        let written = write_whole(&disk, FOLDER.as_ref(), &parts, &mut lasting, &cancelled);
        let sentence = written.unwrap_err().to_string();
        assert!(sentence.contains("stopped at once"), "{sentence}");
        assert_eq!(names_in(&disk, "out/daily"), [""; 0]);
    }
}
