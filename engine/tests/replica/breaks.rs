//! The replica killed and started again, the link cut, or held without being cut: the job waits, goes on, and has
//! lost nothing.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use millstream::disk::{Call, Disk, MemoryDisk};
use millstream::replica::Replica;
use millstream::{ManualClock, Stop, millis, secs};

use crate::job::{DIRECTORY, Fed, HELD_BACK, Life, PATIENCE, Waited};
use crate::oracle::Outputs;
use crate::pair::{
    COPIES, COPY, LIMIT, Pair, START, TOKEN, all_is_in, are_the_same, copy_of, durable, goes_on,
    life, mirrored, replica_of,
};
use crate::patience::each_of;
use crate::proxy::Proxy;
use crate::seed::Random;

/// Everything that was fed is in the outputs, once, and both copies are the same.
fn ends_well(here: &MemoryDisk, there: &MemoryDisk, life: &mut Life) {
    takes_all_in(life);
    assert!(life.stop(Stop::Graceful).drained, "{:?}", life.ear.warnings(""));
    assert_eq!(life.failed(), None);
    let outputs = Outputs::on(here);
    outputs.is_complete();
    assert_eq!(outputs.check(&[life.fed()]), [life.fed()]);
    all_is_in(here, there);
}

/// A batch that has waited long counts as one that takes long, and its receiver reads less for the next one.
fn takes_all_in(life: &mut Life) {
    while life.received() < life.fed().socket {
        assert_eq!(life.batch(0, 0), Waited::Done);
    }
}

/// Feeds records, and lets a batch run.
fn batch(life: &mut Life, lines: u64, items: u64) {
    life.feed_unheard(lines, items);
    life.clock.advance(secs(1));
    assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
}

/// From the second copy alone, after its power has failed too, all is there that was fed.
fn is_enough_alone(here: &MemoryDisk, there: &MemoryDisk, life: &mut Life) {
    takes_all_in(life);
    let alone = copy_of(here);
    alone.remove_directory(DIRECTORY.as_ref()).expect("it is there");
    let pair = Pair::of(alone, there.after_power_failure_where(|_| false));
    goes_on(&pair, life.clock.now(), &[life.fed()]);
}

#[test]
fn the_replica_is_killed_and_started_again_with_and_without_its_directory() {
    each_of((0..16).collect(), |&seed: &u64| {
        let mut random = Random::new(seed);
        let here = MemoryDisk::default();
        let mut there = MemoryDisk::default();
        let mut replica = Some(replica_of(&there));
        let proxy = Proxy::to(replica.as_ref().expect("it is there").address());
        let mut life = life(&here, proxy.address, START, 0).expect("the disks work");
        for _ in 0..6 {
            batch(&mut life, 3, 2);
            // It dies, perhaps with its machine, while something is under way.
            proxy.cut_after(random.below(3000) as u64);
            life.feed_unheard(2, 1);
            life.clock.advance(secs(1));
            drop(replica.take());
            there = match random.below(3) {
                0 => MemoryDisk::default(),
                1 => copy_of(&there),
                _ => there.after_power_failure_where(|_| random.one_in(2)),
            };
            let again = replica_of(&there);
            proxy.lead_to(again.address());
            replica = Some(again);
            assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
        }
        ends_well(&here, &there, &mut life);
    });
}

#[test]
fn the_link_is_cut_at_any_byte() {
    each_of((0..40).collect(), |&seed: &u64| {
        let mut random = Random::new(1000 + seed);
        let pair = Pair::new();
        let proxy = Proxy::to(pair.replica.address());
        let mut life = life(&pair.here, proxy.address, START, 0).expect("the disks work");
        for _ in 0..8 {
            proxy.cut_after(random.below(2500) as u64);
            batch(&mut life, 3, 2);
            if random.one_in(3) {
                is_enough_alone(&pair.here, &pair.there, &mut life);
            }
        }
        assert!(proxy.cuts() > 2, "{} cuts", proxy.cuts());
        proxy.cut_after(u64::MAX);
        ends_well(&pair.here, &pair.there, &mut life);
    });
}

