//! Words that are counted for ever: `cargo run --example round_the_clock counts.job 127.0.0.1:7777`, and
//! `loadgen send --acknowledged --connect 127.0.0.1:7777` for the words. Kill it as often as you like, and
//! start it again: no word is lost, and none is counted twice.

use millstream::{BoxError, Conf, StreamingContext, secs};

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let job = arguments.next().ok_or("in which directory? as in counts.job")?;
    let address = arguments.next().ok_or("where to listen? as in 127.0.0.1:7777")?;

    let conf = Conf::new("round the clock").write_ahead_log(true);
    let ssc = StreamingContext::get_or_create(&job, || StreamingContext::new(conf, secs(1)))?;
    let results = format!("{job}.results/counts");
    let running = ssc.start(move |s| {
        let words = s.acknowledged_text_stream(&address).words();
        let totals = words.map(|word| (word, 1)).update_state_by_key(|new: &[u64], old| {
            Some(old.unwrap_or(0) + new.iter().sum::<u64>())
        });
        totals
            .map(|(word, total)| format!("{word} {total}"))
            .save_as_text_files(results.as_str(), "txt");
        totals.count().print();
        Ok(())
    })?;
    running.stop_on_signals()?;
    let stopped = running.await_termination()?;
    eprintln!("{stopped}");
    if stopped.drained { Ok(()) } else { Err("start it again to go on with what is left".into()) }
}
