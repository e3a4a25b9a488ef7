//! What outlives a batch: windows and states take every batch in once, whole, or not at all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use millstream::progress::{BatchReport, Listener};
use millstream::testing::{self, Collector, sorted};
use millstream::{
    Conf, Key, KeyState, ManualClock, Pipe, Queue, Rdd, Running, Scope, Snapshot, StateSpec, Stop,
    StreamingContext, Time, Window, secs,
};

/// A stream under a clock that the test moves.
struct Rig {
    clock: ManualClock,
    running: Running,
    reports: Arc<Mutex<Vec<BatchReport>>>,
}

struct Reports(Arc<Mutex<Vec<BatchReport>>>);

impl Listener for Reports {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().unwrap().push(report.clone());
    }
}

impl Rig {
    fn start(setup: impl for<'b> Fn(&Scope<'b>) + Send + Sync + 'static) -> Self {
        Self::restart(ManualClock::at(Time::default()), None, setup)
    }

    fn restart(
        clock: ManualClock,
        snapshot: Option<Snapshot>,
        setup: impl for<'b> Fn(&Scope<'b>) + Send + Sync + 'static,
    ) -> Self {
        let reports = Arc::new(Mutex::default());
        let conf = Conf::new("kept")
            .parallelism(2)
            .clock(clock.clone())
            .warnings_on_stderr(false)
            .listener(Reports(reports.clone()));
        let ssc = StreamingContext::new(conf, secs(1)).unwrap();
        if let Some(snapshot) = snapshot {
            ssc.restore(snapshot);
        }
        let running = ssc
            .start(move |s| {
                setup(s);
                Ok(())
            })
            .unwrap();
        Rig { clock, running, reports }
    }

    fn batches(&self, n: usize) {
        for _ in 0..n {
            self.clock.advance(secs(1));
            self.running.wait_for_batch(self.clock.now(), secs(60)).unwrap();
        }
    }

    fn last_report(&self) -> BatchReport {
        self.reports.lock().unwrap().last().unwrap().clone()
    }
}

fn records<T: Send + 'static>(collector: &Collector<T>) -> Vec<Vec<T>> {
    collector.take().into_iter().map(|(_, records)| records).collect()
}

/// An output that looks at all records.
fn look<'b, P: Pipe<'b>>(rdd: &Rdd<'b, P>) {
    rdd.count();
}

/// The sums of pairs so far, by state.
fn sum(new: &[i64], old: Option<i64>) -> Option<i64> {
    Some(old.unwrap_or_default() + new.iter().sum::<i64>())
}

#[test]
fn a_batch_that_fails_leaves_no_trace_in_windows_and_states() {
    let (windowed, raw, summed) = (Collector::new(), Collector::new(), Collector::new());
    let (into_window, into_raw, into_sum) = (windowed.clone(), raw.clone(), summed.clone());
    let rig = Rig::start(move |s| {
        let numbers = s.queue_stream([vec![('a', 1)], vec![('a', 10)], vec![('a', 100)]]);
        let window = Window::every_batch(secs(3));
        into_window.collect(&numbers.reduce_by_key_and_window(|a, b| a + b, window));
        into_raw.collect(&numbers.window(window).map(|(_, n)| n));
        into_sum.collect(&numbers.update_state_by_key(sum).map(|(_, n)| *n));
        numbers.map(|(_, n)| assert!(n != 10, "ten")).for_each_rdd(|rdd, _| {
            rdd.count();
        });
    });
    rig.batches(2);
    assert!(rig.last_report().errors[0].contains("ten"), "{:?}", rig.last_report().errors);
    rig.batches(1);
    // Its own outputs ran before the one that failed; later batches know nothing of it.
    assert_eq!(records(&windowed), [[('a', 1)], [('a', 11)], [('a', 101)]]);
    assert_eq!(records(&raw), [vec![1], vec![1, 10], vec![1, 100]]);
    assert_eq!(records(&summed), [[1], [11], [101]]);
}

#[test]
fn an_output_that_fails_by_itself_does_not_keep_the_batch_from_counting() {
    let summed = Collector::new();
    let into = summed.clone();
    let rig = Rig::start(move |s| {
        let numbers = s.queue_stream([vec![('a', 1)], vec![('a', 10)]]);
        numbers.try_for_each_rdd(|_, _| Err("no room".into()));
        into.collect(&numbers.update_state_by_key(sum).map(|(_, n)| *n));
    });
    rig.batches(2);
    assert_eq!(records(&summed), [[1], [11]]);
    assert!(rig.running.await_termination().unwrap_err().to_string().contains("no room"));
}