#[test]
fn the_link_is_cut_while_the_copies_are_brought_together() {
    let pair = Pair::new();
    let mut first = pair.start(0).expect("the disks work");
    for _ in 0..5 {
        assert_eq!(first.batch(3, 2), Waited::Done);
    }
    first.stop(Stop::Now);
    let fed = first.fed();
    for (is_here, step) in [(true, 173), (false, 173)] {
        let cases = (0..12).map(|n| n * step).map(|bytes| {
            let (here, there) = pair.disks();
            let gone = if is_here { (&here, DIRECTORY) } else { (&there, COPY) };
            gone.0.remove_directory(gone.1.as_ref()).expect("it is there");
            (Arc::new((here, there)), bytes, fed)
        });
        each_of(cases.collect(), |(disks, bytes, fed)| {
            let (here, there) = &**disks;
            let replica = replica_of(there);
            let proxy = Proxy::to(replica.address());
            proxy.cut_after(*bytes);
            let mut life = life(here, proxy.address, START + secs(5), 1).expect("it starts");
            batch(&mut life, 2, 1);
            takes_all_in(&mut life);
            assert!(life.stop(Stop::Graceful).drained);
            let all = [*fed, life.fed()];
            assert_eq!(Outputs::on(here).check(&all), all);
            are_the_same(here, there);
        });
    }
}

/// A replica that lets go who is silent for a while, and a proxy before it.
fn impatient(there: &MemoryDisk) -> (Replica, Proxy) {
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone());
    let replica = settings.idle_timeout(millis(200)).listen("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::to(replica.address());
    (replica, proxy)
}

#[test]
fn a_link_of_which_only_the_ends_are_left_is_found_and_dialled_again() {
    let (here, there) = (MemoryDisk::default(), MemoryDisk::default());
    let (_replica, proxy) = impatient(&there);
    let clock = ManualClock::at(START);
    let conf = mirrored(&here, &clock, proxy.address).replica_timeout(millis(100));
    let mut life = Life::with(conf, clock, 0).expect("the disks work");
    assert_eq!(life.batch(2, 1), Waited::Done);
    for _ in 0..2 {
        let connections = proxy.connections();
        proxy.hold();
        batch(&mut life, 2, 1);
        assert!(proxy.connections() > connections);
    }
    ends_well(&here, &there, &mut life);
}

#[test]
fn while_the_replica_is_away_nothing_is_received_and_a_sentence_says_so_and_a_stop_ends() {
    for how in [Stop::Graceful, Stop::Now] {
        let pair = Pair::new();
        let mut life = pair.start(0).expect("the disks work");
        assert_eq!(life.batch(2, 1), Waited::Done);
        let Pair { here, there, replica } = pair;
        let address = replica.address();
        drop(replica);
        life.feed(3, 0);
        life.clock.advance(millis(200));
        life.wait_until("the second sentence", |life| life.ear.warnings(HELD_BACK).len() > 1);
        let said = life.ear.warnings(HELD_BACK);
        assert!(said.iter().all(|said| said.contains(&address.to_string())), "{said:?}");
        assert!(said[1].contains("refused"), "{said:?}");
        assert!(said[1].contains(", and then "), "the first reason is kept: {said:?}");
        assert_eq!(life.received(), 2, "what one copy alone holds has not been received");
        let began = std::time::Instant::now();
        assert!(!life.stop(how).drained);
        assert!(began.elapsed() < PATIENCE);
        assert_eq!(life.failed(), None, "a stop that had no time for a batch is no failure");
        // What was in the log here is gone on with, though nobody had been told of it.
        let pair = Pair::of(here, there);
        goes_on(&pair, START + secs(2), &[life.fed()]);
        are_the_same(&pair.here, &pair.there);
    }
}

