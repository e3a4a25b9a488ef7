//! Keys that come, have some records, and never come again: what is kept of them must go.

use millstream::{DStream, Duration, Pipe, Replay, StateSpec, Text, Window};

use super::record_of;

/// A key has so many records of one sender in a row.
const RECORDS_A_KEY: u64 = 1000;

/// How many batches windows have.
const WINDOW_BATCHES: i64 = 10;

/// A key without records for so many batches is gone.
const TIMEOUT_BATCHES: i64 = 5;

/// A state with a timeout, a running window, one of two stacks, and one of raw records, each read to its end.
pub(super) fn describe<'b, P: Replay<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, batch: Duration) {
    let keys = lines.flat_map(|line| {
        let record = record_of(line.text())?;
        Some(((record.source, record.sequence / RECORDS_A_KEY), 1u64))
    });
    let window = Window::every_batch(batch * WINDOW_BATCHES);
    let counts = keys.reduce_by_key(|a, b| a + b);

    let spec = StateSpec::new().timeout(batch * TIMEOUT_BATCHES);
    read(&counts.map_with_state(spec, |_, new: Option<u64>, state| {
        if let Some(new) = new {
            let so_far: u64 = state.get().copied().unwrap_or(0);
            state.update(so_far + new);
        }
    }));
    read(&keys.reduce_by_key_and_window_with_inverse(|a, b| a + b, |a, b| a - b, window));
    read(&keys.reduce_by_key_and_window(u64::max, window));
    read(&lines.window(Window::every_batch(batch * 3)));
}

fn read<'b, P: Pipe<'b>>(stream: &DStream<'b, P>) {
    stream.count().for_each_rdd(|counted, _| drop(counted.collect()));
}
