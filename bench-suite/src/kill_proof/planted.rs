//! Every kind of violation, planted among files that are right, is found and counted; and nothing else is.

use std::fs;
use std::path::{Path, PathBuf};

use loadgen::{EndMark, Stamp};
use tempfile::TempDir;

use super::checker::check;
use super::found::Found;
use crate::killable::Output;
use crate::senders::{Broken, Sent, Sum};

const BATCH_MS: i64 = 50;
const BATCHES: i64 = 16;
/// Of each source in each batch.
const RECORDS: u64 = 4;
const SOURCES: u64 = 2;
const FIRST: i64 = 1_000_000;

/// A record's line, its digest aside.
fn record(source: u64, sequence: u64) -> (String, u64) {
    let stamp = Stamp { source, sequence, intended_us: 7, sent_us: 1_000_000 + 1000 * sequence };
    let mut line = Vec::new();
    let digest = stamp.write(format!("the {sequence}th").as_bytes(), &mut line);
    (String::from_utf8(line).unwrap(), digest)
}

fn time(batch: i64) -> i64 {
    FIRST + batch * BATCH_MS
}

/// The files of a job that has done all that it should, what it was sent, and how much a broken connection may lack.
struct Files {
    home: TempDir,
    sent: Sent,
    most_cut_bytes: u64,
}

impl Files {
    fn whole() -> Self {
        let home = tempfile::tempdir().unwrap();
        let files = Files { home, sent: Sent::default(), most_cut_bytes: 0 };
        let mut marks: Vec<EndMark> = (0..SOURCES).map(EndMark::new).collect();
        for batch in 0..BATCHES {
            let mut lines = String::new();
            for sequence in batch as u64 * RECORDS..(batch as u64 + 1) * RECORDS {
                for source in 0..SOURCES {
                    let (line, digest) = record(source, sequence);
                    lines += &line;
                    marks[source as usize].add(digest);
                }
            }
            files.write(Output::Records, batch, &lines);
            for output in [Output::Totals, Output::Sliding, Output::Running, Output::Raw] {
                let (length, slide) = output.window_batches().unwrap_or((BATCHES, 1));
                if batch % slide == slide - 1 {
                    files.write(output, batch, &sums((batch + 1 - length).max(0)..=batch));
                }
            }
        }
        let mut sent = Sent::default();
        sent.add_whole(marks);
        Files { sent, ..files }
    }

    /// The same, where the last connection was broken when so many more had been sent over it.
    fn cut(more: u64, most_cut_bytes: u64) -> Self {
        let files = Files::whole();
        let mut sent = Sent::default();
        sent.add_whole(files.sent.whole()[..1].iter().copied());
        let records = BATCHES as u64 * RECORDS + more;
        let last_us = 1_000_000 + 1000 * (BATCHES as u64 * RECORDS - 1);
        sent.add_broken(Broken {
            sent: EndMark { source: 1, records, digest: None },
            began_us: 1_000_000,
            broke_us: last_us + 30_000,
        });
        Files { sent, most_cut_bytes, ..files }
    }

    fn folder(&self, output: Output, batch: i64) -> PathBuf {
        self.home.path().join(format!("{}-{}.txt", output.name(), time(batch)))
    }

    fn part(&self, output: Output, batch: i64) -> PathBuf {
        self.folder(output, batch).join("part-00001")
    }

    /// In two files, the first of them empty.
    fn write(&self, output: Output, batch: i64, lines: &str) {
        let folder = self.folder(output, batch);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("part-00000"), "").unwrap();
        fs::write(folder.join("part-00001"), lines).unwrap();
        fs::write(folder.join("_SUCCESS"), "").unwrap();
    }

    fn edit(&self, output: Output, batch: i64, edit: impl FnOnce(&mut Vec<String>)) {
        let part = self.part(output, batch);
        let text = fs::read_to_string(&part).unwrap();
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        edit(&mut lines);
        fs::write(part, lines.concat()).unwrap();
    }

    fn found(&self) -> Found {
        check(self.home.path(), BATCH_MS, &self.sent, self.most_cut_bytes).unwrap()
    }

    /// Holds the counts that are not zero against what they must be.
    fn must_be(&self, expected: &[(&str, u64)]) {
        let found = self.found();
        let counts: Vec<_> = found.violations().into_iter().filter(|&(_, n)| n > 0).collect();
        assert_eq!(counts, expected, "{found}");
        assert_eq!(found.is_clean(), expected.is_empty());
        assert_eq!(found.sentences.is_empty(), expected.is_empty(), "{found}");
    }
}

