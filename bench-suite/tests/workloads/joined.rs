//! Two streams joined by key.

use std::io::Write;
use std::net::TcpListener;

use serde_json::json;

use crate::fed::{Batch, Fed};

/// The obvious join: every line of the first source against every line of all others.
fn joined(window: &[Batch]) -> usize {
    let pairs = |batch: &Batch, first: bool| -> Vec<String> {
        let (left, right) = batch.sources.split_at(1);
        let lines = if first { left } else { right };
        let keys = lines.iter().flatten().filter_map(|line| line.split_once('\t'));
        keys.map(|(key, _)| key.to_owned()).collect()
    };
    let left: Vec<String> = window.iter().flat_map(|batch| pairs(batch, true)).collect();
    let right: Vec<String> = window.iter().flat_map(|batch| pairs(batch, false)).collect();
    left.iter().map(|key| right.iter().filter(|other| *other == key).count()).sum()
}

fn lines(keys: usize) -> String {
    (0..keys).map(|i| format!("key {}\tvalue {i}\n", i % 40)).collect()
}

#[test]
fn without_a_window_each_batch_is_joined_by_itself() {
    let mut fed = Fed::start("stream-join", 3, &[]);
    let (first, second, third) = (lines(50), lines(70), lines(90) + "no tab\n");
    fed.send(0, &first);
    fed.send(1, &second);
    // What is sent at once may still come in two batches.
    let met = (0..100).any(|_| {
        fed.send_all(&[(0, &first), (1, &second), (2, &third)]);
        fed.has_found(|result| result["joined"].as_u64() > Some(0))
    });
    assert!(met);
    let (batches, totals) = fed.end();
    for batch in batches.chunks(1) {
        assert_eq!(batch[0].result, json!({ "joined": joined(batch) }));
    }
    assert_eq!(totals["joined"], batches.chunks(1).map(joined).sum::<usize>());
}

#[test]
fn in_a_window_lines_of_different_batches_meet() {
    let mut fed = Fed::start("stream-join", 3, &["--window", "500ms"]);
    let met = (0..100).any(|_| {
        (0..3).for_each(|source| fed.send(source, &lines(100 + source)));
        fed.has_found(|result| result["joined"].as_u64() > Some(0))
    });
    assert!(met);
    let (batches, totals) = fed.end();
    for end in 1..=batches.len() {
        let expected = joined(&batches[end.saturating_sub(5)..end]);
        assert_eq!(batches[end - 1].result, json!({ "joined": expected }));
    }
    assert_eq!(totals, json!({}), "windows overlap");
}

#[test]
fn two_connections_to_one_server_are_two_sources_and_so_is_a_listener() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap().to_string();
    let flags = ["--connect", &address, "--connections", "2", "--listen", "0", "--window", "1m"];
    let mut fed = Fed::start("stream-join", 0, &flags);
    // Whichever of the two is the first source, the other has its key.
    let mut connections = [server.accept().unwrap().0, server.accept().unwrap().0];
    connections.iter_mut().for_each(|connection| connection.write_all(b"key\tvalue\n").unwrap());
    fed.wait_until(|reports| {
        reports.last().is_some_and(|last| {
            let listener = last["sources"][2]["name"].as_str().unwrap();
            listener.starts_with("listener") && last["result"] == json!({ "joined": 1 })
        })
    });
}
