//! A receiver that may take in so many records a second and no more.

use std::io::Write;
use std::net::TcpListener;

use millstream::progress::BatchReport;
use millstream::testing::Collector;
use millstream::{Conf, Duration, Framing, Stop, Stopped, StreamingContext, millis, secs};

use crate::ear::Ear;
use crate::rig::{Rig, accept, client_of, conf};

const RATE: u64 = 1000;

/// What may come at once after a pause: a twentieth of a second's.
const BURST: u64 = RATE / 20;

const RECORDS: u64 = 500;

/// How long they must take.
fn least() -> Duration {
    millis((RECORDS - BURST) * 1000 / RATE)
}

fn limited() -> Conf {
    conf().max_rate(RATE)
}

fn lines() -> String {
    (0..RECORDS).map(|n| format!("line {n:04} {}\n", "x".repeat(n as usize % 90))).collect()
}

/// Moves the clock on until all records are in; fails where they are there sooner than they may be.
fn all_take_their_time<T: Send + 'static>(rig: &Rig<T>, bytes: u64) {
    let from = rig.hand.now();
    rig.close_blocks_until(bytes);
    let took = rig.hand.now() - from;
    assert!(took >= least(), "{RECORDS} records at {RATE} a second within {took}");
}

#[test]
fn a_listener_takes_in_no_more_than_it_may_however_many_send() {
    let rig = Rig::of_lines(limited());
    let text = lines();
    let (first, second) = text.split_at(text.len() / 2);
    let mut clients = [rig.client(), rig.client()];
    for (client, part) in clients.iter_mut().zip([first, second]) {
        client.write_all(part.as_bytes()).unwrap();
    }
    // The end of the first part and the beginning of the second are two halves of a line.
    drop(clients);
    all_take_their_time(&rig, text.len() as u64);
    assert!(rig.batch().len() as u64 >= RECORDS);
    assert_eq!(rig.report().sources[0].rate_limit, Some(RATE as f64));
}

#[test]
fn a_receiver_that_dials_is_held_to_its_rate_too() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let rig: Rig = Rig::start(limited(), move |s, out| {
        out.collect(&s.socket_text_stream(address.to_string()).map(str::to_owned));
        Ok(())
    });
    let text = lines();
    accept(&server).write_all(text.as_bytes()).unwrap();
    all_take_their_time(&rig, text.len() as u64);
    assert_eq!(rig.batch().len() as u64, RECORDS);
}

#[test]
fn records_with_their_length_in_front_are_counted_as_lines_are() {
    let rig: Rig<Vec<u8>> = Rig::start(limited(), |s, out| {
        out.collect(&s.listen_stream(":0", Framing::LengthPrefixed).map(<[u8]>::to_vec));
        Ok(())
    });
    // Records that are full of newlines, which count for nothing.
    let one = [&7u32.to_be_bytes()[..], b"\n\n\n\n\n\n\n"].concat();
    let all = one.repeat(RECORDS as usize);
    rig.client().write_all(&all).unwrap();
    all_take_their_time(&rig, all.len() as u64);
    assert_eq!(rig.batch().len() as u64, RECORDS);
}

#[test]
fn work_that_is_done_early_makes_no_difference() {
    let rig: Rig<u64> = Rig::start(limited(), |s, out| {
        out.collect(&s.listen_text_stream(":0").count());
        Ok(())
    });
    let text = lines();
    rig.client().write_all(text.as_bytes()).unwrap();
    all_take_their_time(&rig, text.len() as u64);
    assert_eq!(rig.batch(), [RECORDS]);
}

/// Orders a graceful stop on a thread of its own, moves the clock on until it is over, and gives how it went and how
/// long that took by the clock.
fn stopped<T: Send + 'static>(rig: Rig<T>) -> (Stopped, Duration) {
    let (hand, from) = (rig.hand.clone(), rig.hand.now());
    let stopping = std::thread::spawn(move || rig.running.stop(Stop::Graceful).unwrap());
    while !stopping.is_finished() {
        // Not faster than the receiver looks around, so that what it may read it does.
        std::thread::sleep(std::time::Duration::from_millis(1));
        hand.advance(millis(1));
    }
    (stopping.join().unwrap(), hand.now() - from)
}

fn records(ear: &Ear) -> u64 {
    ear.reports().iter().map(|report| report.records).sum()
}

#[test]
fn what_had_arrived_when_a_graceful_stop_was_ordered_is_held_to_the_maximum_and_comes_in() {
    let rig = Rig::of_lines(limited().graceful_stop_timeout(secs(60)));
    let text = lines();
    rig.client().write_all(text.as_bytes()).unwrap();
    rig.ear.wait_for_connections(1);
    let ear = rig.ear.clone();
    let (stopped, took) = stopped(rig);
    assert!(stopped.drained);
    assert_eq!(records(&ear), RECORDS);
    assert!(took >= least(), "{RECORDS} records at {RATE} a second within {took}");
    assert!(ear.warnings("left unread").is_empty());
}

