//! What is wrong in a description fails the start, in a sentence with the operation, the numbers and
//! the way out.

use millstream::{
    Conf, Duration, Framing, ManualClock, Scope, StateSpec, StreamingContext, Time, Window, mins,
    secs, testing,
};

/// The sentence with which the start of such streams fails, with batches of a second.
fn refused(setup: impl for<'b> Fn(&Scope<'b>) + Send + Sync + 'static) -> String {
    refused_with(Conf::new("definitions"), setup)
}

fn refused_with(conf: Conf, setup: impl for<'b> Fn(&Scope<'b>) + Send + Sync + 'static) -> String {
    let conf = conf.clock(ManualClock::at(Time::default())).warnings_on_stderr(false);
    let ssc = StreamingContext::new(conf, secs(1)).unwrap();
    let started = ssc.start(move |s| {
        setup(s);
        Ok(())
    });
    started.err().expect("the start is refused").to_string()
}

#[track_caller]
fn says(sentence: &str, parts: &[&str]) {
    for part in parts {
        assert!(sentence.contains(part), "{part:?} is not in {sentence:?}");
    }
}

#[test]
fn a_window_that_is_no_multiple_of_the_batch_interval() {
    let e = refused(|s| {
        let window = Window::sliding(Duration::from_millis(2500), secs(1));
        s.queue_stream([vec![1]]).window(window).print();
    });
    says(&e, &["window:", "length of 2500 ms", "1000 ms", "choose"]);
    let e = refused(|s| {
        let window = Window::sliding(secs(3), Duration::ZERO);
        s.queue_stream([vec![1]]).reduce_by_window(|a, b| a + b, window).print();
    });
    says(&e, &["reduce_by_window:", "slide of 0 ms", "1000 ms"]);
}

#[test]
fn a_window_over_a_window_goes_by_the_slide_of_that_one() {
    let e = refused(|s| {
        let every_2_s = s.queue_stream([vec![1]]).window(Window::tumbling(secs(2)));
        every_2_s.count_by_window(Window::tumbling(secs(3))).print();
    });
    says(&e, &["count_by_window:", "length of 3000 ms", "slide of 2000 ms"]);
}

#[test]
fn streams_of_different_slides_brought_together() {
    fn slow_and_fast(bring: impl for<'b> Fn(&Scope<'b>) + Send + Sync + 'static) {
        says(&refused(bring), &["1000 ms", "2000 ms", "same slide"]);
    }
    slow_and_fast(|s| {
        let pairs = s.queue_stream([vec![(1, 'a')]]);
        pairs.join(&pairs.window(Window::tumbling(secs(2)))).for_each_rdd(|_, _| {});
    });
    slow_and_fast(|s| {
        let numbers = s.queue_stream([vec![1]]);
        numbers.union(&numbers.window(Window::tumbling(secs(2)))).print();
    });
    slow_and_fast(|s| {
        let numbers = s.queue_stream([vec![1]]);
        let slow = numbers.window(Window::tumbling(secs(2))).boxed();
        s.union([numbers.boxed(), slow]).print();
    });
    slow_and_fast(|s| {
        let numbers = s.queue_stream([vec![1]]);
        let slow = numbers.window(Window::tumbling(secs(2)));
        numbers.transform_with(&slow, |a, _, _| a).print();
    });
}

#[test]
fn a_window_of_raw_records_that_the_memory_cannot_hold() {
    let e = refused_with(Conf::new("definitions").memory_bytes(16 << 20), |s| {
        let lines = s.listen_text_stream("127.0.0.1:0");
        lines.window(Window::every_batch(mins(1))).count().print();
    });
    says(
        &e,
        &["listener 127.0.0.1:0", "60 batches", "67710976 bytes", "memory", "Conf::memory_bytes"],
    );
}

#[test]
fn a_window_of_raw_records_over_state_whose_type_is_forgotten() {
    let e = refused(|s| {
        let pairs = s.queue_stream([vec![(1, 1)]]);
        let sums = pairs
            .update_state_by_key(|new, old: Option<i32>| Some(old.unwrap_or(0) + new.len() as i32));
        sums.map(|(key, sum)| (key, *sum)).boxed().window(Window::every_batch(secs(2))).print();
    });
    says(&e, &["window:", "depends on state", "reduce_by_key_and_window"]);
}

