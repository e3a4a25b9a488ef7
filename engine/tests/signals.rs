//! Signals in a process that runs one stream after another: each is drained by the first, and when
//! no stream watches any more a signal does what it does by default.

use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use millstream::progress::{Listener, Notice};
use millstream::{Conf, Running, Stop, StreamingContext, millis, secs};
use nix::sys::signal::{Signal, raise};

/// Passes on that a signal stops the stream.
struct Stopping(Sender<String>);

impl Listener for Stopping {
    fn notice(&self, notice: &Notice) {
        if let Notice::Stopping = notice {
            self.0.send(notice.to_string()).unwrap();
        }
    }
}

fn running() -> (Running, Receiver<String>) {
    let (heard, stopping) = channel();
    let conf = Conf::new("signals").parallelism(1).warnings_on_stderr(false);
    let ssc = StreamingContext::new(conf.listener(Stopping(heard)), millis(10)).unwrap();
    let running = ssc
        .start(|s| {
            s.queue_stream([vec![1]]).for_each_rdd(|rdd, _| {
                rdd.count();
            });
            Ok(())
        })
        .unwrap();
    running.stop_on_signals().unwrap();
    (running, stopping)
}

#[test]
#[ignore = "ends its process by a signal: run by the test below"]
fn role_of_the_child() {
    let (first, stopping) = running();
    assert!(first.stop(Stop::Graceful).unwrap().drained);
    drop(first);
    assert!(stopping.try_recv().is_err(), "no signal has stopped it");

    let (second, stopping) = running();
    raise(Signal::SIGTERM).unwrap();
    assert!(second.await_termination().unwrap().drained);
    let told = stopping.recv_timeout(Duration::from_secs(10)).unwrap();
    println!("the second was drained: {told}");
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
    assert!(said.contains("the second was drained: stopping: "), "{said}");
    assert_eq!(child.status.signal(), Some(Signal::SIGTERM as i32), "{said}");
    let aloud = String::from_utf8_lossy(&child.stderr);
    assert!(!aloud.contains("stopping"), "warnings_on_stderr is off: {aloud}");
}
