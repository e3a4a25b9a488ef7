//! Ten thousand connections, a line a second each, from a generator in a process of its own.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use millstream::{Conf, Stop, StreamingContext, millis};
use nix::sys::resource::{Resource, getrlimit};

const CONNECTIONS: u64 = 10_000;
const LINES_EACH: u64 = 4;
const MOST_IDLE_BYTES: u64 = 4096;
const PATIENCE: Duration = Duration::from_secs(60);

/// As many connections as the machine allows, and what they have sent so far.
#[derive(Default)]
struct Seen {
    next: HashMap<u64, u64>,
    lines: u64,
}

fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn every_line_is_counted_in_order_and_an_idle_connection_costs_little() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    let connections = CONNECTIONS.min(hard.saturating_sub(200));
    assert!(connections >= 500, "the hard limit of {hard} descriptors is too low to tell anything");

    let seen = Arc::new(Mutex::new(Seen::default()));
    let conf = Conf::new("many").parallelism(2).memory_bytes(64 << 20).max_connections(connections);
    let ssc = StreamingContext::new(conf, millis(200)).unwrap();
    let into = seen.clone();
    let running = ssc
        .start(move |s| {
            let into = into.clone();
            s.listen_text_stream("0").for_each_rdd(move |rdd, _| {
                let mut seen = into.lock().unwrap();
                for line in rdd.collect() {
                    let mut fields = line.split(' ').map(|field| field.parse::<u64>());
                    let connection = fields.next().unwrap().unwrap();
                    let sequence = fields.next().unwrap().unwrap();
                    let next = seen.next.entry(connection).or_default();
                    assert_eq!(
                        sequence, *next,
                        "lines of connection {connection} come in order, each once"
                    );
                    *next += 1;
                    seen.lines += 1;
                }
            });
            Ok(())
        })
        .unwrap();

    let before = resident_bytes();
    let lines = connections * LINES_EACH;
    let mut generator = Command::new(env!("CARGO_BIN_EXE_bench-suite"))
        .args(["role", "load", "--connect", &running.listening()[0].to_string()])
        .args(["--connections", &connections.to_string(), "--rate", &connections.to_string()])
        .args(["--records", &lines.to_string(), "--numbered"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let mut most = before;
    while seen.lock().unwrap().lines < lines && started.elapsed() < PATIENCE {
        // Looks only; what is asserted below does not depend on when this wakes.
        std::thread::sleep(Duration::from_millis(50));
        most = most.max(resident_bytes());
    }
    assert!(generator.wait().unwrap().success());
    assert!(running.stop(Stop::Graceful).unwrap().drained);

    let seen = seen.lock().unwrap();
    assert_eq!((seen.lines, seen.next.len() as u64), (lines, connections));
    assert!(seen.next.values().all(|&n| n == LINES_EACH));
    // The slabs that the receiver fills and the collected lines are no part of a connection.
    let slabs = 16 << 20;
    let each = most.saturating_sub(before + slabs) / connections;
    println!(
        "{connections} connections: {} KiB more resident, {each} bytes each beside slabs",
        (most - before) >> 10
    );
    assert!(each <= MOST_IDLE_BYTES, "{each} bytes a connection");
}