#[test]
fn a_replica_that_stands_still_is_told_of_before_it_is_dialled_again() {
    let pair = Pair::new();
    let proxy = Proxy::to(pair.replica.address());
    let mut life = life(&pair.here, proxy.address, START, 0).expect("the disks work");
    batch(&mut life, 2, 1);
    // What comes is taken in by the system, and nobody says anything.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    proxy.lead_to(silent.local_addr().expect("it has one"));
    proxy.hold();
    life.feed_unheard(2, 1);
    life.clock.advance(secs(1));
    life.wait_until("a sentence", |life| !life.ear.warnings(HELD_BACK).is_empty());
    let said = &life.ear.warnings(HELD_BACK)[0];
    let (_, cut) = said.split_once("cannot be had, for ").expect("it says for how long");
    let cut_ms: i64 = cut.split(' ').next().and_then(|n| n.parse().ok()).expect("in ms");
    assert!(cut_ms < LIMIT.as_millis(), "{said}");
    life.stop(Stop::Now);
}

#[test]
fn the_replicas_disk_is_full_for_a_while() {
    let pair = Pair::new();
    let is_full = Arc::new(AtomicBool::new(false));
    let full = is_full.clone();
    pair.there.interfere(move |call, _| match call {
        Call::Write | Call::CreateNew if full.load(Relaxed) => Err(ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let mut life = pair.start(0).expect("the disks work");
    assert_eq!(life.batch(2, 1), Waited::Done);
    for _ in 0..3 {
        is_full.store(true, Relaxed);
        life.leaves_when_held = true;
        life.feed_unheard(3, 1);
        life.clock.advance(secs(1));
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Held);
        // What cannot be written there is said once of each file, though it was so three times.
        let said = life.ear.warnings(HELD_BACK);
        let reasons = said.iter().filter_map(|said| said.split_once(" now: ")).map(|(_, why)| why);
        let reasons: BTreeSet<_> = reasons.collect();
        assert!(said.len() == reasons.len() && !said.is_empty(), "{said:?}");
        assert!(reasons.iter().all(|why| why.contains("make room there")), "{said:?}");
        is_full.store(false, Relaxed);
        life.leaves_when_held = false;
        assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
    }
    ends_well(&pair.here, &pair.there, &mut life);
}

#[test]
fn a_replica_that_may_not_have_more_bytes_holds_the_job_back() {
    let (here, there) = (MemoryDisk::default(), MemoryDisk::default());
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone());
    let replica = settings.max_bytes(3000).listen("127.0.0.1:0").expect("a port is free");
    let mut life = life(&here, replica.address(), START, 0).expect("there is room for a start");
    life.leaves_when_held = true;
    let ended = (0..50).map(|_| life.batch(5, 0)).find(|ended| *ended != Waited::Done);
    assert_eq!(ended, Some(Waited::Held));
    assert!(life.ear.warnings(HELD_BACK)[0].contains("more than 3000 bytes"));
    assert!(!life.stop(Stop::Now).drained);
}

#[test]
fn every_call_of_the_replicas_disk_fails_once() {
    let pair = Pair::new();
    let calls = Arc::new(AtomicU64::new(0));
    let counted = calls.clone();
    pair.there.interfere(move |_, _| {
        counted.fetch_add(1, Relaxed);
        Ok(())
    });
    lives(&pair);
    let calls = calls.load(Relaxed);
    assert!(calls > 60, "{calls}");
    let kind = |call| if call % 2 == 0 { ErrorKind::Other } else { ErrorKind::StorageFull };
    each_of((0..calls).map(|call| (call, kind(call))).collect(), |&(call, kind)| {
        let pair = Pair::new();
        let made = AtomicU64::new(0);
        pair.there.interfere(move |_, _| match made.fetch_add(1, Relaxed) == call {
            true => Err(kind.into()),
            false => Ok(()),
        });
        lives(&pair);
    });
}

fn lives(pair: &Pair) {
    let mut life = pair.start(0).expect("it is dialled again");
    for _ in 0..4 {
        batch(&mut life, 3, 1);
    }
    pair.there.interfere(|_, _| Ok(()));
    is_enough_alone(&pair.here, &pair.there, &mut life);
    ends_well(&pair.here, &pair.there, &mut life);
}

/// What somebody else does to a replica's disk.
type Deed = fn(&MemoryDisk);

#[test]
fn a_copy_that_is_deleted_under_a_session_is_no_second_copy() {
    let gone: [(usize, Deed); 3] = [
        (1, |there| there.remove_directory(COPY.as_ref()).expect("it is there")),
        (1, |there| there.rename(COPY.as_ref(), "/moved".as_ref()).expect("it is there")),
        (0, |there| {
            there.remove("/copies/counts/blocks/0000000000.log".as_ref()).expect("it is there")
        }),
    ];
    for (all_of_it, goes) in gone {
        let pair = Pair::new();
        // No checkpoint finds it out first.
        let clock = ManualClock::at(START);
        let conf = mirrored(&pair.here, &clock, pair.replica.address());
        let conf = conf.checkpoint_interval(secs(1000));
        let mut life = Life::with(conf, clock, 0).expect("the disks work");
        batch(&mut life, 3, 1);
        takes_all_in(&mut life);
        goes(&pair.there);
        life.feed(3, 0);
        takes_all_in(&mut life);
        // What has been received since is in both copies.
        let said = life.ear.warnings("broke (");
        assert!(said.len() == 1 && said[0].contains("was removed"), "{said:?}");
        assert_eq!(life.ear.warnings("had nothing of this job").len(), all_of_it);
        is_enough_alone(&pair.here, &pair.there, &mut life);
        ends_well(&pair.here, &pair.there, &mut life);
    }
}

#[test]
fn a_slow_replica_makes_the_job_slow_and_nothing_else() {
    let pair = Pair::new();
    pair.there.interfere(|call, _| {
        if call == Call::Sync {
            std::thread::sleep(LIMIT.to_std() / 40);
        }
        Ok(())
    });
    let mut life = pair.start(0).expect("the disks work");
    for _ in 0..4 {
        assert_eq!(life.batch(3, 1), Waited::Done);
    }
    assert_eq!(life.ear.warnings("replica"), Vec::<String>::new());
    ends_well(&pair.here, &pair.there, &mut life);
}

/// So long a link may be silent in both directions, and half of it.
const SHORT: millstream::Duration = millis(400);
const HALF: millstream::Duration = millis(200);

/// Has every file of this name, or every one at all, take a while to read.
fn reads_take(disk: &MemoryDisk, name: Option<&'static str>, takes: millstream::Duration) {
    disk.interfere(move |call, path| {
        if call == Call::Read && name.is_none_or(|name| path.ends_with(name)) {
            std::thread::sleep(takes.to_std());
        }
        Ok(())
    });
}

/// A start on copies that are the same, and then a link that is cut, over one connection each.
fn come_together_once(here: &MemoryDisk, there: &MemoryDisk, lived: Fed) {
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone()).idle_timeout(SHORT);
    let replica = settings.listen("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::to(replica.address());
    let clock = ManualClock::at(START + secs(10));
    let conf = mirrored(here, &clock, proxy.address).replica_timeout(SHORT);
    let mut life = Life::with(conf, clock, 1).expect("it starts");
    assert_eq!(proxy.connections(), 1, "{:?}", life.ear.warnings(""));
    proxy.cut_after(0);
    batch(&mut life, 3, 1);
    takes_all_in(&mut life);
    assert_eq!(proxy.connections(), 2, "{:?}", life.ear.warnings(""));
    here.interfere(|_, _| Ok(()));
    there.interfere(|_, _| Ok(()));
    assert!(life.stop(Stop::Graceful).drained);
    let all = [lived, life.fed()];
    assert_eq!(Outputs::on(here).check(&all), all);
    all_is_in(here, there);
}

#[test]
fn to_bring_copies_together_may_take_longer_than_either_side_waits() {
    let pair = Pair::new();
    let mut first = pair.start(0).expect("the disks work");
    for _ in 0..3 {
        assert_eq!(first.batch(3, 2), Waited::Done);
    }
    first.stop(Stop::Now);
    // Each file is soon read, and all of them are not; or one alone takes too long, there or here.
    let (here, there) = pair.disks();
    assert!(durable(&here, DIRECTORY).len() >= 4);
    reads_take(&here, None, HALF);
    come_together_once(&here, &there, first.fed());
    let (here, there) = pair.disks();
    reads_take(&there, Some("identity"), SHORT + HALF);
    come_together_once(&here, &there, first.fed());
    let (here, there) = pair.disks();
    reads_take(&here, Some("identity"), SHORT + HALF);
    come_together_once(&here, &there, first.fed());
}

#[test]
fn a_break_needs_no_more_room_than_the_directory_has() {
    let (here, there) = (MemoryDisk::default(), MemoryDisk::default());
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone());
    let replica = settings.max_bytes(50_000).listen("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::to(replica.address());
    let clock = ManualClock::at(START);
    let conf = mirrored(&here, &clock, proxy.address).checkpoint_interval(secs(1000));
    let mut life = Life::with(conf, clock, 0).expect("there is room for a start");
    assert_eq!(life.batch(2000, 0), Waited::Done);
    takes_all_in(&mut life);
    let bytes = durable(&there, COPY).values().map(Vec::len).sum::<usize>();
    assert!((25_000..45_000).contains(&bytes), "{bytes}");
    // There is room for a line more, and not for a second copy of what is there.
    proxy.cut_after(0);
    let ended = life.batch(1, 0);
    assert_eq!(ended, Waited::Done, "{:?}", life.ear.warnings(""));
    assert_eq!(life.ear.warnings("may not have more"), Vec::<String>::new());
}

#[test]
fn writes_there_that_take_longer_than_either_side_waits_are_waited_for() {
    let (here, there) = (MemoryDisk::default(), MemoryDisk::default());
    let is_slow = Arc::new(AtomicBool::new(false));
    let slow = is_slow.clone();
    there.interfere(move |call, _| {
        if call == Call::Write && slow.swap(false, Relaxed) {
            std::thread::sleep((SHORT + HALF).to_std());
        }
        Ok(())
    });
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone()).idle_timeout(SHORT);
    let replica = settings.listen("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::to(replica.address());
    let clock = ManualClock::at(START);
    let conf = mirrored(&here, &clock, proxy.address).replica_timeout(SHORT);
    let mut life = Life::with(conf, clock, 1).expect("it starts");
    is_slow.store(true, Relaxed);
    batch(&mut life, 3, 1);
    assert_eq!(proxy.connections(), 1, "{:?}", life.ear.warnings(""));
    // That it is waited for is said, once.
    let said = life.ear.warnings("has been at it for");
    assert!(said.len() == 1 && said[0].contains(&proxy.address.to_string()), "{said:?}");
}

#[test]
fn renames_and_removes_there_that_are_slow_are_waited_for() {
    let (here, there) = (MemoryDisk::default(), MemoryDisk::default());
    there.interfere(move |call, _| {
        if matches!(call, Call::Rename | Call::Remove) {
            std::thread::sleep(millis(300).to_std());
        }
        Ok(())
    });
    let limit = millis(200);
    let settings = Replica::settings(COPIES, TOKEN).disk(there.clone()).idle_timeout(limit);
    let replica = settings.listen("127.0.0.1:0").expect("a port is free");
    let proxy = Proxy::to(replica.address());
    let clock = ManualClock::at(START);
    let conf = mirrored(&here, &clock, proxy.address).replica_timeout(limit);
    let mut life = Life::with(conf, clock, 0).expect("it starts");
    batch(&mut life, 2, 1);
    assert_eq!(proxy.connections(), 1, "{:?}", life.ear.warnings(""));
}

#[test]
fn a_link_that_breaks_at_a_start_after_long_work_is_dialled_again() {
    let pair = Pair::new();
    let mut first = pair.start(0).expect("the disks work");
    assert_eq!(first.batch(3, 2), Waited::Done);
    first.stop(Stop::Now);
    let (here, there) = pair.disks();
    let has_failed = AtomicBool::new(false);
    there.interfere(move |call, path| {
        if call == Call::Read && path.ends_with("identity") && !has_failed.swap(true, Relaxed) {
            std::thread::sleep(SHORT.to_std() * 4);
            return Err(ErrorKind::Other.into());
        }
        Ok(())
    });
    let replica = replica_of(&there);
    let clock = ManualClock::at(START + secs(10));
    let conf = mirrored(&here, &clock, replica.address()).replica_timeout(SHORT);
    Life::with(conf, clock, 1).map(drop).expect("it is dialled again, and found");
}

#[test]
fn a_reason_that_changes_while_the_replica_is_away_is_said_at_once() {
    let Pair { here, there, replica } = Pair::new();
    let proxy = Proxy::to(replica.address());
    let mut life = life(&here, proxy.address, START, 0).expect("the disks work");
    assert_eq!(life.batch(2, 1), Waited::Done);
    drop(replica);
    life.feed(3, 0);
    life.clock.advance(millis(200));
    life.wait_until("a sentence", |life| !life.ear.warnings(HELD_BACK).is_empty());
    // Something else listens there now.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    proxy.lead_to(listener.local_addr().expect("it has one"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            drop(stream.and_then(|mut stream| stream.write_all(b"220 mail is ready\r\n")));
        }
    });
    let is_said = |life: &Life| !life.ear.warnings("this is no millstream-replica").is_empty();
    life.wait_until("the other reason", is_said);
    // And no reason twice, however often it is dialled.
    let replica = replica_of(&there);
    proxy.lead_to(replica.address());
    life.clock.advance(millis(800));
    assert_eq!(life.wait_for_batch(life.clock.now()), Waited::Done);
    assert!(life.ear.warnings(HELD_BACK).len() <= 4, "{:?}", life.ear.warnings(HELD_BACK));
    ends_well(&here, &there, &mut life);
}

