//! What is refused at a start, and why.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use millstream::disk::{Call, Disk, MemoryDisk};
use millstream::replica::Replica;
use millstream::{ManualClock, Result, Stop, StreamingContext, millis, secs};

use crate::going_on::content;
use crate::job::{DIRECTORY, HELD_BACK, Life, Waited, conf, described};
use crate::pair::{
    COPIES, COPY, LIMIT, Pair, START, TOKEN, are_the_same, copy_of, durable, goes_on, life,
    mirrored, replica_of,
};
use crate::proxy::Proxy;

#[track_caller]
fn refused<T>(outcome: Result<T>, parts: &[&str]) {
    let sentence = outcome.err().expect("it is refused").to_string();
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
    assert!(!sentence.contains(TOKEN), "{sentence}");
}

fn lived(pair: &Pair, number: u64) -> Life {
    let mut life = pair.start_at(START + secs(number * 10), number).unwrap();
    for _ in 0..3 {
        assert_eq!(life.batch(2, 1), Waited::Done);
    }
    life.stop(Stop::Now);
    life
}

/// An address at which nobody listens.
fn nobody() -> SocketAddr {
    Pair::new().replica.address()
}

#[test]
fn another_token() {
    let pair = Pair::new();
    let clock = ManualClock::at(START);
    let address = pair.replica.address().to_string();
    let conf = mirrored(&pair.here, &clock, pair.replica.address());
    let with = |token: &str| conf.clone().replica(&*address, token);
    let other = with("0123456789-secreT");
    refused(Life::with(other, clock.clone(), 0), &[&address, "token is another one", "leave Conf"]);
    refused(Life::with(with("short"), clock, 0), &["token", "16 to 256"]);
    assert!(pair.there.list("/".as_ref()).unwrap().is_empty());
}

#[test]
fn nobody_there_and_no_directory() {
    let here = MemoryDisk::default();
    let nobody = nobody();
    let clock = ManualClock::at(START);
    let conf = mirrored(&here, &clock, nobody).replica_timeout(millis(50));
    refused(
        Life::with(conf.clone(), clock, 0),
        &[&nobody.to_string(), "refused", "leave Conf::replica out"],
    );
    let ssc = StreamingContext::new(conf.write_ahead_log(false), secs(1)).unwrap();
    let running = ssc.start(|s| {
        s.queue_stream([vec![1]]).print();
        Ok(())
    });
    refused(running, &["Conf::replica", "checkpoint directory"]);
}

#[test]
fn a_directory_that_another_process_has() {
    let pair = Pair::new();
    let first = pair.start(0).unwrap();
    let clock = ManualClock::at(START);
    let other = MemoryDisk::default();
    let conf = mirrored(&other, &clock, pair.replica.address()).replica_timeout(millis(50));
    let parts = [
        "counts is in use",
        "another job of this name",
        "the name of a job decides",
        "another start of this job may be running from this copy",
    ];
    refused(Life::with(conf.clone(), clock.clone(), 1), &parts);
    let sentence = Life::with(conf.clone(), clock.clone(), 1).err().unwrap().to_string();
    assert!(!sentence.contains("leave Conf::replica out"), "it would go on beside the other one");
    first.stop(Stop::Now);
    drop(first);
    // Who works on the directory itself is just as much in its way.
    let held = pair.there.lock("/copies/counts/lock".as_ref()).unwrap();
    refused(Life::with(conf.clone(), clock.clone(), 1), &["counts is in use"]);
    drop(held);
    drop(life(&pair.here, pair.replica.address(), START + secs(1), 1).unwrap());
}

#[test]
fn another_directory_of_a_job_of_that_name() {
    let (one, other) = (Pair::new(), Pair::new());
    lived(&one, 0);
    lived(&other, 0);
    let (before_here, before_there) = (durable(&one.here, DIRECTORY), durable(&other.there, COPY));
    let address = other.replica.address();
    refused(
        life(&one.here, address, START + secs(10), 1),
        &["directories of two jobs", &format!("{address}/counts"), DIRECTORY, "move the one away"],
    );
    assert!(durable(&one.here, DIRECTORY) == before_here, "nothing is changed");
    assert!(durable(&other.there, COPY) == before_there, "nothing is changed");
}

