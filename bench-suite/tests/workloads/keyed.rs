//! Sums by key, and the sessions of keys.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::fed::{Batch, Fed};

#[test]
fn sums_are_those_of_the_lines_that_parse() {
    let mut fed = Fed::start("key-sum", 1, &[]);
    let numbered: String = (0..5000).map(|n| format!("key {}\t{}\n", n % 97, n - 4000)).collect();
    for lines in
        ["a\t1\nb\t-20\na\t3\tmore\n", "no tab\na\tx\n\nb\t9223372036854775808\n", &numbered]
    {
        fed.send(0, lines);
    }
    let (batches, totals) = fed.end();
    let mut total = 0;
    for batch in &batches {
        let (mut keys, mut sum, mut unparsed) = (HashMap::new(), 0, 0);
        for line in batch.lines() {
            let mut columns = line.split('\t');
            let (key, value) = (columns.next().unwrap(), columns.next().unwrap_or_default());
            match value.parse::<i64>() {
                Ok(value) => {
                    keys.insert(key, ());
                    sum += value;
                }
                Err(_) => unparsed += 1,
            }
        }
        assert_eq!(batch.result, json!({ "keys": keys.len(), "sum": sum }));
        assert_eq!(batch.unparsed, unparsed);
        total += sum;
    }
    assert!(total < 0);
    assert_eq!(totals, json!({ "sum": total }));
}

/// What the sessions of each batch must be: by the batches' times, which the job says.
fn sessions(batches: &[Batch], idle_ms: i64) -> Vec<Value> {
    let mut touched_ms: HashMap<&str, i64> = HashMap::new();
    let mut expected = Vec::new();
    for batch in batches {
        let (mut started, before) = (0, batch.time_ms - idle_ms);
        for line in batch.lines() {
            let key = match line.split_once('\t') {
                Some((key, _)) => Some(key),
                None => line.split_whitespace().next(),
            };
            if let Some(key) = key {
                started += u64::from(touched_ms.insert(key, batch.time_ms).is_none());
            }
        }
        let open = touched_ms.len();
        touched_ms.retain(|_, &mut at_ms| at_ms >= before);
        let ended = open - touched_ms.len();
        expected.push(json!({ "started": started, "ended": ended, "open": open - ended }));
    }
    expected
}

#[test]
fn a_session_starts_with_a_line_and_ends_when_its_key_is_idle() {
    let ended = |wanted: u64| {
        move |reports: &[Value]| {
            reports.iter().map(|r| r["result"]["ended"].as_u64().unwrap()).sum::<u64>() == wanted
        }
    };
    let mut fed = Fed::start("sessions", 1, &["--idle", "300ms"]);
    let many: String = (0..1000).map(|n| format!("user {}\tclick {n}\n", n % 250)).collect();
    fed.send(0, "ann\tlogs in\nbob looks\n\n \t \nann\tlooks\n");
    fed.wait_until(ended(3));
    fed.send(0, "ann\tis back\n");
    fed.send(0, &many);
    fed.wait_until(ended(254));
    let (batches, totals) = fed.end();
    for (batch, expected) in batches.iter().zip(sessions(&batches, 300)) {
        assert_eq!(batch.result, expected, "at {}", batch.time_ms);
    }
    assert_eq!(totals, json!({ "started": 254, "ended": 254 }));
}
