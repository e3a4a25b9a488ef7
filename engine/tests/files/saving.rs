//! Outputs that write files.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use millstream::disk::{Call, MemoryDisk, RealDisk};
use millstream::{Conf, ManualClock, Queue, Stop, StreamingContext, Time, millis, secs};

use crate::rig::{Rig, conf, names, text};

fn saving(disk: &MemoryDisk, queue: &Queue<i32>) -> Rig {
    let queue = queue.clone();
    let setup = move |s: &millstream::Scope<'_>| {
        s.queue_stream(&queue).save_as_text_files("out/n", "txt");
        Ok(())
    };
    Rig::start(conf(disk), setup).unwrap()
}

#[test]
fn every_batch_has_a_folder_with_a_file_for_each_partition_empty_ones_too() {
    let disk = MemoryDisk::default();
    let rig = saving(&disk, &Queue::from([vec![1, 2, 3, 4], vec![]]));
    assert!(rig.batch().succeeded() && rig.batch().succeeded());
    rig.stop();
    assert_eq!(names(&disk, "out"), ["n-1001000.txt", "n-1002000.txt"]);
    assert_eq!(names(&disk, "out/n-1001000.txt"), ["_SUCCESS", "part-00000", "part-00001"]);
    assert_eq!(text(&disk, "out/n-1001000.txt/part-00000"), "1\n2\n");
    assert_eq!(text(&disk, "out/n-1001000.txt/part-00001"), "3\n4\n");
    assert_eq!(names(&disk, "out/n-1002000.txt"), ["_SUCCESS", "part-00000", "part-00001"]);
    assert_eq!(text(&disk, "out/n-1002000.txt/part-00000"), "");
}

#[test]
fn records_are_written_as_the_users_format_has_them() {
    let disk = MemoryDisk::default();
    let rig = Rig::start(conf(&disk), |s| {
        let lines = s.queue_text_stream([vec!["to be".to_string()]]);
        lines.words().save_as_files("", "", |word, out| out.extend(word.bytes().rev()));
        Ok(())
    })
    .unwrap();
    assert!(rig.batch().succeeded());
    assert_eq!(text(&disk, "1001000/part-00000"), "oteb");
}

#[test]
fn two_outputs_of_the_same_folders_are_refused_at_the_start() {
    let setup = |s: &millstream::Scope<'_>| {
        let numbers = s.queue_stream([vec![1]]);
        numbers.save_as_text_files("out/n", "txt");
        numbers.save_as_text_files("out/n", "log");
        numbers.save_as_files("./out//n", "txt", |_, _| {});
        Ok(())
    };
    let refused = Rig::start(conf(&MemoryDisk::default()), setup).err().unwrap().to_string();
    let parts = ["outputs 0 and 2", "out//n-TIMEMS.txt", "another prefix"];
    assert!(parts.iter().all(|part| refused.contains(part)), "{refused}");
}

#[test]
fn a_record_that_panics_once_is_written_once() {
    let disk = MemoryDisk::default();
    let tried = Arc::new(AtomicUsize::new(0));
    let rig = Rig::start(conf(&disk), move |s| {
        let tried = tried.clone();
        s.queue_stream([vec![1, 2, 3, 4]]).save_as_files("n", "", move |n, out| {
            out.push(b'0' + n);
            assert!(n != 2 || tried.fetch_add(1, Ordering::Relaxed) > 0, "not now");
        });
        Ok(())
    })
    .unwrap();
    assert!(rig.batch().succeeded());
    assert_eq!(text(&disk, "n-1001000/part-00000"), "12");
    assert_eq!(text(&disk, "n-1001000/part-00001"), "34");
}