#[test]
fn copies_that_were_gone_on_with_without_each_other() {
    let pair = Pair::new();
    lived(&pair, 0);
    let (here, there) = pair.disks();
    let apart = |disk: &MemoryDisk, number| {
        let clock = ManualClock::at(START + secs(10));
        let mut life = Life::with(conf(disk, &clock), clock, number).unwrap();
        assert_eq!(life.batch(number, 1), Waited::Done);
        life.stop(Stop::Now);
    };
    apart(&here, 1);
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    apart(&there, 2);
    there.rename(DIRECTORY.as_ref(), COPY.as_ref()).unwrap();
    let pair = Pair::of(here, there);
    let before = (durable(&pair.here, DIRECTORY), durable(&pair.there, COPY));
    let address: SocketAddr = pair.replica.address();
    refused(
        pair.start_at(START + secs(20), 3),
        &[DIRECTORY, &format!("{address}/counts/"), "without the other", "move the directory away"],
    );
    assert!((durable(&pair.here, DIRECTORY), durable(&pair.there, COPY)) == before);
}

#[test]
fn a_checkpoint_that_was_named_here_alone_gives_way_to_the_one_of_a_copy_that_was_gone_on_with() {
    let Pair { here, there, replica } = Pair::new();
    let proxy = Arc::new(Proxy::to(replica.address()));
    let mut first = life(&here, proxy.address, START, 0).unwrap();
    assert_eq!(first.batch(2, 1), Waited::Done);
    // The link is gone when the next checkpoint has been given its name here.
    let (replica, led, named) =
        (Mutex::new(Some(replica)), proxy.clone(), Arc::new(Mutex::new(None)));
    let is_named = named.clone();
    here.interfere(move |call, path| {
        let is_checkpoint = path.to_string_lossy().contains("/checkpoint-");
        if call == Call::Rename
            && is_checkpoint
            && let Some(replica) = replica.lock().unwrap().take()
        {
            drop(replica);
            led.cut_after(0);
            *is_named.lock().unwrap() = Some(path.with_extension(""));
        }
        Ok(())
    });
    while named.lock().unwrap().is_none() {
        first.feed_unheard(2, 1);
        first.clock.advance(secs(1));
        first.wait_until("a batch, or the break", |life| {
            let is_done = life.ear.so_far(|heard| heard.report(life.clock.now()).is_some());
            is_done || named.lock().unwrap().is_some()
        });
    }
    first.stop(Stop::Now);
    drop(first);
    let checkpoint = named.lock().unwrap().take().unwrap();
    let path = checkpoint.strip_prefix(DIRECTORY).unwrap().to_owned();
    let (here, there) = (copy_of(&here), copy_of(&there));
    // Its machine is given up, and the job gone on with on the copy, until that has a checkpoint of this name. What was
    // left half written there goes when the replica looks for the last time.
    drop(there.remove(&Path::new(COPY).join(&path).with_extension("tmp")));
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    let clock = ManualClock::at(START + secs(100));
    let mut other = Life::with(conf(&there, &clock), clock, 1).unwrap();
    let is_there = || content(&there).contains_key(&checkpoint);
    (0..10).take_while(|_| !is_there()).for_each(|_| assert_eq!(other.batch(5, 1), Waited::Done));
    assert!(is_there(), "{:?}", durable(&there, DIRECTORY).keys());
    other.stop(Stop::Now);
    drop(other);
    there.rename(DIRECTORY.as_ref(), COPY.as_ref()).unwrap();
    let theirs = durable(&there, COPY)[&path].clone();
    assert!(durable(&here, DIRECTORY)[&path] != theirs, "each has its own");
    let pair = Pair::of(here, there);
    let mut again = pair.start_at(START + secs(200), 2).unwrap();
    let said = again.ear.warnings("was gone on with later");
    assert!(said.len() == 1 && said[0].contains(&*path.to_string_lossy()), "{said:?}");
    assert_eq!(durable(&pair.here, DIRECTORY)[&path], theirs);
    assert_eq!(again.batch(2, 1), Waited::Done);
    assert!(again.stop(Stop::Graceful).drained);
    are_the_same(&pair.here, &pair.there);
}

#[test]
fn a_job_without_a_name_for_a_directory() {
    let pair = Pair::new();
    let clock = ManualClock::at(START);
    let named = millstream::Conf::new("n".repeat(201))
        .disk(copy_of(&pair.here))
        .clock(clock)
        .replica(pair.replica.address().to_string(), TOKEN);
    let ssc = StreamingContext::get_or_create(DIRECTORY, || StreamingContext::new(named, secs(1)));
    let queue = millstream::Queue::new();
    refused(ssc.unwrap().start(move |s| described(s, &queue)), &["1 to 200 bytes"]);
}

