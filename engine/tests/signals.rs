//! Signals in a process that runs one stream after another: each is drained by the first, and when
//! no stream watches any more a signal does what it does by default.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use millstream::{Conf, Running, Stop, StreamingContext, millis, secs};
use nix::sys::signal::{Signal, raise};

fn running() -> Running {
    let conf = Conf::new("signals").parallelism(1).warnings_on_stderr(false);
    let ssc = StreamingContext::new(conf, millis(10)).unwrap();
    let running = ssc
        .start(|s| {
            s.queue_stream([vec![1]]).for_each_rdd(|rdd, _| {
                rdd.count();
            });
            Ok(())
        })
        .unwrap();
    running.stop_on_signals().unwrap();
    running
}

#[test]
#[ignore = "ends its process by a signal: run by the test below"]
fn role_of_the_child() {
    let first = running();
    assert!(first.stop(Stop::Graceful).unwrap().drained);
    drop(first);

    let second = running();
    raise(Signal::SIGTERM).unwrap();
    assert!(second.await_termination().unwrap().drained);
    println!("the second was drained");
    drop(second);

    raise(Signal::SIGTERM).unwrap();
    // Not reached; a wait that ends makes the test fail instead of hang.
    std::thread::sleep(secs(10).to_std());
}

#[test]
fn each_stream_is_drained_by_a_signal_and_afterwards_a_signal_ends_the_process() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "role_of_the_child", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(said.contains("the second was drained"), "{said}");
    assert_eq!(child.status.signal(), Some(Signal::SIGTERM as i32), "{said}");
}