#[test]
fn timeouts_and_partitions_that_cannot_be() {
    let e = refused(|s| {
        let spec = StateSpec::new().timeout(Duration::from_millis(-5));
        s.queue_stream([vec![(1, 1)]]).map_with_state(spec, |_, n, state| state.update(n)).print();
    });
    says(&e, &["map_with_state:", "-5 ms", "at least 1 ms"]);
    let e = refused(|s| {
        let spec = StateSpec::new().partitions(0);
        s.queue_stream([vec![(1, 1)]]).map_with_state(spec, |_, n, state| state.update(n)).print();
    });
    says(&e, &["map_with_state:", "partitions is 0", "1 to 65536"]);
    let e = refused(|s| {
        let spec = StateSpec::new().timeout(secs(5));
        let pairs = s.queue_stream([vec![(1, 1)]]);
        pairs.update_state_by_key_with(spec, |_, _, _, old: Option<i32>| old).print();
    });
    says(&e, &["update_state_by_key_with:", "5000 ms", "returning None"]);
    for partitions in [0, 65_537, usize::MAX] {
        let e = refused(move |s| s.queue_stream([vec![1]]).repartition(partitions).print());
        says(&e, &["repartition:", &format!("is {partitions};"), "1 to 65536"]);
    }
    let e = refused(|s| {
        let numbers = s.queue_stream([vec![1]]);
        numbers.transform_history(0, |mut rdds, _| rdds.remove(0)).print();
    });
    says(&e, &["transform_history:", "0"]);
}

#[test]
fn names_that_cannot_tell_states_apart() {
    let e = refused(|s| {
        let pairs = s.queue_stream([vec![(1, 1)]]);
        for _ in 0..2 {
            let window = Window::every_batch(secs(2));
            pairs.reduce_by_key_and_window(|a, b| a + b, window).named("sums").print();
        }
    });
    says(&e, &["\"sums\"", "names tell states apart"]);
    let e = refused(|s| s.queue_stream([vec![1]]).map(|n| n + 1).named("more").print());
    says(&e, &["named(\"more\")", "keeps nothing"]);
    let e = refused(|s| {
        let counts = s.queue_stream([vec![1]]).count_by_window(Window::every_batch(secs(2)));
        counts.named("first").named("second").print();
    });
    says(&e, &["a second name is \"second\", after \"first\"", "one name"]);
    let e = refused(|s| {
        s.queue_stream([vec![1]]).window(Window::every_batch(secs(2))).named("").print();
    });
    says(&e, &["the name is empty"]);
}

#[test]
fn servers_that_can_never_answer() {
    for target in ["", "localhost", ":7777", "localhost:0", "localhost:65536", "localhost:http"] {
        let e = refused(move |s| s.socket_text_stream(target).print());
        says(&e, &["socket_text_stream:", &format!("{target:?}"), "HOST:PORT", "65535"]);
    }
    let e = refused(|s| s.socket_stream("nowhere", Framing::Lines).map(<[u8]>::len).print());
    says(&e, &["socket_stream:", "\"nowhere\"", "HOST:PORT"]);
}

#[test]
fn paths_that_are_none_of_this_machine() {
    for directory in ["", "hdfs://host/in", "in\0"] {
        let e = refused(move |s| s.text_file_stream(directory).print());
        says(&e, &["directory", &format!("text_file_stream({directory:?})"), "without a scheme"]);
    }
    let e = refused(|s| s.queue_stream([vec![1]]).save_as_text_files("hdfs://host/out", ""));
    says(&e, &["save_as_text_files:", "prefix", "\"hdfs://host/out\"", "without a scheme"]);
    let e = refused(|s| s.queue_stream([vec![1]]).save_as_text_files("out", "/../txt"));
    says(&e, &["save_as_text_files:", "suffix", "\"/../txt\"", "go into the prefix"]);
}

#[test]
fn a_history_longer_than_any_run_has_what_there_is() {
    let out = testing::run(secs(1), 2, |s, out| {
        let ones = s.queue_stream([vec![1], vec![2]]);
        let all =
            ones.transform_history(usize::MAX, |rdds, _| rdds[0].union(&rdds[rdds.len() - 1]));
        out.collect(&all);
        Ok(())
    });
    assert_eq!(out.unwrap(), [[1, 1], [1, 2]]);
}

#[test]
fn a_window_longer_than_any_clock_keeps_everything() {
    let longest = Duration::from_millis(i64::MAX / 1000 * 1000);
    let out = testing::run(secs(1), 3, move |s, out| {
        let numbers = s.queue_stream([vec![1], vec![2], vec![3]]);
        let window = Window::every_batch(longest);
        out.collect(&numbers.reduce_by_window(|a, b| a + b, window));
        Ok(())
    });
    assert_eq!(out.unwrap(), [[1], [3], [6]]);
}

#[test]
fn the_first_thing_that_is_wrong_is_named() {
    let e = refused(|s| {
        let numbers = s.queue_stream([vec![1]]);
        numbers.window(Window::tumbling(Duration::from_millis(1))).print();
        numbers.repartition(0).print();
    });
    says(&e, &["length of 1 ms"]);
}