#[test]
fn a_full_disk_is_the_outputs_error_and_the_stream_goes_on() {
    let disk = MemoryDisk::default();
    let full = Arc::new(AtomicBool::new(true));
    let until = full.clone();
    disk.interfere(move |call, _| match call {
        Call::Write if until.load(Ordering::Relaxed) => Err(ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let rig = saving(&disk, &Queue::from([vec![1, 2], vec![3]]));
    let report = rig.batch();
    let sentence = &report.errors[0];
    assert!(sentence.contains("out/n-1001000.txt: writing out/.n-1001000.txt.tmp/part-00000"));
    assert!(sentence.contains("(save_as_text_files)") && sentence.contains("make room there"));
    assert_eq!(names(&disk, "out"), [""; 0]);
    assert_eq!(rig.error().as_ref(), Some(sentence));
    full.store(false, Ordering::Relaxed);
    assert!(rig.batch().succeeded());
    assert_eq!(names(&disk, "out"), ["n-1002000.txt"]);
}

#[test]
fn a_disk_that_does_not_answer_does_not_hold_up_a_stop() {
    let disk = MemoryDisk::default();
    let gate = Arc::new((Mutex::new(0), Condvar::new()));
    let (hangs, reached) = (gate.clone(), gate.clone());
    disk.interfere(move |call, _| {
        if call == Call::Sync {
            let mut state = hangs.0.lock().unwrap();
            *state += 1;
            hangs.1.notify_all();
            while *state < 2 {
                state = hangs.1.wait(state).unwrap();
            }
        }
        Ok(())
    });
    let rig = saving(&disk, &Queue::from([vec![1]]));
    rig.tick();
    let mut state = reached.0.lock().unwrap();
    while *state == 0 {
        state = reached.1.wait(state).unwrap();
    }
    drop(state);
    assert!(!rig.running.stop(Stop::Now).unwrap().drained);
    assert!(rig.error().unwrap().contains("stopped at once, before it was written"));
    *gate.0.lock().unwrap() = 2;
    gate.1.notify_all();
}

#[test]
fn a_real_disk_gets_the_same_folders() {
    let home = tempfile::tempdir().unwrap();
    let prefix = home.path().join("a/b/n").to_str().unwrap().to_owned();
    let disk = MemoryDisk::default();
    for run in 1..=2 {
        let prefix = prefix.clone();
        let rig = Rig::start(conf(&disk).disk(RealDisk), move |s| {
            s.queue_stream([vec![run, run]]).save_as_text_files(&prefix, "");
            Ok(())
        })
        .unwrap();
        assert!(rig.batch().succeeded());
    }
    assert_eq!(names(&RealDisk, home.path().join("a/b")), ["n-1001000"]);
    assert_eq!(text(&RealDisk, prefix + "-1001000/part-00000"), "2\n");
}

#[test]
fn what_a_job_keeps_is_for_its_owner_alone_and_its_results_are_as_the_process_has_them() {
    let home = tempfile::tempdir().unwrap();
    let mode = |path: &str| {
        let metadata = std::fs::metadata(home.path().join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    std::fs::create_dir(home.path().join("usual")).unwrap();
    let clock = ManualClock::at(Time::default());
    let conf = Conf::new("a job").write_ahead_log(true).warnings_on_stderr(false);
    let conf = conf.clock(clock.clone());
    let made = || StreamingContext::new(conf, millis(50));
    let ssc = StreamingContext::get_or_create(home.path().join("job"), made).unwrap();
    let out = home.path().join("out/n").display().to_string();
    let running = ssc
        .start(move |s| {
            let queue = Queue::from([vec![1, 2, 3]]);
            s.recoverable_queue_stream(&queue).save_as_text_files(&*out, "");
            Ok(())
        })
        .unwrap();
    clock.advance(millis(50));
    running.wait_for_batch(clock.now(), secs(10)).unwrap();
    assert!(running.stop(Stop::Graceful).unwrap().checkpointed);
    assert_eq!(["job", "job/blocks", "job/batches"].map(mode), [0o700; 3]);
    let folders = std::fs::read_dir(home.path().join("out")).unwrap();
    let folders = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let folders: Vec<String> = folders.map(|name| format!("out/{name}")).collect();
    assert!(!folders.is_empty());
    for folder in folders.iter().map(String::as_str).chain(["out"]) {
        assert_eq!(mode(folder), mode("usual"), "{folder}");
    }
}
