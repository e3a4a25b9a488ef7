//! A small budget of memory, a slow program, and a sender that is much too fast.

use std::io::Write;
use std::net::SocketAddr;
use std::thread::sleep;
use std::time::Duration as StdDuration;

use millstream::testing::Collector;
use millstream::{BoxError, Conf, Engine, Scope, Stop, StreamingContext, Window, millis, secs};

use crate::ear::Ear;
use crate::rig::{BATCH, Rig, client_of, conf, wait_until};

const LINES: u64 = 200_000;
const LINE_BYTES: u64 = 100;

/// Room for three buffers, and a fraction of what is sent.
const BUDGET_BYTES: u64 = 4 << 20;
const _: () = assert!(LINES * LINE_BYTES > 4 * BUDGET_BYTES);

fn send_numbered_lines(address: SocketAddr) {
    let mut client = client_of(address);
    let mut text = String::new();
    for n in 0..LINES {
        let before = text.len();
        text.push_str(&format!("{n} "));
        text.push_str(&"x".repeat(LINE_BYTES as usize - 1 - (text.len() - before)));
        text.push('\n');
        if text.len() >= 256 << 10 || n + 1 == LINES {
            client.write_all(text.as_bytes()).expect("the engine reads in the end");
            text.clear();
        }
    }
}

/// Sends the lines as fast as they are taken, and watches the memory until `done` says that all are
/// through.
fn under_pressure<T: Send + 'static>(
    setup: impl for<'b> Fn(&Scope<'b>, &Collector<T>) -> Result<(), BoxError> + Send + Sync + 'static,
) -> Vec<T> {
    let (ear, out) = (Ear::default(), Collector::new());
    let conf = Conf::new("pressure").parallelism(2).memory_bytes(BUDGET_BYTES).max_line_bytes(1000);
    let conf = conf.warnings_on_stderr(false).listener(ear.clone());
    let ssc = StreamingContext::new(conf, millis(50)).expect("the settings are right");
    let collected = out.clone();
    let running = ssc.start(move |s| setup(s, &collected)).expect("it starts");
    let engine: Engine = ssc.engine();
    let address = running.listening()[0];
    let sender = std::thread::spawn(move || send_numbered_lines(address));
    let mut most = 0;
    wait_until("all lines to be through", || {
        most = most.max(engine.memory_in_use_bytes());
        let through: u64 = ear.so_far(|heard| heard.reports.iter().map(|r| r.records).sum());
        (through >= LINES).then_some(())
    });
    sender.join().expect("it could send everything");
    assert!(running.stop(Stop::Graceful).expect("it stops").drained);
    assert!(most <= engine.memory_limit_bytes() && engine.memory_limit_bytes() <= BUDGET_BYTES);
    for report in ear.reports() {
        assert!(report.succeeded() && report.memory_bytes <= BUDGET_BYTES, "{report:?}");
    }
    out.take().into_iter().flat_map(|(_, records)| records).collect()
}

fn number(line: &str) -> u64 {
    line.split(' ').next().and_then(|n| n.parse().ok()).expect("the line begins with its number")
}

#[test]
fn a_slow_output_loses_no_line_and_the_budget_holds() {
    let numbers = under_pressure(|s, out: &Collector<u64>| {
        let out = out.clone();
        s.listen_text_stream(":0").map(number).for_each_rdd(move |rdd, time| {
            let numbers = rdd.collect();
            sleep(StdDuration::from_micros(numbers.len() as u64 * 5));
            out.push(time, numbers);
        });
        Ok(())
    });
    assert!(numbers.into_iter().eq(0..LINES), "every line once, in order");
}

#[test]
fn a_slow_aggregation_loses_no_line_and_the_budget_holds() {
    let sums = under_pressure(|s, out: &Collector<(u64, (u64, u64, u64))>| {
        let rests = s.listen_text_stream(":0").map(|line| {
            let n = number(line);
            if n.is_multiple_of(1000) {
                sleep(StdDuration::from_millis(5));
            }
            (n % 7, (1, n, n * n))
        });
        out.collect(&rests.reduce_by_key(|a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2)));
        Ok(())
    });
    for rest in 0..7 {
        let all = (0..LINES).filter(|n| n % 7 == rest);
        let expected = all.fold((0, 0, 0), |a, n| (a.0 + 1, a.1 + n, a.2 + n * n));
        let of_it = sums.iter().filter(|(key, _)| *key == rest);
        let got = of_it.fold((0, 0, 0), |a, (_, b)| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        assert_eq!(got, expected, "numbers that leave {rest}");
    }
}

