//! What the outputs must be: a plain computation over the records of each batch, and of the records of
//! each source, in each life, exactly the first so and so many.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use millstream::Time;
use millstream::disk::{Disk, EntryKind, MemoryDisk};

use crate::job::{Fed, Record, Source, WINDOW, added, origin, record};

/// The lines of the folders of one output, by batch.
pub(crate) type Folders = BTreeMap<Time, Vec<String>>;

/// What the job has left: the folders of both outputs that are whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outputs {
    pub(crate) records: Folders,
    pub(crate) results: Folders,
}

impl Outputs {
    /// Those on a disk. A folder is whole, or its name says that it is not.
    pub(crate) fn on(disk: &MemoryDisk) -> Outputs {
        let mut outputs = Outputs::default();
        for entry in disk.list("out".as_ref()).unwrap_or_default() {
            let name = entry.name.to_str().expect("it is text");
            if name.starts_with('.') {
                continue;
            }
            let (output, millis) =
                name.split_once('-').expect("a folder has its batch in its name");
            let folders = match output {
                "records" => &mut outputs.records,
                "results" => &mut outputs.results,
                _ => panic!("a folder {name}"),
            };
            let time = Time::from_millis(millis.parse().expect("a time in milliseconds"));
            folders.insert(time, lines_of(disk, &Path::new("out").join(name)));
        }
        outputs
    }

    /// All that is here is there too, just as it is here.
    pub(crate) fn is_still_in(&self, later: &Outputs) {
        for (before, now) in [(&self.records, &later.records), (&self.results, &later.results)] {
            for (time, lines) in before {
                assert_eq!(now.get(time), Some(lines), "batch {time} is another one");
            }
        }
    }

    /// Both outputs have the same batches.
    pub(crate) fn is_complete(&self) {
        let times = |folders: &Folders| folders.keys().copied().collect::<Vec<_>>();
        assert_eq!(times(&self.records), times(&self.results));
    }

    /// Holds the results against the records, and these against what was fed in each life, from the first
    /// on. Answers how many of each life are there.
    pub(crate) fn check(&self, fed: &[Fed]) -> Vec<Fed> {
        let batches: BTreeMap<Time, Vec<Record>> =
            self.records.iter().map(|(time, lines)| (*time, parsed(lines))).collect();
        for (time, lines) in &self.results {
            let mut found = lines.clone();
            found.sort();
            assert_eq!(found, expected(&batches, *time), "batch {time}: {batches:?}");
        }
        let mut next = vec![Fed::default(); fed.len()];
        for (time, records) in &batches {
            for &(key, id) in records {
                let (source, life, n) = origin(id);
                let next = next.get_mut(life as usize).expect("a life that there was");
                let next = match source {
                    Source::Socket => &mut next.socket,
                    Source::Queue => &mut next.queue,
                };
                assert_eq!(
                    ((key, id), n),
                    (record(source, life, *next), *next),
                    "batch {time}: a record is missing, doubled, or out of order: {batches:?}"
                );
                *next += 1;
            }
        }
        for (found, fed) in next.iter().zip(fed) {
            assert!(found.socket <= fed.socket && found.queue <= fed.queue);
        }
        next
    }
}

/// The lines of a folder that must be whole.
fn lines_of(disk: &MemoryDisk, folder: &Path) -> Vec<String> {
    let entries = disk.list(folder).expect("it can be listed");
    assert!(entries.iter().all(|entry| entry.metadata.kind == EntryKind::File));
    let (marks, parts): (Vec<_>, Vec<_>) =
        entries.iter().map(|entry| entry.name.as_os_str()).partition(|name| *name == "_SUCCESS");
    assert_eq!(marks.len(), 1, "{} is not whole", folder.display());
    let mut lines = Vec::new();
    for (number, name) in parts.into_iter().enumerate() {
        assert_eq!(name, OsStr::new(&format!("part-{number:05}")), "{}", folder.display());
        let text = disk.read(&folder.join(name)).expect("it can be read");
        let text = String::from_utf8(text).expect("it is text");
        assert!(text.is_empty() || text.ends_with('\n'), "{} is torn: {text:?}", folder.display());
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

fn parsed(lines: &[String]) -> Vec<Record> {
    let record = |line: &String| {
        let inner = line.strip_prefix('(')?.strip_suffix(')')?;
        let (key, id) = inner.split_once(',')?;
        Some((key.parse().ok()?, id.parse().ok()?))
    };
    lines.iter().map(|line| record(line).expect("a record is a key and a number")).collect()
}

/// The results of a batch, in order of their text.
fn expected(batches: &BTreeMap<Time, Vec<Record>>, time: Time) -> Vec<String> {
    let mut totals = BTreeMap::new();
    let mut window = BTreeMap::new();
    let mut lines = Vec::new();
    for (batch, records) in batches.range(..=time) {
        for &(key, id) in records {
            let add = |sums: &mut BTreeMap<u64, (u64, u64)>| {
                let sum = sums.entry(key).or_default();
                *sum = added(*sum, (1, id));
            };
            add(&mut totals);
            if *batch > time - WINDOW {
                add(&mut window);
                lines.push(format!("(raw,{key},1,{id})"));
            }
        }
    }
    for (name, sums) in [("total", totals), ("window", window)] {
        lines.extend(sums.iter().map(|(key, (n, sum))| format!("({name},{key},{n},{sum})")));
    }
    lines.sort();
    lines
}