#[test]
fn a_batch_is_taken_in_though_no_output_asks_for_it() {
    let calls = Arc::new(AtomicU32::new(0));
    let (sums, counted) = (Collector::new(), calls.clone());
    let into = sums.clone();
    let rig = Rig::start(move |s| {
        let calls = counted.clone();
        let numbers = s.queue_stream([vec![('a', 1)], vec![('a', 10)], vec![('a', 100)]]);
        let totals = numbers.update_state_by_key(move |new, old| {
            calls.fetch_add(1, Ordering::SeqCst);
            sum(new, old)
        });
        let into = into.clone();
        totals.map(|(_, n)| *n).for_each_rdd(move |rdd, time| {
            // Only every third batch is looked at.
            if time == Time::from_millis(3000) {
                into.push(time, rdd.collect());
            }
        });
    });
    rig.batches(3);
    assert_eq!(records(&sums), [[111]]);
    assert_eq!(calls.load(Ordering::SeqCst), 3, "once a batch, whoever asks");
}

#[test]
fn a_state_begins_with_its_first_batch_also_where_that_fails() {
    let gone = Collector::new();
    let into = gone.clone();
    let rig = Rig::start(move |s| {
        let pairs = s.queue_stream([vec![('a', 1)], vec![]]).map(|pair| {
            assert!(pair.1 != 1, "one");
            pair
        });
        let spec = StateSpec::new().initial_state([('z', 26)]).timeout(secs(1));
        into.collect(&pairs.map_with_state(spec, |key, _, _: &mut KeyState<'_, i32>| key));
    });
    rig.batches(3);
    assert_eq!(records(&gone), [vec![], vec!['z']], "idle since the first batch, which has failed");
}

#[test]
fn a_state_read_by_several_outputs_takes_a_batch_in_once() {
    let out = testing::run(secs(1), 2, |s, out| {
        let numbers = s.queue_stream([vec![('a', 1), ('a', 2)], vec![('a', 4)]]);
        let sums = numbers.map_with_state(StateSpec::new(), |_, n, state| {
            let sum: i64 = state.get().copied().unwrap_or(0) + n.unwrap_or(0);
            state.update(sum);
            sum
        });
        out.collect(&sums);
        out.collect(&sums.map(|n| -n));
        out.collect(&sums.state_snapshots().map(|(_, n)| *n));
        Ok(())
    });
    let first = [vec![1, 3], vec![-1, -3], vec![3]];
    assert_eq!(out.unwrap(), [&first[..], &[vec![7], vec![-7], vec![7]]].concat());
}

#[test]
fn transform_runs_once_a_batch_however_many_read_what_it_makes() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let out = testing::run(secs(1), 2, move |s, out| {
        let calls = counted.clone();
        let sorted = s.queue_stream([vec![2, 1], vec![3]]).transform(move |rdd, _| {
            calls.fetch_add(1, Ordering::SeqCst);
            rdd.sort_by(|n| *n)
        });
        out.collect(&sorted);
        out.collect(&sorted.map(|n| n * 10));
        Ok(())
    });
    assert_eq!(out.unwrap(), [vec![1, 2], vec![10, 20], vec![3], vec![30]]);
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[test]
fn a_transform_that_panics_is_not_called_again_by_the_next_who_reads_it() {
    let calls = Arc::new(AtomicU32::new(0));
    let counted = calls.clone();
    let rig = Rig::start(move |s| {
        let calls = counted.clone();
        let broken = s.queue_stream([vec![1]]).transform(move |rdd, _| {
            assert!(calls.fetch_add(1, Ordering::SeqCst) > 0, "the first time");
            rdd
        });
        broken.for_each_rdd(|rdd, _| look(&rdd));
        broken.for_each_rdd(|rdd, _| look(&rdd));
    });
    rig.batches(1);
    assert_eq!(rig.last_report().errors.len(), 2);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn a_batch_whose_output_hides_that_a_task_has_failed_is_reported_as_failed() {
    let rig = Rig::start(|s| {
        let broken = s.queue_stream([vec![1]]).map(|n| assert_ne!(n, 1));
        broken.for_each_rdd(|rdd, _| {
            let caught = catch_unwind(AssertUnwindSafe(|| rdd.count()));
            assert!(caught.is_err());
        });
    });
    rig.batches(1);
    let errors = rig.last_report().errors;
    assert!(errors[0].contains("its closure caught the panic"), "{errors:?}");
}

/// Its first loan panics.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Shy(u32);

static LOANS_OF_SHY: AtomicU32 = AtomicU32::new(0);

impl<'b> Key<'b> for Shy {
    type Owned = u32;

    fn own(&self) -> u32 {
        self.0
    }

    fn is(&self, owned: &u32) -> bool {
        self.0 == *owned
    }

    fn lend(owned: &'b u32) -> Self {
        assert!(LOANS_OF_SHY.fetch_add(1, Ordering::SeqCst) > 0, "not to strangers");
        Shy(*owned)
    }
}

#[test]
fn what_a_state_begins_with_outlives_a_key_that_panics() {
    let out = testing::run(secs(1), 2, |s, out| {
        let pairs = s.queue_stream([vec![(1, 10)], vec![(2, 5)]]).map(|(k, n)| (Shy(k), n));
        let spec = StateSpec::new().initial_state([(1, 100)]);
        let sums = pairs.update_state_by_key_with(spec, |_, _, new, old| sum(new, old));
        out.collect(&sums.map(|(key, n)| (key.0, *n)));
        Ok(())
    });
    assert_eq!(sorted(out.unwrap()), [vec![(1, 110)], vec![(1, 110), (2, 5)]]);
}

#[test]
fn a_window_over_what_another_window_keeps_reads_the_batches_before_where_no_input_is_kept() {
    let out = testing::run(secs(1), 3, |s, out| {
        let numbers = s.queue_stream([vec![1], vec![2], vec![3]]);
        let of_one = numbers.reduce_by_window(|a, b| a + b, Window::every_batch(secs(1)));
        out.collect(&of_one.window(Window::every_batch(secs(2))));
        Ok(())
    });
    assert_eq!(out.unwrap(), [vec![1], vec![1, 2], vec![2, 3]]);
}

#[test]
fn keys_are_in_one_partition_each_however_many_partitions_there_are() {
    for partitions in [1, 2, 3, 5, 16, 100] {
        let out = testing::run(secs(1), 1, move |s, out| {
            let pairs = s.queue_stream([(0..10_000).map(|n| (n, 1i64)).collect::<Vec<_>>()]);
            let spec = StateSpec::new().partitions(partitions);
            let sums = pairs.update_state_by_key_with(spec, |_, _, new, old| sum(new, old));
            out.collect(&sums.map(|(key, n)| (key, *n)).glom());
            Ok(())
        });
        let out = out.unwrap().remove(0);
        assert_eq!(out.len(), partitions);
        let mut keys: Vec<_> = out.into_iter().flatten().collect();
        keys.sort();
        assert!(keys.into_iter().eq((0..10_000).map(|n| (n, 1))));
    }
}

#[test]
fn windows_of_one_stream_and_one_function_share_their_slices() {
    fn add(a: i64, b: i64) -> i64 {
        a + b
    }
    let rig = Rig::start(|s| {
        let numbers = s.queue_stream([vec![('a', 1)]]);
        for batches in [5, 6, 7] {
            let window = Window::every_batch(secs(batches));
            numbers.reduce_by_key_and_window(add, window).print();
            numbers.reduce_by_key_and_window_with_inverse(add, |a, b| a - b, window).print();
        }
        // Another function, and one that captures, have slices of their own.
        let two = std::hint::black_box(2);
        let window = Window::every_batch(secs(5));
        numbers.reduce_by_key_and_window(|a, b| a.max(b), window).print();
        numbers.reduce_by_key_and_window(move |a, b| a * b * two, window).print();
    });
    let explained = rig.running.explain();
    assert_eq!(explained.matches("=> slices").count(), 3, "{explained}");
    assert_eq!(explained.matches("stage 1 (slices) =>").count(), 6, "{explained}");
    rig.running.stop(Stop::Now).unwrap();
}

#[test]
fn a_report_tells_what_windows_of_raw_records_keep_and_what_a_slide_has_moved() {
    let rig = Rig::start(|s| {
        let texts: Vec<Vec<String>> = (0..5).map(|_| vec!["12345 789\n".repeat(10)]).collect();
        let lines = s.queue_text_stream(Queue::from(texts));
        lines.window(Window::every_batch(secs(3))).count().for_each_rdd(|rdd, _| look(&rdd));
        let words = lines.words();
        words
            .count_by_value_and_window(Window::every_batch(secs(2)))
            .for_each_rdd(|rdd, _| look(&rdd));
    });
    let mut kept = Vec::new();
    for _ in 0..7 {
        rig.batches(1);
        kept.push(rig.last_report().window_bytes);
    }
    // A window of three batches needs the last two when the next one comes.
    assert_eq!(kept, [100, 200, 200, 200, 200, 100, 0]);
    assert!(rig.last_report().memory_limit_bytes > 0);
    let reports = rig.reports.lock().unwrap();
    let entries = reports.iter().map(|report| {
        let stages = report.stages.iter();
        stages.filter(|stage| stage.name == "count_by_value_and_window").map(|s| s.entries).sum()
    });
    assert_eq!(entries.collect::<Vec<u64>>(), [2, 2, 4, 4, 4, 2, 2]);
}

#[test]
fn a_stream_goes_on_from_a_snapshot_on_the_grid_of_its_slides() {
    fn describe(numbers: &Queue<(char, i64)>, into: &Collector<(char, i64)>, s: &Scope<'_>) {
        let pairs = s.recoverable_queue_stream(numbers);
        let every_2_s = Window::sliding(secs(4), secs(2));
        into.collect(&pairs.reduce_by_key_and_window(|a, b| a + b, every_2_s).named("window"));
        into.collect(&pairs.window(every_2_s).reduce_by_key(|a, b| a + b));
        into.collect(&pairs.update_state_by_key(sum).named("sums").map(|(k, n)| (k, *n)));
        let spec = StateSpec::new().timeout(secs(2));
        let mapped = pairs.map_with_state(spec, |key, n, state| {
            let sum = state.get().copied().unwrap_or(0) + n.unwrap_or(0);
            if !state.is_timing_out() {
                state.update(sum);
            }
            (key, -sum)
        });
        into.collect(&mapped.named("mapped"));
    }
    let run = |snapshot_after: Option<usize>| {
        let numbers =
            Queue::from((0..9).map(|i| vec![('a', 1 << i), ('b', i)]).collect::<Vec<_>>());
        let into = Collector::new();
        let start = |clock: ManualClock, snapshot| {
            let (numbers, into) = (numbers.clone(), into.clone());
            Rig::restart(clock, snapshot, move |s| describe(&numbers, &into, s))
        };
        let mut rig = start(ManualClock::at(Time::default()), None);
        let first = snapshot_after.unwrap_or(0);
        rig.batches(first);
        if snapshot_after.is_some() {
            let snapshot = rig.running.snapshot().unwrap();
            assert_eq!(snapshot.time(), rig.clock.now());
            assert_eq!(snapshot.operators().collect::<Vec<_>>(), ["mapped", "sums", "window"]);
            let clock = rig.clock.clone();
            drop(rig);
            rig = start(clock, Some(snapshot));
        }
        rig.batches(14 - first);
        sorted(records(&into))
    };
    let whole = run(None);
    for batches in [1, 3, 4, 7, 12] {
        assert_eq!(run(Some(batches)), whole, "after {batches} batches");
    }
}

#[test]
fn a_snapshot_that_does_not_fit_is_refused_or_its_misfits_are_named() {
    let snapshot = || {
        let rig = Rig::start(|s| {
            s.queue_stream([vec![('a', 1)]])
                .update_state_by_key(sum)
                .named("sums")
                .for_each_rdd(|rdd, _| look(&rdd));
        });
        rig.batches(1);
        rig.running.snapshot().unwrap()
    };
    let start = |interval, name: &'static str| {
        let conf = Conf::new("kept").clock(ManualClock::at(Time::default()));
        let ssc = StreamingContext::new(conf.warnings_on_stderr(false), interval).unwrap();
        ssc.restore(snapshot());
        ssc.start(move |s| {
            let lines = s.queue_stream([vec![('a', "text".to_string())]]);
            lines
                .update_state_by_key(|_, old: Option<Vec<String>>| old.or(Some(vec![])))
                .named(name)
                .for_each_rdd(|_, _| {});
            Ok(())
        })
    };
    let e = start(secs(2), "sums").err().unwrap().to_string();
    assert!(e.contains("1000 ms") && e.contains("2000 ms"), "{e}");
    let e = start(secs(1), "sums").err().unwrap().to_string();
    assert!(e.contains("sums cannot be restored") && e.contains("give this one a name"), "{e}");
    assert!(start(secs(1), "others").is_ok());
}

#[test]
fn a_snapshot_needs_items_that_can_be_written_and_a_stream_that_runs() {
    let rig = Rig::start(|s| {
        s.queue_stream([vec!["text"]])
            .window(Window::every_batch(secs(2)))
            .for_each_rdd(|rdd, _| look(&rdd));
    });
    rig.batches(1);
    let e = rig.running.snapshot().err().unwrap().to_string();
    assert!(e.contains("recoverable_queue_stream"), "{e}");
    rig.running.stop(Stop::Now).unwrap();
    let e = rig.running.snapshot().err().unwrap().to_string();
    assert!(e.contains("has stopped"), "{e}");
}
