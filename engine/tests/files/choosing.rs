//! Which files a stream reads, and in which batch.

use std::fs::{self, File};
use std::time::UNIX_EPOCH;

use millstream::disk::{Disk, MemoryDisk, RealDisk};
use millstream::{FileStream, millis};

use crate::rig::{Lines, batch, conf};

#[test]
fn a_file_belongs_to_the_batch_in_which_it_was_modified_and_is_read_once() {
    let disk = MemoryDisk::default();
    disk.put("in/at the start", "0", batch(0));
    disk.put("in/first", "1", batch(0) + millis(1));
    disk.put("in/at its end", "2", batch(1));
    disk.put("in/second", "3", batch(1) + millis(1));
    disk.put("in/.hidden", "4", batch(1));
    disk.put("in/deep/er", "5", batch(1));
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["2", "1"], "in order of their names");
    assert_eq!(lines.next(), ["3"]);
    disk.put("in/first", "1, rewritten", batch(3));
    assert_eq!(lines.next(), [""; 0]);
}

#[test]
fn directories_join_a_pattern_when_they_appear_or_are_renamed() {
    let disk = MemoryDisk::default();
    disk.put("logs/a-1/x", "a", batch(1));
    disk.put("logs/b-1/x", "b", batch(1));
    disk.put("logs/a-file", "no directory", batch(1));
    let lines = Lines::of(&disk, |s| s.text_file_stream("logs/a-*"));
    assert_eq!(lines.next(), ["a"]);
    disk.rename("logs/b-1".as_ref(), "logs/a-2".as_ref()).unwrap();
    disk.put("logs/a-3/x", "c", batch(2));
    assert_eq!(lines.next(), ["b", "c"]);
    disk.remove_directory("logs/a-1".as_ref()).unwrap();
    assert_eq!(lines.next(), [""; 0]);
    assert_eq!(lines.troubles(), [""; 0]);
}

#[test]
fn a_file_that_is_moved_in_with_an_old_time_is_seen_only_where_any_age_counts() {
    let disk = MemoryDisk::default();
    let old = batch(-100);
    disk.put("in/before", "before", old);
    disk.put("aside/late", "late", old);
    let by_time = Lines::of(&disk, |s| s.text_file_stream("in"));
    let any_age = Lines::of(&disk, |s| s.file_stream(FileStream::new("in").any_age(true)));
    disk.rename("aside/late".as_ref(), "in/late".as_ref()).unwrap();
    assert_eq!(by_time.next(), [""; 0]);
    assert_eq!(any_age.next(), ["late"]);
    assert_eq!(any_age.next(), [""; 0]);
    disk.remove("in/late".as_ref()).unwrap();
    assert_eq!(any_age.next(), [""; 0]);
    disk.put("in/late", "again", old);
    assert_eq!(any_age.next(), ["again"]);
}

#[test]
fn files_from_before_the_start_are_read_where_it_is_asked_for() {
    let disk = MemoryDisk::default();
    disk.put("in/older", "older", batch(-59));
    disk.put("in/recent", "recent", batch(-58));
    let lines = Lines::of(&disk, |s| s.file_stream(FileStream::new("in").new_files_only(false)));
    assert_eq!(lines.next(), ["recent"], "remembered are the 60 s before a batch");
    let every = FileStream::new("in").new_files_only(false).any_age(true);
    let lines = Lines::of(&disk, move |s| s.file_stream(every.clone()));
    assert_eq!(lines.next(), ["older", "recent"]);
}

#[test]
fn a_filter_takes_the_place_of_the_rule_about_dots() {
    let disk = MemoryDisk::default();
    disk.put("in/.a.log", "dotted", batch(1));
    disk.put("in/b.txt", "text", batch(1));
    let logs = FileStream::new("in").filter(|name| name.ends_with(".log"));
    let lines = Lines::of(&disk, move |s| s.file_stream(logs.clone()));
    assert_eq!(lines.next(), ["dotted"]);
}

#[test]
fn a_real_directory_is_read_by_the_same_rules() {
    let home = tempfile::tempdir().unwrap();
    let put = |name: &str, modified: millstream::Time| {
        let path = home.path().join(name);
        fs::write(&path, name).unwrap();
        let since = std::time::Duration::from_millis(modified.as_millis() as u64);
        File::options().append(true).open(path).unwrap().set_modified(UNIX_EPOCH + since).unwrap();
    };
    put("old", batch(0));
    put("new", batch(1));
    put("later", batch(2));
    std::os::unix::fs::symlink(home.path().join("new"), home.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", home.path().join("dangling")).unwrap();
    std::os::unix::fs::symlink("circle", home.path().join("circle")).unwrap();
    nix::unistd::mkfifo(&home.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let directory = home.path().to_str().unwrap().to_owned();
    let conf = conf(&MemoryDisk::default()).disk(RealDisk);
    let lines = Lines::with(conf, move |s| s.text_file_stream(directory.clone()));
    assert_eq!(lines.next(), ["new", "new"], "a link is what it leads to");
    assert_eq!(lines.next(), ["later"]);
    assert_eq!(lines.troubles(), [""; 0]);
}
