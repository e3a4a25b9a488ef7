//! Tests in a process of their own: for what concerns a whole process, and for what might end it.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration as StdDuration;

use crate::rig::wait_until;

const MARK: &str = "MILLSTREAM_TEST_CHILD";

/// Whether this is the child.
pub(crate) fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}

/// This executable again, to run the test `name` alone.
pub(crate) fn spawn(name: &str) -> Child {
    Command::new(std::env::current_exe().expect("a test knows itself"))
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a test can be started again")
}

/// Runs the test `name` in a process of its own and fails as it does.
pub(crate) fn run(name: &str) {
    let mut child = Ended(spawn(name));
    let ended = wait_until("the child to end", || child.0.try_wait().expect("it is our child"));
    assert!(ended.success(), "{name} in a process of its own: {ended}");
}

/// A child that does not outlive its test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Ok(None) = self.0.try_wait() {
            self.0.kill().and_then(|()| self.0.wait()).expect("it is our child");
        }
    }
}

/// The memory that this process has in RAM, in bytes.
pub(crate) fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux has it");
    let pages = statm.split(' ').nth(1).and_then(|n| n.parse::<u64>().ok());
    pages.expect("the second number is the resident pages") * 4096
}

/// The most memory that this process is seen to have in RAM while `work` runs.
pub(crate) fn peak_resident_bytes(work: impl FnOnce()) -> u64 {
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let watch = threads.spawn(|| {
            let mut peak = 0;
            while !done.load(Relaxed) {
                peak = peak.max(resident_bytes());
                std::thread::sleep(StdDuration::from_millis(2));
            }
            peak
        });
        let worked = Worked(&done);
        work();
        drop(worked);
        watch.join().expect("it only looks")
    })
}

/// Says that the work is done, also where it has panicked.
struct Worked<'a>(&'a AtomicBool);

impl Drop for Worked<'_> {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
    }
}
