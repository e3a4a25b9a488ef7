//! Starts that are refused, and stops at every moment.

use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration as StdDuration, Instant};

use millstream::progress::Notice;
use millstream::testing::Collector;
use millstream::{Error, Running, State, Stop, Stopped, StreamingContext, Time, millis};

use crate::child;
use crate::ear::Ear;
use crate::rig::{BATCH, BLOCK, PATIENCE, Rig, client_of, conf, wait_until};

#[test]
fn what_has_arrived_before_a_graceful_stop_is_processed() {
    let rig = Rig::of_lines(conf());
    let ends = rig.ear.disconnected();
    let mut open: Vec<_> = (0..20).map(|_| rig.client()).collect();
    for (n, client) in open.iter_mut().enumerate() {
        client.write_all(format!("open {n}\nhalf").as_bytes()).expect("the engine reads");
    }
    rig.client().write_all(b"closed\n").expect("the engine reads");
    rig.ear.wait_for_ends(ends + 1);
    let (engine, ear) = (rig.engine.clone(), rig.ear.clone());
    let stopped = rig.running.stop(Stop::Graceful).expect("it stops");
    assert_eq!(stopped, Stopped { drained: true, checkpointed: false });
    let reports = ear.reports();
    assert_eq!(reports.iter().map(|report| report.records).sum::<u64>(), 21);
    assert_eq!(reports.len(), 1, "one batch is enough");
    assert_eq!(reports[0].batch_time(), Time::default() + BATCH, "on the grid");
    ear.so_far(|heard| {
        let unfinished = |n: &Notice| matches!(n, Notice::Unfinished { connections: 20, .. });
        assert!(heard.notices.iter().any(unfinished), "{:?}", heard.notices);
    });
    assert_eq!(engine.memory_in_use_bytes(), 0, "everything went back");
}

