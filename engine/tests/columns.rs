//! Typed columns: what does not parse is left out or fails its batch, and is counted exactly,
//! wherever and however often its partition is run.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use millstream::progress::{BatchReport, Listener};
use millstream::testing::{self, Collector};
use millstream::{BoxError, Conf, Scope, Unparsed, Window, secs};

/// The reports of all batches.
#[derive(Clone, Default)]
struct Reports(Arc<Mutex<Vec<BatchReport>>>);

impl Listener for Reports {
    fn batch_completed(&self, report: &BatchReport) {
        self.0.lock().unwrap().push(report.clone());
    }
}

impl Reports {
    fn unparsed(&self) -> Vec<u64> {
        self.0.lock().unwrap().iter().map(|report| report.unparsed).collect()
    }
}

/// What came out, and how many records of each batch did not parse.
fn run(
    conf: Conf,
    batches: usize,
    setup: impl for<'b> Fn(&Scope<'b>, &Collector<String>) -> Result<(), BoxError>
    + Send
    + Sync
    + 'static,
) -> (millstream::Result<Vec<Vec<String>>>, Vec<u64>) {
    let reports = Reports::default();
    let conf = conf.listener(reports.clone());
    let out = testing::run_with(conf, secs(1), batches, setup).map(testing::sorted);
    (out, reports.unparsed())
}

fn conf() -> Conf {
    Conf::new("columns").parallelism(2)
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

#[test]
fn pairs_feed_a_reduction_and_each_batch_counts_its_own() {
    for early in [true, false] {
        let (out, unparsed) = run(conf().early_work(early), 3, |s, out| {
            let lines = s.queue_text_stream([
                texts(["a\t1\nb\t2\nnone\na\tx\n", "a\t5\tmore\n"]),
                texts(["\t\n"]),
            ]);
            let sums = lines.fields('\t').parse::<(&str, i64)>().reduce_by_key(|a, b| a + b);
            out.collect(&sums.map(|(key, sum)| format!("{key}={sum}")));
            Ok(())
        });
        assert_eq!(out.unwrap(), [vec!["a=6", "b=2"], vec![], vec![]]);
        assert_eq!(unparsed, [2, 1, 0]);
    }
}

#[test]
fn columns_and_texts_are_counted_together_and_for_every_output() {
    let (out, unparsed) = run(conf(), 1, |s, out| {
        let lines = s.queue_text_stream([texts(["a 1\nb\nc x\nd 4\n"])]);
        let numbers = lines.fields(' ').field(1).parse::<u8>();
        out.collect(&numbers.map(|n| n.to_string()));
        numbers.for_each_rdd(|rdd, _| assert_eq!(rdd.count(), 2));
        Ok(())
    });
    assert_eq!(out.unwrap(), [["1", "4"]]);
    assert_eq!(unparsed, [4], "a missing column and a letter, twice");
}

#[test]
fn an_output_that_stops_early_counts_as_far_as_it_has_read() {
    let (_, unparsed) = run(conf().parallelism(1), 1, |s, _| {
        let numbers = s.queue_stream([vec!["x", "1", "y", "2", "z"]]).parse::<i32>();
        numbers.for_each_rdd(|rdd, _| assert_eq!(rdd.take(2), [1, 2]));
        Ok(())
    });
    assert_eq!(unparsed, [2]);
}

#[test]
fn a_task_that_is_tried_again_counts_once() {
    for early in [true, false] {
        let attempts = Arc::new(AtomicU32::new(0));
        let (out, unparsed) = run(conf().early_work(early), 1, move |s, out| {
            let attempts = attempts.clone();
            let numbers = s.queue_text_stream([texts(["1\nx\n2\ny\n3\n"])]).parse::<u64>();
            // Two attempts end in a panic at the last record, behind those that do not parse.
            let tried = numbers.map(move |n| {
                assert!(n < 3 || attempts.fetch_add(1, Ordering::SeqCst) >= 2, "not yet");
                n
            });
            out.collect(&tried.reduce(|a, b| a + b).map(|sum| sum.to_string()));
            Ok(())
        });
        assert_eq!(out.unwrap(), [["6"]]);
        assert_eq!(unparsed, [2]);
    }
}

#[test]
fn a_task_that_fails_behind_its_partition_counts_once() {
    let (out, unparsed) = run(conf().parallelism(1), 1, |s, out| {
        let attempts = Arc::new(AtomicU32::new(0));
        let numbers = s.queue_stream([vec!["1", "x", "2"]]).parse::<u64>();
        let sums = numbers.map_partitions(move |numbers| {
            let sum: u64 = numbers.sum();
            assert!(attempts.fetch_add(1, Ordering::SeqCst) > 0, "not yet");
            [sum.to_string()]
        });
        out.collect(&sums);
        Ok(())
    });
    assert_eq!(out.unwrap(), [["3"]]);
    assert_eq!(unparsed, [1]);
}

#[test]
fn a_strict_batch_fails_with_the_record_and_the_next_one_goes_on() {
    let strict = || conf().parallelism(1).unparsed(Unparsed::Fail);
    let (out, unparsed) = run(strict(), 2, |s, out| {
        let lines = s.queue_text_stream([texts(["a\tone\x07\nb\ttwo\n"]), texts(["a\t1\n"])]);
        let pairs = lines.fields('\t').parse::<(&str, i64)>();
        out.collect(&pairs.map(|(key, n)| format!("{key}={n}")));
        Ok(())
    });
    let sentence = out.unwrap_err().to_string();
    for part in [
        "batch 1000 ms failed",
        r#""one\u{7}", column 1 (counted from 0) of "a\tone\u{7}", is no i64"#,
        "Conf::unparsed(Unparsed::Skip)",
    ] {
        assert!(sentence.contains(part), "{part}: {sentence}");
    }
    assert_eq!(unparsed, [1, 0]);

    let (out, _) = run(strict(), 1, |s, out| {
        out.collect(&s.queue_stream([vec!["a b"]]).fields(' ').field(2).map(str::to_owned));
        Ok(())
    });
    let sentence = out.unwrap_err().to_string();
    assert!(sentence.contains("column 2 (counted from 0)"), "{sentence}");
    assert!(sentence.contains(r#"is missing in "a b""#), "{sentence}");
}

#[test]
fn fields_are_shown_as_the_line_came() {
    let (out, unparsed) = run(conf(), 1, |s, out| {
        let fields = s.queue_text_stream([texts(["a;b;;\n"])]).fields(';');
        out.collect(&fields.map(|fields| {
            format!("{} {}", millstream::show::shown(&fields), fields.iter().count())
        }));
        Ok(())
    });
    assert_eq!(out.unwrap(), [["a;b;; 4"]]);
    assert_eq!(unparsed, [0]);
}

#[test]
fn a_window_counts_the_batches_that_it_reads_again() {
    let (out, unparsed) = run(conf(), 3, |s, out| {
        let numbers = s.queue_stream([vec!["1", "x"], vec!["y", "z", "2"]]).parse::<u8>();
        let window = numbers.window(Window::sliding(secs(2), secs(1)));
        out.collect(&window.map(|n| n.to_string()));
        Ok(())
    });
    assert_eq!(out.unwrap(), [vec!["1"], vec!["1", "2"], vec!["2"]]);
    assert_eq!(unparsed, [1, 3, 2]);
}