#[test]
fn idle_sources_leave_the_memory_to_those_that_have_something_to_read() {
    // More sources than buffers.
    let smallest =
        (1..).map(|n| n * 100_000).find(|bytes| Engine::new(conf().memory_bytes(*bytes)).is_ok());
    let conf = conf().memory_bytes(smallest.expect("some budget is enough"));
    let rig: Rig = Rig::start(conf, |s, out| {
        for _ in 0..3 {
            out.collect(&s.listen_text_stream(":0").map(str::to_owned));
        }
        Ok(())
    });
    for (n, address) in rig.running.listening().to_vec().into_iter().enumerate() {
        client_of(address).write_all(format!("line {n}\n").as_bytes()).expect("it is read");
        rig.batch();
        rig.ear.wait_for_ends(n + 1);
        rig.batch();
    }
    let records: u64 = rig.ear.reports().iter().map(|report| report.records).sum();
    assert_eq!(records, 3);
}

#[test]
fn a_stop_while_a_window_has_all_the_memory_reads_what_had_arrived() {
    let conf =
        conf().memory_bytes(BUDGET_BYTES).max_line_bytes(1000).graceful_stop_timeout(secs(8));
    let rig: Rig = Rig::start(conf, |s, _| {
        let window = s.listen_text_stream(":0").window(Window::every_batch(BATCH * 2));
        window.count().for_each_rdd(|counted, _| drop(counted.collect()));
        Ok(())
    });
    let mut client = rig.client();
    let sender = std::thread::spawn(move || {
        // What has not arrived when the stop is ordered is not read.
        drop(client.write_all("0123456789abcde\n".repeat(400_000).as_bytes()));
    });
    let is_full = || (!rig.ear.warnings("fills its").is_empty()).then_some(());
    wait_until("the memory to be full", is_full);
    rig.batch();
    let before = rig.ear.reports()[0].records;
    assert!(rig.running.stop(Stop::Graceful).expect("it stops").drained);
    sender.join().expect("it ends");
    let records: u64 = rig.ear.reports().iter().map(|report| report.records).sum();
    assert!(records > before, "{records} in all, {before} before the stop");
}

/// How many listeners there are for the slabs of [`BUDGET_BYTES`].
const MANY: usize = 20;

/// So many listeners, each with a sender that has sent its number.
fn more_listeners_than_slabs() -> (Rig, Vec<std::net::TcpStream>) {
    let conf = conf().memory_bytes(BUDGET_BYTES).max_line_bytes(1000);
    let rig: Rig = Rig::start(conf, |s, out| {
        for _ in 0..MANY {
            out.collect(&s.listen_text_stream(":0").map(str::to_owned));
        }
        Ok(())
    });
    let clients: Vec<_> = (0..MANY).map(|n| rig.client_of_listener(n)).collect();
    (rig, clients)
}

/// How many batches it takes until each is heard, when each of them always has a line more. Nothing is on its way when
/// it is over.
fn batches_until_all_are_heard(rig: &Rig, clients: &mut [std::net::TcpStream]) -> usize {
    let (mut heard, mut lines, mut batches) = (std::collections::BTreeSet::new(), 0, 0);
    wait_until("all to be heard", || {
        for (n, client) in clients.iter_mut().enumerate() {
            client.write_all(format!("{n}\n").as_bytes()).expect("the engine reads");
        }
        let batch = rig.batch();
        lines += batch.len();
        heard.extend(batch);
        batches += 1;
        (heard.len() == MANY).then_some(())
    });
    wait_until("the others' last lines", || {
        lines += rig.batch().len();
        (lines == batches * MANY).then_some(())
    });
    batches
}

#[test]
fn more_receivers_than_slabs_have_them_in_turn() {
    let (rig, mut clients) = more_listeners_than_slabs();
    let batches = batches_until_all_are_heard(&rig, &mut clients);
    // Twenty or thirty, and thousands where each keeps its slab until it happens to have no line.
    assert!(batches <= 50 * MANY, "that took {batches} batches");
}

#[test]
fn who_needs_more_than_a_slab_has_its_turn_too_while_others_are_busy() {
    let (rig, mut clients) = more_listeners_than_slabs();
    for _ in 0..3 {
        clients[0].write_all(b"\xff\xff\xff\n").expect("the engine reads");
        wait_until("a line to be mended", || {
            (rig.batch() == ["\u{fffd}\u{fffd}\u{fffd}"]).then_some(())
        });
        let batches = batches_until_all_are_heard(&rig, &mut clients);
        assert!(batches <= 50 * MANY, "that took {batches} batches");
    }
}

#[test]
fn a_graceful_stop_reads_what_has_arrived_also_where_receivers_wait_for_slabs() {
    let (rig, mut clients) = more_listeners_than_slabs();
    for (n, client) in clients.iter_mut().enumerate() {
        client.write_all(format!("{n}\n").as_bytes()).expect("the engine reads");
    }
    let ear = rig.ear.clone();
    assert!(rig.running.stop(Stop::Graceful).expect("it stops").drained);
    let records: u64 = ear.reports().iter().map(|report| report.records).sum();
    assert_eq!(records, MANY as u64);
}