/// The lines of a window over these batches.
fn sums(batches: std::ops::RangeInclusive<i64>) -> String {
    let sequences = *batches.start() as u64 * RECORDS..(*batches.end() as u64 + 1) * RECORDS;
    let sum_of = |source| {
        let digests = sequences.clone().map(|sequence| Sum::of(record(source, sequence).1));
        digests.fold(Sum::default(), |all, one| all + one)
    };
    (0..SOURCES)
        .map(|source| (source, sum_of(source)))
        .map(|(source, sum)| format!("{source} {} {}\n", sum.records, sum.digest))
        .collect()
}

/// What is found where a record of batch 4 is not what it should be: the totals of twelve batches and at the
/// end, and two sliding windows, seven running ones and a raw one.
const WRONG_SUMS: [(&str, u64); 2] = [("wrong totals", 13), ("wrong windows", 10)];

#[test]
fn files_that_are_right_are_clean() {
    let files = Files::whole();
    files.must_be(&[]);
    let found = files.found();
    assert_eq!((found.batches, found.records), (16, 2 * 16 * 4));
    // A window from which a source has gone may still know it.
    files.edit(Output::Running, 5, |lines| lines.push("9 0 0\n".into()));
    files.must_be(&[]);
}

#[test]
fn no_files_at_all_are_no_proof() {
    let home = tempfile::tempdir().unwrap();
    let sent = Sent::default();
    assert!(!check(home.path(), BATCH_MS, &sent, 0).unwrap().is_clean());
    assert!(!check(&home.path().join("none"), BATCH_MS, &sent, 0).unwrap().is_clean());
}

#[test]
fn a_record_that_is_gone_is_lost_and_all_sums_with_it_are_wrong() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| drop(lines.remove(3)));
    files.must_be(&[&[("lost", 1)], &WRONG_SUMS[..]].concat());
}

#[test]
fn a_record_that_is_there_twice_is_a_duplicate_and_out_of_order() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| lines.push(lines[0].clone()));
    files.must_be(&[&[("duplicated", 1), ("out of order", 1)], &WRONG_SUMS[..]].concat());
}

#[test]
fn two_records_that_have_changed_places_are_out_of_order() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| lines.swap(2, 4));
    files.must_be(&[("out of order", 1)]);
}

#[test]
fn a_record_in_the_wrong_batch_makes_the_sums_in_between_wrong() {
    let files = Files::whole();
    let mut moved = String::new();
    files.edit(Output::Records, 4, |lines| moved = lines.pop().unwrap());
    files.edit(Output::Records, 5, |lines| lines.insert(0, moved));
    // What ends with batch 4, or begins with batch 5.
    files.must_be(&[("wrong totals", 1), ("wrong windows", 3)]);
}

#[test]
fn a_piece_of_a_record_is_torn_and_the_record_lost() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| lines[3].replace_range(10..20, ""));
    files.must_be(&[&[("lost", 1), ("torn", 1)], &WRONG_SUMS[..]].concat());
}

#[test]
fn what_nobody_has_sent_is_foreign() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| lines.push("hello\n".into()));
    files.must_be(&[("foreign", 1)]);
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| lines.push(record(SOURCES, 0).0));
    files.must_be(&[("foreign", 1), ("wrong totals", 12), ("wrong windows", 10)]);
    let files = Files::whole();
    files.edit(Output::Records, 15, |lines| lines.push(record(0, BATCHES as u64 * RECORDS).0));
    let more = [("foreign", 1), ("wrong totals", 2), ("wrong windows", 2)];
    files.must_be(&more);
    let files = Files::whole();
    fs::write(files.home.path().join("notes.txt"), "").unwrap();
    fs::write(files.folder(Output::Totals, 3).join("core"), "").unwrap();
    files.must_be(&[("foreign", 2)]);
}

#[test]
fn a_record_with_other_content_alters_its_source() {
    let files = Files::whole();
    files.edit(Output::Records, 4, |lines| {
        let stamp = Stamp { source: 0, sequence: 16, intended_us: 7, sent_us: 9 };
        let mut line = Vec::new();
        stamp.write(b"another", &mut line);
        lines[0] = String::from_utf8(line).unwrap();
    });
    files.must_be(&[&[("sources altered", 1)], &WRONG_SUMS[..]].concat());
}

