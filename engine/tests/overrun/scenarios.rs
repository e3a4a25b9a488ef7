//! One batch that overruns, and what comes after it.

use std::sync::Arc;

use millstream::testing::Collector;
use millstream::{BoxError, Conf, Overrun, Queue, Scope, Window, millis, secs};

use crate::rig::{Gate, Rig, at, conf};

/// Numbers of a queue, of which each batch takes all that wait, through a gate.
fn numbers(conf: Conf, slide: Option<u64>) -> (Rig, Queue<u32>, Collector<u32>, Collector<u32>) {
    let (queue, all, slid) = (Queue::new(), Collector::new(), Collector::new());
    let (items, each, windows) = (queue.clone(), all.clone(), slid.clone());
    let setup = move |s: &Scope<'_>, gate: &Arc<Gate>| -> Result<(), BoxError> {
        let numbers = s.queue_stream_of_all(&items);
        let (gate, each) = (gate.clone(), each.clone());
        numbers.for_each_rdd(move |rdd, time| {
            each.push(time, rdd.collect());
            gate.pass(time);
        });
        if let Some(slide) = slide {
            windows.collect(&numbers.window(Window::tumbling(secs(slide))));
        }
        Ok(())
    };
    (Rig::start(conf, setup), queue, all, slid)
}

/// That at 1 s runs until 4.5 s; a number comes each second, before its due time.
fn one_overrun(rig: &Rig, queue: &Queue<u32>) {
    queue.push(vec![1]);
    rig.hand.advance(secs(1));
    rig.batch_at(at(1));
    for number in 2..=4 {
        queue.push(vec![number]);
    }
    rig.hand.advance(millis(3500));
    rig.open();
}

fn go_through(rig: &Rig, times: &[i64]) {
    for &time in times {
        rig.batch_at(at(time));
        rig.open();
    }
}

fn in_seconds(collected: &Collector<u32>) -> Vec<(i64, Vec<u32>)> {
    let batches = collected.take().into_iter();
    batches.map(|(time, numbers)| (time.as_millis() / 1000, numbers)).collect()
}

#[test]
fn a_queue_has_a_batch_for_each_due_time() {
    let (rig, queue, all, _) = numbers(conf(Overrun::Queue), None);
    one_overrun(&rig, &queue);
    go_through(&rig, &[2, 3, 4]);
    rig.wait_for(at(4));
    assert_eq!(rig.batches(), [(1, 1), (2, 1), (3, 1), (4, 1)]);
    let expected = [(1, vec![1]), (2, vec![2, 3, 4]), (3, vec![]), (4, vec![])];
    assert_eq!(in_seconds(&all), expected);
    assert!(rig.warnings().is_empty());
}

#[test]
fn where_due_times_coalesce_the_last_of_them_has_it_all() {
    let (rig, queue, all, _) = numbers(conf(Overrun::Coalesce), None);
    one_overrun(&rig, &queue);
    go_through(&rig, &[4]);
    rig.hand.advance(millis(500));
    go_through(&rig, &[5]);
    rig.wait_for(at(5));
    assert_eq!(rig.batches(), [(1, 1), (4, 3), (5, 1)]);
    assert_eq!(in_seconds(&all), [(1, vec![1]), (4, vec![2, 3, 4]), (5, vec![])]);
}

#[test]
fn where_due_times_are_skipped_the_next_one_has_it_all() {
    let (rig, queue, all, _) = numbers(conf(Overrun::Skip), None);
    one_overrun(&rig, &queue);
    rig.wait_for(at(1));
    queue.push(vec![5]);
    rig.hand.advance(millis(500));
    go_through(&rig, &[5]);
    rig.wait_for(at(5));
    rig.hand.advance(secs(1));
    go_through(&rig, &[6]);
    rig.wait_for(at(6));
    assert_eq!(rig.batches(), [(1, 1), (5, 4), (6, 1)]);
    assert_eq!(in_seconds(&all), [(1, vec![1]), (5, vec![2, 3, 4, 5]), (6, vec![])]);
}

#[test]
fn no_window_is_left_out_whose_slide_is_longer_than_the_interval() {
    for (policy, expected) in [
        (Overrun::Coalesce, vec![(1, 1), (2, 1), (4, 2), (5, 1), (6, 1)]),
        (Overrun::Skip, vec![(1, 1), (2, 1), (4, 2), (5, 1), (6, 1)]),
    ] {
        let (rig, queue, _, slid) = numbers(conf(policy), Some(2));
        one_overrun(&rig, &queue);
        go_through(&rig, &[2, 4]);
        rig.wait_for(at(4));
        for (time, half) in [(5, 500), (6, 1000)] {
            rig.hand.advance(millis(half));
            go_through(&rig, &[time]);
            rig.wait_for(at(time));
        }
        assert_eq!(rig.batches(), expected);
        assert_eq!(in_seconds(&slid), [(2, vec![1, 2, 3, 4]), (4, vec![]), (6, vec![])]);
    }
}

#[test]
fn of_a_backlog_that_is_full_the_oldest_are_merged_and_it_is_said() {
    let (rig, queue, all, _) = numbers(conf(Overrun::Queue).max_backlog(2), None);
    one_overrun(&rig, &queue);
    go_through(&rig, &[3, 4]);
    rig.wait_for(at(4));
    assert_eq!(rig.batches(), [(1, 1), (3, 2), (4, 1)]);
    assert_eq!(in_seconds(&all), [(1, vec![1]), (3, vec![2, 3, 4]), (4, vec![])]);
    let [warning] = &rig.warnings()[..] else { panic!("{:?}", rig.warnings()) };
    assert!(warning.contains("3 batches wait") && warning.contains("oldest 2"), "{warning}");
    assert!(warning.contains("Conf::max_backlog"), "{warning}");
}

#[test]
fn a_queue_of_one_dataset_a_batch_goes_on_with_one_a_batch() {
    let (queue, all) = (Queue::new(), Collector::new());
    let (items, each) = (queue.clone(), all.clone());
    let rig = Rig::start(conf(Overrun::Coalesce), move |s, gate| {
        let (gate, each) = (gate.clone(), each.clone());
        s.queue_stream(&items).for_each_rdd(move |rdd, time| {
            each.push(time, rdd.collect());
            gate.pass(time);
        });
        Ok(())
    });
    one_overrun(&rig, &queue);
    go_through(&rig, &[4]);
    rig.hand.advance(millis(500));
    go_through(&rig, &[5]);
    rig.wait_for(at(5));
    assert_eq!(in_seconds(&all), [(1, vec![1]), (4, vec![2]), (5, vec![3])]);
}

#[test]
fn a_graceful_stop_with_a_backlog_processes_everything() {
    for policy in [Overrun::Queue, Overrun::Coalesce, Overrun::Skip] {
        let rig = Rig::start(conf(policy), |s, gate| {
            let gate = gate.clone();
            s.listen_text_stream(":0").for_each_rdd(move |_, time| gate.pass(time));
            Ok(())
        });
        rig.hand.advance(secs(1));
        rig.batch_at(at(1));
        rig.send_and_wait("one\ntwo\n");
        rig.hand.advance(millis(3500));
        rig.send("three\n");
        let reports = rig.end();
        assert_eq!(reports.iter().map(|report| report.records).sum::<u64>(), 3, "{policy:?}");
        let mut last = at(0);
        for report in reports {
            assert_eq!(report.batch_time(), last + secs(report.covers_batches), "{policy:?}");
            last = report.batch_time();
        }
    }
}