#[test]
fn the_replica_is_lost_while_a_start_notes_itself() {
    let pair = Pair::new();
    let mut first = pair.start(0).expect("the disks work");
    assert_eq!(first.batch(3, 2), Waited::Done);
    first.stop(Stop::Now);
    let fed = first.fed();
    let Pair { here, there, replica } = Pair::of(copy_of(&pair.here), copy_of(&pair.there));
    drop(there);
    let proxy = Arc::new(Proxy::to(replica.address()));
    // When the new list of starts is begun the replica is gone, and one without any copy is in its place.
    let there = MemoryDisk::default();
    let (old, new) = (Mutex::new(Some(replica)), Arc::new(Mutex::new(None)));
    let (empty, led, in_its_place) = (there.clone(), proxy.clone(), new.clone());
    here.interfere(move |call, path| {
        if call == Call::CreateNew
            && path.ends_with("lives.tmp")
            && let Some(old) = old.lock().expect("nothing panics with it").take()
        {
            led.cut_after(0);
            drop(old);
            let replica = replica_of(&empty);
            led.lead_to(replica.address());
            *in_its_place.lock().expect("nothing panics with it") = Some(replica);
        }
        Ok(())
    });
    let mut life = life(&here, proxy.address, START + secs(5), 1).expect("it starts");
    assert!(new.lock().expect("nothing panics with it").is_some(), "it was lost");
    batch(&mut life, 2, 1);
    takes_all_in(&mut life);
    assert!(life.stop(Stop::Graceful).drained);
    let all = [fed, life.fed()];
    assert_eq!(Outputs::on(&here).check(&all), all);
    are_the_same(&here, &there);
}