#[test]
fn a_folder_that_is_not_there_is_missed() {
    for output in [Output::Totals, Output::Sliding, Output::Running, Output::Raw] {
        let files = Files::whole();
        fs::remove_dir_all(files.folder(output, 5)).unwrap();
        files.must_be(&[("folders missing", 1)]);
    }
    let files = Files::whole();
    for batch in 0..BATCHES {
        fs::remove_dir_all(files.folder(Output::Running, batch)).unwrap();
    }
    files.must_be(&[("folders missing", BATCHES as u64)]);
    // Of records: their own, and the totals that are there, and a sliding, a running and a raw window.
    let files = Files::whole();
    fs::remove_dir_all(files.folder(Output::Records, 5)).unwrap();
    let found = files.found();
    assert_eq!((found.lost, found.missing), (SOURCES * RECORDS, 4), "{found}");
}

#[test]
fn a_folder_that_is_not_whole_or_has_a_temporary_name_is_unfinished() {
    let files = Files::whole();
    fs::remove_file(files.folder(Output::Totals, 3).join("_SUCCESS")).unwrap();
    files.must_be(&[("folders unfinished", 1)]);
    let files = Files::whole();
    fs::remove_file(files.folder(Output::Records, 3).join("part-00000")).unwrap();
    files.must_be(&[("folders unfinished", 1)]);
    for output in Output::ALL {
        // Its last line lacks its end.
        let files = Files::whole();
        files.edit(output, 5, |lines| _ = lines.last_mut().unwrap().pop());
        files.must_be(&[("folders unfinished", 1)]);
    }
    for ending in ["tmp", "old"] {
        let files = Files::whole();
        let name = format!(".records-{}.txt.{ending}", time(3));
        fs::create_dir(files.home.path().join(name)).unwrap();
        files.must_be(&[("folders unfinished", 1)]);
    }
}

#[test]
fn sums_that_are_not_those_of_their_records_are_wrong() {
    let edits: [fn(&mut Vec<String>); 5] = [
        |lines| lines.clear(),
        |lines| lines[0] = lines[1].clone(),
        |lines| lines.push("9 1 7\n".into()),
        |lines| lines.push("no sum\n".into()),
        |lines| {
            let (source, sum) = Sum::read(lines[0].trim_end()).unwrap();
            lines[0] = format!("{source} {} {}\n", sum.records, sum.digest ^ 1);
        },
    ];
    for edit in edits {
        for (output, kind) in [
            (Output::Totals, "wrong totals"),
            (Output::Sliding, "wrong windows"),
            (Output::Running, "wrong windows"),
            (Output::Raw, "wrong windows"),
        ] {
            let files = Files::whole();
            files.edit(output, 11, edit);
            files.must_be(&[(kind, 1)]);
        }
    }
}

#[test]
fn a_window_at_a_time_at_which_none_is_due_is_wrong() {
    let files = Files::whole();
    files.write(Output::Sliding, 4, &sums(0..=4));
    files.must_be(&[("wrong windows", 1)]);
}

#[test]
fn what_a_broken_connection_lacks_at_its_end_is_counted_apart_and_a_hole_is_lost() {
    let files = Files::cut(5, 1000);
    files.must_be(&[]);
    let lost = files.found().unacknowledged;
    assert_eq!((lost.connections, lost.records, lost.most_records), (1, 5, 5));
    assert!((29.0..31.0).contains(&lost.oldest_ms), "{lost:?}");

    let files = Files::cut(5, 1000);
    files.edit(Output::Records, 4, |lines| drop(lines.remove(3)));
    assert_eq!((files.found().lost, files.found().unacknowledged.records), (1, 5));
}

#[test]
fn more_than_a_broken_connection_may_lack_is_lost() {
    Files::cut(20, 1000).must_be(&[]);
    Files::cut(21, 1000).must_be(&[("lost", 21)]);
}

#[test]
fn a_connection_that_was_not_broken_lacks_nothing() {
    let mut files = Files::whole();
    files.sent.add_whole([EndMark { source: SOURCES, records: 3, digest: None }]);
    files.must_be(&[("lost", 3), ("wrong totals", 1)]);
}

#[test]
fn where_the_job_s_files_are_is_told() {
    let files = Files::whole();
    fs::remove_file(files.folder(Output::Totals, 3).join("_SUCCESS")).unwrap();
    let told = files.found().to_string();
    let path: &Path = &files.folder(Output::Totals, 3);
    assert!(told.contains(&path.display().to_string()), "{told}");
}
