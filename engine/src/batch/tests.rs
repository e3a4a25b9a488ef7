use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use super::stage_run::panic_message;
use super::*;

fn batch(threads: usize) -> Batch<'static> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let (inputs, past) = (Arc::default(), Arc::default());
    let time = Time::default() + crate::time::secs(1);
    Batch::new(time, Time::default(), inputs, past, Arc::new(pool), Arc::default())
}

#[test]
fn only_several_tasks_with_something_to_do_go_to_other_threads() {
    let batch = batch(2);
    let here = std::thread::current().id();
    let threads = |busy: usize| {
        let run = |_| std::thread::current().id();
        batch.run_stage_where("stage", 4, |i| i < busy, run)
    };
    assert!(threads(0).iter().chain(&threads(1)).all(|thread| *thread == here));
    assert!(threads(2).iter().all(|thread| *thread != here));
}

#[test]
fn tasks_of_a_stage_run_at_the_same_time() {
    let running = AtomicUsize::new(0);
    let until = Instant::now() + std::time::Duration::from_secs(30);
    let most = batch(2).run_stage("stage", 2, |_| {
        running.fetch_add(1, Ordering::Relaxed);
        while running.load(Ordering::Relaxed) < 2 && Instant::now() < until {
            std::thread::yield_now();
        }
        running.load(Ordering::Relaxed)
    });
    assert_eq!(most, [2, 2]);
}

#[test]
fn what_is_lent_comes_back_when_the_batch_is_dropped_and_not_before() {
    let value = Arc::new(String::from("lent"));
    let batch = batch(1);
    let copy = batch.clone();
    assert_eq!(batch.lend(&value), "lent");
    drop(batch);
    assert_eq!(Arc::strong_count(&value), 2);
    drop(copy);
    assert_eq!(Arc::strong_count(&value), 1);
}

#[test]
fn a_task_that_panics_is_tried_again_and_alone() {
    let runs = AtomicUsize::new(0);
    let results = batch(2).run_stage("test", 8, |i| {
        if runs.fetch_add(1, Ordering::SeqCst) < 3 && i == 3 {
            panic!("not yet");
        }
        i * 10
    });
    assert_eq!(results, (0..8).map(|i| i * 10).collect::<Vec<_>>());
    assert!(runs.load(Ordering::SeqCst) <= 8 + 3);
}

#[test]
fn four_attempts_and_then_the_stage_fails_with_the_message() {
    let runs = AtomicUsize::new(0);
    let failed = catch_unwind(AssertUnwindSafe(|| {
        batch(2).run_stage("filter", 1, |_| {
            runs.fetch_add(1, Ordering::SeqCst);
            panic!("always");
        })
    }));
    let reason = panic_message(&*failed.unwrap_err());
    assert_eq!(reason, "filter panicked in 4 attempts: always");
    assert_eq!(runs.load(Ordering::SeqCst), 4);
}