#[test]
fn batches_stay_on_the_grid_while_draining_under_the_machines_clock() {
    let (ear, out) = (Ear::default(), Collector::new());
    let conf = conf().listener(ear.clone());
    let ssc = StreamingContext::new(conf, millis(70)).expect("the settings are right");
    let collected = out.clone();
    let running = ssc
        .start(move |s| {
            let collected = collected.clone();
            s.listen_text_stream(":0").map(str::to_owned).for_each_rdd(move |rdd, time| {
                sleep(StdDuration::from_millis(30));
                collected.push(time, rdd.collect());
            });
            Ok(())
        })
        .expect("it starts");
    let mut client = client_of(running.listening()[0]);
    for n in 0..50 {
        client.write_all(format!("{n}\n").as_bytes()).expect("the engine reads");
        sleep(StdDuration::from_millis(5));
    }
    assert!(running.stop(Stop::Graceful).expect("it stops").drained);
    let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    assert_eq!(lines, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
    let mut expected = running.zero();
    for report in ear.reports() {
        expected = expected + millis(70);
        assert_eq!(report.batch_time(), expected);
        assert!(report.batch_time().is_multiple_of(millis(70)));
        assert!(report.scheduling_delay_ms >= 0.0, "{report:?}");
    }
}

#[test]
fn a_graceful_stop_of_a_stream_that_is_behind_processes_what_has_arrived() {
    let out = Collector::new();
    let ssc = StreamingContext::new(conf(), millis(50)).expect("the settings are right");
    let collected = out.clone();
    let running = ssc
        .start(move |s| {
            let collected = collected.clone();
            s.listen_text_stream(":0").map(str::to_owned).for_each_rdd(move |rdd, time| {
                let lines = rdd.collect();
                // Four intervals for a batch of anything: receiving is held back.
                sleep(StdDuration::from_millis(if lines.is_empty() { 0 } else { 200 }));
                collected.push(time, lines);
            });
            Ok(())
        })
        .expect("it starts");
    let mut client = client_of(running.listening()[0]);
    for n in 0..100 {
        client.write_all(format!("{n}\n").as_bytes()).expect("the engine reads");
        sleep(StdDuration::from_millis(5));
    }
    assert!(running.stop(Stop::Graceful).expect("it stops").drained);
    let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    assert_eq!(lines, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn a_stop_may_be_repeated() {
    let rig = Rig::of_lines(conf());
    rig.send(b"line\n");
    let first = rig.running.stop(Stop::Graceful).expect("it stops");
    for how in [Stop::Graceful, Stop::Now, Stop::Graceful] {
        assert_eq!(rig.running.stop(how).expect("it is stopped"), first);
    }
    assert_eq!(rig.running.state(), State::Stopped);
    assert_eq!(rig.running.await_termination().expect("nothing failed"), first);
}

/// Starts a stream whose output, or the work of whose so many tasks, wants to stop it, and gives what
/// the stop answered.
fn stop_from_inside(in_a_task: bool, tasks: usize) -> Error {
    let (tell, answer) = channel();
    let tell = Mutex::new(Some(tell));
    let held: Arc<Mutex<Option<Running>>> = Arc::default();
    let stop = {
        let held = held.clone();
        Arc::new(move || {
            if let Some(tell) = tell.lock().expect("no panic").take() {
                let held = held.lock().expect("no panic");
                let stopped = held.as_ref().expect("it was put there").stop(Stop::Graceful);
                drop(tell.send(stopped));
            }
        })
    };
    let hand = millstream::ManualClock::at(Time::default());
    let conf = conf().parallelism(tasks).clock(hand.clone());
    let ssc = StreamingContext::new(conf, BATCH).expect("the settings are right");
    let running = ssc
        .start(move |s| {
            let stop = stop.clone();
            let lines = s.listen_text_stream(":0");
            if in_a_task {
                let counts = lines.map(move |line| {
                    stop();
                    (line.len() as u64, 1u64)
                });
                counts.reduce_by_key(|a, b| a + b).for_each_rdd(|rdd, _| assert!(rdd.count() < 2));
            } else {
                lines.for_each_rdd(move |_, _| stop());
            }
            Ok(())
        })
        .expect("it starts");
    let address = running.listening()[0];
    *held.lock().expect("no panic") = Some(running);
    // So much that a receiver which has no task to spare works itself.
    let line = [vec![b'x'; 20_000], vec![b'\n']].concat();
    client_of(address).write_all(&line).expect("the engine reads");
    let until = Instant::now() + StdDuration::from_secs(5);
    while Instant::now() < until {
        // Within a batch a task works early; at its end the output has its turn.
        hand.advance(if in_a_task { BLOCK } else { BATCH });
        if let Ok(stopped) = answer.recv_timeout(StdDuration::from_millis(20)) {
            let running = held.lock().expect("no panic").take().expect("it was put there");
            running.stop(Stop::Now).expect("from outside it stops");
            return stopped.expect_err("it would wait for itself");
        }
    }
    panic!("a stop from inside waits for itself");
}

#[test]
fn a_stop_from_inside_an_output_is_refused() {
    assert!(matches!(stop_from_inside(false, 2), Error::FromInside { call: "stop" }));
}

#[test]
fn a_stop_from_inside_a_task_is_refused() {
    assert!(matches!(stop_from_inside(true, 2), Error::FromInside { call: "stop" }));
}

#[test]
fn a_stop_from_inside_what_a_receiver_does_of_the_tasks_work_is_refused() {
    assert!(matches!(stop_from_inside(true, 1), Error::FromInside { call: "stop" }));
}

/// A stream in which each line takes a tenth of a second, and how many lines it has begun.
fn slow(early: bool) -> (Rig<u64>, Arc<AtomicU32>) {
    let begun = Arc::new(AtomicU32::new(0));
    let count = begun.clone();
    let rig = Rig::start(conf().early_work(early), move |s, out| {
        let count = count.clone();
        let lengths = s.listen_text_stream(":0").map(move |line| {
            count.fetch_add(1, Ordering::Relaxed);
            sleep(StdDuration::from_millis(100));
            (line.len() as u64, 1u64)
        });
        out.collect(&lengths.reduce_by_key(|a, b| a + b).map(|(_, n)| n));
        Ok(())
    });
    (rig, begun)
}

fn has_begun(begun: &AtomicU32) {
    wait_until("the work to begin", || (begun.load(Ordering::Relaxed) > 0).then_some(()));
}

#[test]
fn a_stop_now_waits_for_no_more_than_the_tasks_under_way() {
    let (rig, begun) = slow(false);
    let line = [vec![b'x'; 60 << 10], vec![b'\n']].concat();
    rig.send(&line.repeat(64));
    let hand = rig.hand.clone();
    hand.advance(BATCH);
    has_begun(&begun);
    let asked = Instant::now();
    let stopped = rig.running.stop(Stop::Now).expect("it stops");
    let took = asked.elapsed();
    assert!(took < StdDuration::from_millis(2500), "all of it takes 3.2 s, and it took {took:?}");
    assert!(begun.load(Ordering::Relaxed) < 64);
    assert!(!stopped.drained, "most of what was received was not processed");
}

#[test]
fn after_a_stop_now_no_closure_is_called_any_more() {
    let (rig, begun) = slow(true);
    for n in 1..=12 {
        rig.send(b"line\n");
        rig.close_blocks_until(5 * n);
    }
    has_begun(&begun);
    assert!(!rig.running.stop(Stop::Now).expect("it stops").drained);
    let at_the_stop = begun.load(Ordering::Relaxed);
    sleep(StdDuration::from_millis(300));
    assert_eq!(begun.load(Ordering::Relaxed), at_the_stop);
}

#[test]
fn a_stop_now_lets_a_receiver_end_no_more_than_what_it_works_on() {
    let begun = Arc::new(AtomicU32::new(0));
    let count = begun.clone();
    let rig: Rig<u64> = Rig::start(conf().parallelism(1), move |s, out| {
        let count = count.clone();
        let lengths = s.listen_text_stream(":0").map(move |line| {
            count.fetch_add(1, Ordering::Relaxed);
            sleep(StdDuration::from_millis(5));
            (line.len() as u64, 1u64)
        });
        out.collect(&lengths.reduce_by_key(|a, b| a + b).map(|(_, n)| n));
        Ok(())
    });
    // More than is worked on in one go, from a sender that has still more when the stop comes.
    let mut client = rig.client();
    let lines = [vec![b'x'; 1000], vec![b'\n']].concat().repeat(20_000);
    let sender = std::thread::spawn(move || client.write_all(&lines).is_ok());
    wait_until("the work to begin", || {
        rig.hand.advance(BLOCK);
        (begun.load(Ordering::Relaxed) > 0).then_some(())
    });
    let (asked, at_the_order) = (Instant::now(), begun.load(Ordering::Relaxed));
    assert!(!rig.running.stop(Stop::Now).expect("it stops").drained);
    let (took, at_the_stop) = (asked.elapsed(), begun.load(Ordering::Relaxed));
    assert!(took < StdDuration::from_millis(2500), "it took {took:?}");
    assert!(at_the_stop - at_the_order < 300, "{} lines were begun", at_the_stop - at_the_order);
    sleep(StdDuration::from_millis(300));
    assert_eq!(begun.load(Ordering::Relaxed), at_the_stop, "a closure is called afterwards");
    assert!(!sender.join().expect("it only writes"), "the sender was to have more");
}

#[test]
fn a_stop_now_overtakes_a_graceful_one() {
    let (rig, begun) = slow(false);
    let line = [vec![b'x'; 60 << 10], vec![b'\n']].concat();
    rig.send(&line.repeat(64));
    rig.hand.advance(BATCH);
    has_begun(&begun);
    let running = Arc::new(rig.running);
    let (tell, told) = channel();
    let asked = Instant::now();
    let graceful = running.clone();
    std::thread::spawn(move || drop(tell.send(graceful.stop(Stop::Graceful))));
    running.stop(Stop::Now).expect("it stops");
    told.recv_timeout(PATIENCE).expect("it answers").expect("it stops");
    assert!(asked.elapsed() < StdDuration::from_millis(2500));
}

#[test]
fn a_second_start_is_refused_and_says_why() {
    let ssc = StreamingContext::new(conf(), BATCH).expect("the settings are right");
    let start = || {
        ssc.start(|s| {
            s.listen_text_stream(":0").for_each_rdd(|_, _| {});
            Ok(())
        })
    };
    let running = start().expect("it starts");
    assert!(matches!(start().err(), Some(Error::AlreadyStarted)));
    running.stop(Stop::Now).expect("it stops");
    assert!(matches!(start().err(), Some(Error::AlreadyStopped)));
}

#[test]
fn a_start_without_an_output_is_refused() {
    let ssc = StreamingContext::new(conf(), BATCH).expect("the settings are right");
    let started = ssc.start(|s| {
        let _unused = s.listen_text_stream(":0");
        Ok(())
    });
    assert!(matches!(started.err(), Some(Error::NoOutput)));
    assert_eq!(ssc.state(), State::Stopped);
}

#[test]
fn a_setup_that_panics_is_an_error_and_not_the_end_of_the_process() {
    if !child::is_child() {
        return child::run(
            "stopping::a_setup_that_panics_is_an_error_and_not_the_end_of_the_process",
        );
    }
    let ssc = StreamingContext::new(conf(), BATCH).expect("the settings are right");
    let started = ssc.start(|_| panic!("in the setup"));
    assert!(matches!(started.err(), Some(Error::Setup { .. })));
    sleep(StdDuration::from_millis(200));
    assert_eq!(ssc.state(), State::Stopped);
}

#[test]
fn an_outputs_error_ends_the_wait_while_the_stream_goes_on() {
    let rig: Rig = Rig::start(conf(), |s, out| {
        let lines = s.listen_text_stream(":0");
        lines.try_for_each_rdd(|rdd, _| match rdd.count() {
            1 => Err("one line is too few".into()),
            _ => Ok(()),
        });
        out.collect(&lines.map(str::to_owned));
        Ok(())
    });
    rig.send(b"alone\n");
    assert_eq!(rig.batch(), ["alone"]);
    let error = rig.running.await_termination().expect_err("an output failed").to_string();
    assert!(error.contains("one line is too few") && error.contains("output 0"), "{error}");
    assert_eq!(rig.running.state(), State::Active);
    rig.send(b"two\nlines\n");
    assert_eq!(rig.batch(), ["two", "lines"]);
    assert!(rig.running.stop(Stop::Graceful).expect("it stops").drained);
}