#[test]
fn a_start_that_waits_says_so_and_goes_on_when_the_directory_is_let_go() {
    let there = MemoryDisk::default();
    there.create_directory(COPIES.as_ref()).unwrap();
    there.create_directory(COPY.as_ref()).unwrap();
    let held = Mutex::new(Some(there.lock(Path::new(COPY).join("lock").as_ref()).unwrap()));
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone());
    let let_go = move |event: &str| {
        if event.contains("counts is in use") {
            drop(held.lock().unwrap().take());
        }
    };
    let replica = settings.on_event(let_go).listen("127.0.0.1:0").unwrap();
    let life = life(&MemoryDisk::default(), replica.address(), START, 0).unwrap();
    let said = life.ear.warnings("the replica at");
    assert_eq!(said.len(), 2, "{said:?}");
    let waits = format!("this start waits for it, for {} ms", 3 * LIMIT.as_millis());
    for part in [&replica.address().to_string(), "counts is in use", &waits] {
        assert!(said[0].contains(part), "{part:?} is missing: {said:?}");
    }
    assert!(said[1].contains("is there after"), "{said:?}");
}

#[test]
fn copies_that_differ_in_frames_of_the_same_lengths() {
    let pair = Pair::new();
    lived(&pair, 0);
    let (here, there) = pair.disks();
    let apart = |disk: &MemoryDisk, number| {
        let clock = ManualClock::at(START + secs(10));
        let mut life = Life::with(conf(disk, &clock), clock, number).unwrap();
        // As many records in both, of the same lengths, and other ones.
        assert_eq!(life.batch(2, 1), Waited::Done);
        life.stop(Stop::Now);
    };
    apart(&here, 1);
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    apart(&there, 2);
    there.rename(DIRECTORY.as_ref(), COPY.as_ref()).unwrap();
    // Without their lists of starts, as older copies are.
    here.remove(Path::new(DIRECTORY).join("lives").as_ref()).unwrap();
    there.remove(Path::new(COPY).join("lives").as_ref()).unwrap();
    let pair = Pair::of(here, there);
    refused(pair.start_at(START + secs(20), 3), &["without the other"]);
}

#[test]
fn copies_that_were_gone_on_with_for_long_without_each_other() {
    let pair = Pair::new();
    lived(&pair, 0);
    let (here, there) = pair.disks();
    let apart = |disk: &MemoryDisk, numbers: std::ops::Range<u64>| {
        for number in numbers {
            let clock = ManualClock::at(START + secs(number * 100));
            let conf = conf(disk, &clock).graceful_stop_timeout(secs(5));
            let mut life = Life::with(conf, clock, number).unwrap();
            for _ in 0..6 {
                assert_eq!(life.batch(number, 1), Waited::Done);
            }
            assert!(life.stop(Stop::Graceful).checkpointed);
        }
    };
    // Here it is started several times, so that what both had is collected.
    apart(&here, 1..5);
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    apart(&there, 5..6);
    there.rename(DIRECTORY.as_ref(), COPY.as_ref()).unwrap();
    let pair = Pair::of(here, there);
    let before = (durable(&pair.here, DIRECTORY), durable(&pair.there, COPY));
    refused(
        pair.start_at(START + secs(2000), 9),
        &["/job/lives", "other starts from number 1 on", "without the other", "move the directory"],
    );
    assert!((durable(&pair.here, DIRECTORY), durable(&pair.there, COPY)) == before);
}