#[test]
fn what_is_only_estimated_holds_back_nothing_that_had_arrived() {
    // Five records would come in while the clock stands still.
    let rig = Rig::of_lines(conf().backpressure(true));
    rig.client().write_all(lines().as_bytes()).unwrap();
    rig.ear.wait_for_connections(1);
    assert!(rig.running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(records(&rig.ear), RECORDS);
}

#[test]
fn what_a_maximum_does_not_let_in_within_half_of_the_time_for_a_stop_is_left_and_told_of() {
    let rig = Rig::of_lines(limited().graceful_stop_timeout(millis(1000)));
    rig.client().write_all(lines().as_bytes()).unwrap();
    rig.ear.wait_for_connections(1);
    // The clock stands still, so that nothing more may come than at once.
    let stopped = rig.running.stop(Stop::Graceful).unwrap();
    assert!(stopped.drained, "all that was received is processed");
    let came = records(&rig.ear);
    // What a read brings too much is paid for before the next.
    assert!((1..=2 * BURST + 10).contains(&came), "{came}");
    let told = rig.ear.warnings("left unread");
    assert_eq!(told.len(), 1, "{told:?}");
}

/// Under the machine's own clock: what is behind the job is not called more often because it ends.
#[test]
fn batches_go_on_while_a_receiver_is_held_to_its_maximum_at_a_stop() {
    const INTERVAL: Duration = millis(50);
    let (ear, out) = (Ear::default(), Collector::<u64>::new());
    let ssc = StreamingContext::new(limited().listener(ear.clone()), INTERVAL).unwrap();
    let running = ssc
        .start(move |s| {
            out.collect(&s.listen_text_stream(":0").count());
            Ok(())
        })
        .unwrap();
    let mut client = client_of(running.listening()[0]);
    client.write_all(lines().as_bytes()).unwrap();
    ear.wait_for_connections(1);
    assert!(running.stop(Stop::Graceful).unwrap().drained);
    assert_eq!(records(&ear), RECORDS);
    // At 50 a batch, it takes ten of them. A machine that is busy may leave some out.
    let batches = ear.reports().iter().filter(|report| report.records > 0).count();
    assert!(batches >= 4, "{batches}");
}

#[test]
fn queues_are_not_held_to_a_rate() {
    let rig: Rig<u64> = Rig::start(limited().backpressure(true), |s, out| {
        out.collect(&s.queue_stream([(0..10 * RATE).collect::<Vec<_>>()]));
        Ok(())
    });
    assert_eq!(rig.batch().len() as u64, 10 * RATE);
    assert_eq!(rig.report().sources[0].rate_limit, None);
}

#[test]
fn the_first_batch_is_held_to_the_lowest_rate_and_the_second_to_what_it_has_shown() {
    let rig = Rig::of_lines(conf().backpressure(true));
    let text = "a line\n".repeat(20_000);
    let from = rig.hand.now();
    rig.client().write_all(text.as_bytes()).unwrap();
    let burst = 100 / 20;
    rig.close_blocks_until(7 * 100);
    assert!(rig.hand.now() - from >= millis((100 - burst) * 10), "at 100 a second");
    let records = rig.batch().len() as f64;
    let BatchReport { processing_ms, sources, .. } = rig.report();
    let limit = sources[0].rate_limit.unwrap();
    let shown = records / processing_ms * 1000.0;
    assert!((limit - shown).abs() <= shown * 1e-9 && limit > 100.0, "{limit}, {shown}");
}

/// Under the machine's own clock: a sender that is never out of lines, for some seconds.
#[test]
fn a_second_has_the_maximum_rate_within_a_few_percent() {
    const INTERVAL: Duration = millis(100);
    const LINE: &str = "one of very many lines that are all alike\n";
    let (ear, out) = (Ear::default(), Collector::<u64>::new());
    let rate = 20_000;
    let conf = Conf::new("rates").parallelism(2).warnings_on_stderr(false).max_rate(rate);
    let ssc = StreamingContext::new(conf.listener(ear.clone()), INTERVAL).unwrap();
    let running = ssc
        .start(move |s| {
            out.collect(&s.listen_text_stream(":0").count());
            Ok(())
        })
        .unwrap();
    let mut client = client_of(running.listening()[0]);
    let sender = std::thread::spawn(move || {
        let text = LINE.repeat(1000);
        // It ends when the receiver does.
        while client.write_all(text.as_bytes()).is_ok() {}
    });
    let first = |report: &BatchReport| report.records > 0;
    let seconds = ear.wait_for("three seconds of batches", |heard| {
        let batches: Vec<_> = heard.reports.iter().skip_while(|r| !first(r)).collect();
        // What a batch has had time for is counted by when it was cut, not by its label.
        let cut_ms = |r: &BatchReport| r.batch_time_ms as f64 + r.scheduling_delay_ms;
        let (begun, ended) = (batches.first()?, batches.last()?);
        let span_s = (cut_ms(ended) - cut_ms(begun)) / 1000.0;
        let records: u64 = batches[1..].iter().map(|r| r.records).sum();
        (span_s >= 3.0).then_some((span_s, records))
    });
    running.stop(Stop::Now).unwrap();
    drop(running);
    sender.join().unwrap();
    let (span_s, records) = seconds;
    let came = records as f64 / span_s;
    assert!(came <= rate as f64 * 1.03, "{came} a second of {rate}");
    // A machine that is busy with other tests may let a receiver wait.
    assert!(came >= rate as f64 * 0.5, "{came} a second of {rate}");
}
