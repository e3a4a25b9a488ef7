//! A run that waits for clients that do not come.

use std::time::Duration;

use crate::harness::{dial, small_data};
use loadgen::{Load, Stop, listen, serve};

#[test]
fn a_schedule_that_never_starts_makes_no_valid_run() {
    let listener = listen("127.0.0.1:0").unwrap();
    let only = dial(listener.local_addr().unwrap()).unwrap();
    let run_for = Some(Duration::from_millis(200));
    let load = Load { data: small_data(), connections: 2, run_for, ..Load::default() };
    let summary = serve(listener, &load, &Stop::new(), |_| {}).unwrap();
    assert!(!summary.valid);
    let reason = summary.reason.unwrap();
    assert!(reason.contains("it waits for 2 clients, and 1 came"), "{reason}");
    drop(only);
}
