//! What goes wrong around files: a sentence with the operation, the path, the numbers and the fix.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use millstream::disk::{Call, Disk, MemoryDisk};
use millstream::{Duration, FileStream};

use crate::rig::{Lines, Rig, batch, conf};

/// Asserts that `sentence` has all the parts.
fn says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
}

#[test]
fn a_directory_that_vanishes_is_warned_of_and_tried_again() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "a", batch(1));
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["a"]);
    disk.rename("in".as_ref(), "away".as_ref()).unwrap();
    for _ in 0..2 {
        assert_eq!(lines.next(), [""; 0]);
        says(&lines.troubles()[0], &["text_file_stream(\"in\"): the directory in", "tried again"]);
        assert!(lines.report().succeeded());
    }
    disk.put("away/b", "b", batch(4));
    disk.rename("away".as_ref(), "in".as_ref()).unwrap();
    assert_eq!(lines.next(), ["b"]);
    assert_eq!((lines.troubles().len(), lines.rig.error()), (0, None));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error_with_both_lengths() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "one\ntwo\n", batch(1));
    disk.put("in/b", "b\n", batch(1));
    let other = disk.clone();
    disk.interfere(move |call, path| {
        if call == Call::Read && path.ends_with("a") {
            other.put(path, "one\n", batch(1));
        }
        Ok(())
    });
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["one", "b"]);
    let parts = ["text_file_stream(\"in\"): in/a had 8 bytes", "and 4 when", "rename them into"];
    says(&lines.troubles()[0], &parts);
    says(&lines.rig.error().unwrap(), &["1001000 ms: files in in could not give all", parts[0]]);
    assert_eq!(lines.next(), [""; 0]);
    assert_eq!(lines.troubles(), [""; 0]);
}

#[test]
fn a_file_that_grows_is_read_as_far_as_it_went_and_never_again() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "one\ntw", batch(1));
    let other = disk.clone();
    disk.interfere(move |call, path| {
        if call == Call::Read {
            other.put(path, "one\ntwo\nthree\n", batch(2));
        }
        Ok(())
    });
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["one", "tw"]);
    assert_eq!((lines.next(), lines.troubles().len()), (vec![], 0));
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_and_the_others_are_read() {
    let disk = MemoryDisk::default();
    disk.put("in/denied", "x", batch(1));
    disk.put("in/fine", "y", batch(1));
    disk.put("in/vanishes", "z", batch(1));
    let other = disk.clone();
    disk.interfere(move |call, path| match (call, path.file_name().and_then(|n| n.to_str())) {
        (Call::Read, Some("denied")) => Err(ErrorKind::PermissionDenied.into()),
        (Call::Read, Some("vanishes")) => other.remove(path),
        _ => Ok(()),
    });
    let lines = Lines::of(&disk, |s| s.text_file_stream("in"));
    assert_eq!(lines.next(), ["y"]);
    let troubles = lines.troubles();
    says(&troubles[0], &["in/denied could not be read", "permission denied"]);
    says(&troubles[1], &["in/vanishes could not be read", "rename them into"]);
    says(&lines.rig.error().unwrap(), &["in/denied"]);
}

#[test]
fn a_filter_that_panics_loses_its_file_once_and_nothing_else() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "a", batch(1));
    disk.put("in/b", "b", batch(1));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let files = FileStream::new("in").filter(move |name| {
        count.fetch_add(1, Ordering::Relaxed);
        assert!(name != "a", "the filter does not like it");
        true
    });
    let lines = Lines::of(&disk, move |s| s.file_stream(files.clone()));
    assert_eq!(lines.next(), ["b"]);
    says(&lines.troubles()[0], &["file_stream(\"in\"): in/a", "the filter does not like it"]);
    lines.next();
    assert_eq!((lines.troubles().len(), asked.load(Ordering::Relaxed)), (0, 2));
}

#[test]
fn a_file_of_records_of_another_length_gives_none_and_says_both() {
    let disk = MemoryDisk::default();
    disk.put("in/a", "123456789", batch(1));
    disk.put("in/b", "12345678", batch(1));
    let rig = Rig::start(conf(&disk), |s| {
        s.binary_records_stream("in", 4).for_each_rdd(|rdd, _| assert_eq!(rdd.count(), 2));
        Ok(())
    })
    .unwrap();
    let report = rig.batch();
    assert_eq!((report.errors.len(), report.records), (0, 2));
    let parts = ["binary_records_stream(\"in\"): in/a has 9 bytes", "the 4 bytes of a record"];
    says(&report.sources[0].troubles[0], &parts);
    says(&rig.error().unwrap(), &parts);
}

#[test]
fn records_of_no_length_are_refused_at_the_start() {
    let setup = |s: &millstream::Scope<'_>| {
        s.binary_records_stream("in", 0).for_each_rdd(|_, _| {});
        Ok(())
    };
    let refused = Rig::start(conf(&MemoryDisk::default()), setup).err().expect("it is refused");
    says(&refused.to_string(), &["binary_records_stream(\"in\")", " 0 bytes", "1 to 1048576"]);
}

#[test]
fn settings_that_cannot_be_are_refused_at_the_start() {
    let refused = |files: FileStream| {
        let setup = move |s: &millstream::Scope<'_>| {
            s.file_stream(files.clone()).print();
            Ok(())
        };
        Rig::start(conf(&MemoryDisk::default()), setup).err().expect("it is refused").to_string()
    };
    for remember in [0, -5] {
        let remember = Duration::from_millis(remember);
        let sentence = refused(FileStream::new("in").remember(remember));
        says(&sentence, &[&remember.to_string(), "file_stream(\"in\")", "at least 1 ms"]);
    }
    says(&refused(FileStream::new("in/[a")), &["file_stream(\"in/[a\")", "a pattern"]);
}