#[test]
fn a_job_whose_copy_was_gone_on_with_meanwhile_does_not_go_on() {
    let Pair { here, there, replica } = Pair::new();
    let proxy = Proxy::to(replica.address());
    let mut first = life(&here, proxy.address, START, 0).unwrap();
    for _ in 0..2 {
        assert_eq!(first.batch(3, 2), Waited::Done);
    }
    // The link is gone, and the job waits for it.
    drop(replica);
    proxy.cut_after(0);
    first.feed_unheard(2, 1);
    first.clock.advance(secs(1));
    // Its machine is given up, and the job is started on the copy.
    there.rename(COPY.as_ref(), DIRECTORY.as_ref()).unwrap();
    let clock = ManualClock::at(first.clock.now());
    let other = conf(&there, &clock).graceful_stop_timeout(secs(5));
    let mut other = Life::with(other, clock, 1).unwrap();
    for _ in 0..8 {
        assert_eq!(other.batch(5, 1), Waited::Done);
    }
    assert!(other.stop(Stop::Graceful).checkpointed);
    drop(other);
    there.rename(DIRECTORY.as_ref(), COPY.as_ref()).unwrap();
    let gone_on_with = durable(&there, COPY);
    // While it is stopped the link is back.
    let replica = replica_of(&there);
    proxy.lead_to(replica.address());
    let received = first.received();
    let Waited::Failed(sentence) = first.wait_for_batch(first.clock.now()) else {
        panic!("it has gone on: {:?}", first.ear.warnings(""))
    };
    for part in ["another start of this job has gone on", &format!("{}/counts", proxy.address)] {
        assert!(sentence.contains(part), "{part:?} is missing: {sentence}");
    }
    first.stop(Stop::Now);
    assert_eq!(first.received(), received, "nothing more is acknowledged");
    assert!(durable(&there, COPY) == gone_on_with, "nothing is written there");
    // What it has alone was never acknowledged, and the next start goes on from what the other one has left.
    let now = first.clock.now() + secs(100);
    drop(first);
    let again = life(&here, replica.address(), now, 2).expect("one list begins the other");
    assert_eq!(again.ear.warnings("/lives is damaged"), Vec::<String>::new());
    assert_eq!(again.ear.warnings("/lives lacks starts that").len(), 1);
    again.stop(Stop::Now);
}

/// A job whose link is cut, whose successor runs, and which then reaches the replica again.
fn hears_it_while_its_successor_runs(is_logged: bool) {
    let Pair { here, there, replica } = Pair::new();
    let proxy = Proxy::to(replica.address());
    let clock = ManualClock::at(START);
    let conf = |disk, clock: &ManualClock, address| {
        mirrored(disk, clock, address).write_ahead_log(is_logged)
    };
    let mut first = Life::with(conf(&here, &clock, proxy.address), clock, 0).unwrap();
    for _ in 0..4 {
        assert_eq!(first.batch(3, 2), Waited::Done);
    }
    proxy.lead_to(nobody());
    proxy.cut_after(0);
    first.feed_unheard(2, 1);
    for _ in 0..4 {
        first.clock.advance(secs(1));
    }
    first.wait_until("a sentence", |life| !life.ear.warnings("cannot be had").is_empty());
    let said = first.ear.warnings("cannot be had");
    let held_back = said.iter().filter(|said| said.contains(HELD_BACK)).count();
    let goes_on = said.iter().filter(|said| said.contains("no checkpoint counts")).count();
    let expected = if is_logged { (said.len(), 0) } else { (0, said.len()) };
    assert_eq!((held_back, goes_on), expected, "{said:?}");

    let clock = ManualClock::at(first.clock.now() + secs(10));
    let other = MemoryDisk::default();
    let mut other = Life::with(conf(&other, &clock, replica.address()), clock, 1).unwrap();
    assert_eq!(other.batch(2, 1), Waited::Done);
    let received = first.received();
    proxy.lead_to(replica.address());
    first.wait_until("its end", |life| life.failed().is_some());
    let sentence = first.failed().unwrap();
    assert!(sentence.contains("another start of this job has gone on"), "{sentence}");
    assert!(!sentence.contains("look after the disk"), "{sentence}");
    assert_eq!(first.ear.warnings("tried again"), Vec::<String>::new());
    assert!(first.ear.warnings("is up again").is_empty());
    if is_logged {
        assert_eq!(first.received(), received, "nothing more is acknowledged");
    }
    first.stop(Stop::Now);
    assert_eq!(other.batch(2, 1), Waited::Done);
    assert_eq!(other.ear.warnings("the replica at"), Vec::<String>::new());
    drop(there);
}

#[test]
fn a_job_ends_when_it_reaches_the_copy_that_its_successor_has() {
    hears_it_while_its_successor_runs(true);
}

#[test]
fn a_job_without_a_log_says_what_goes_on_meanwhile_and_ends_in_the_same_way() {
    hears_it_while_its_successor_runs(false);
}

#[test]
fn copies_of_a_version_without_lists_of_starts_are_gone_on_from() {
    for without in [&[DIRECTORY, COPY][..], &[DIRECTORY], &[COPY]] {
        let pair = Pair::new();
        let first = lived(&pair, 0);
        let (here, there) = pair.disks();
        for directory in without {
            let disk = if *directory == DIRECTORY { &here } else { &there };
            disk.remove(Path::new(directory).join("lives").as_ref()).unwrap();
        }
        goes_on(&Pair::of(here, there), START + secs(10), &[first.fed()]);
    }
}
