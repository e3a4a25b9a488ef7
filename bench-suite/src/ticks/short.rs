//! Short batches under load: how late after its time the result of each is out.

use std::net::SocketAddr;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use millstream::progress::{BatchReport, Listener};
use millstream::{Conf, Stop, StreamingContext};

use super::Lateness;
use super::lateness::Noted;

/// A stream that falls behind may take this much longer.
const PATIENCE: Duration = Duration::from_secs(25);

/// How late the batches of a word count are, from their time to the end of their output and of what
/// they leave, once `warm_up` has passed after the first line, and for as long as `run_for`.
pub fn short_batches(
    server: SocketAddr,
    batch: millstream::Duration,
    warm_up: Duration,
    run_for: Duration,
) -> Result<Lateness> {
    let (done, all_done) = channel();
    let watch = Watch::new(batch, warm_up, run_for, done);
    // The last batch is cut off, which is no news.
    let conf = Conf::new("short batches").listener(watch.clone()).warnings_on_stderr(false);
    let ssc = StreamingContext::new(conf, batch)?;
    let running = ssc.start(move |s| {
        let words = s.socket_text_stream(server.to_string()).words();
        words.map(|word| (word, 1u64)).reduce_by_key(|a, b| a + b).for_each_rdd(|rdd, _| {
            std::hint::black_box(rdd.count());
        });
        Ok(())
    })?;
    let ended = all_done.recv_timeout(warm_up + run_for + PATIENCE);
    running.stop(Stop::Now)?;
    let watched = watch.0.lock().unwrap_or_else(PoisonError::into_inner);
    if ended == Err(RecvTimeoutError::Timeout) {
        bail!(
            "{} of the batches have not come {} s after their time: the machine is too busy, or \
             nothing was sent; run it again",
            watched.left,
            PATIENCE.as_secs()
        );
    }
    Ok(watched.noted.lateness())
}

/// Watches batches from the first with records on.
#[derive(Clone)]
struct Watch(Arc<Mutex<Watched>>);

struct Watched {
    noted: Noted,
    begun: bool,
    /// Batches that are still to be left out, and to be noted.
    warming_up: u128,
    left: u128,
    /// Dropped when none is left.
    done: Option<Sender<()>>,
}

impl Watch {
    fn new(
        batch: millstream::Duration,
        warm_up: Duration,
        run_for: Duration,
        done: Sender<()>,
    ) -> Self {
        let batches = |time: Duration| time.as_millis() / batch.to_std().as_millis();
        let (warming_up, left) = (batches(warm_up), batches(run_for));
        let (noted, begun, done) = (Noted::new(), false, Some(done));
        let watched = Watched { noted, begun, warming_up, left, done };
        Watch(Arc::new(Mutex::new(watched)))
    }
}

impl Listener for Watch {
    fn batch_completed(&self, report: &BatchReport) {
        let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        watched.begun |= report.records > 0;
        if !watched.begun {
            return;
        }
        if watched.warming_up > 0 {
            watched.warming_up -= 1;
        } else if watched.left > 0 {
            watched.left -= 1;
            watched.noted.note(Duration::from_secs_f64(report.total_delay_ms / 1e3));
            if watched.left == 0 {
                watched.done = None;
            }
        }
    }
}
