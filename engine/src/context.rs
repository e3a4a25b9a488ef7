//! The entry to the engine: a context is built, started once, and stopped once.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use parking_lot::Mutex;

use crate::conf::Conf;
use crate::driver::{Driver, Durability, Orders, Started};
use crate::early;
use crate::engine::Engine;
use crate::error::{BoxError, Error, Result};
use crate::progress::{Listener, Progress};
use crate::scope::Scope;
use crate::signals;
use crate::snapshot::Snapshot;
use crate::status::{State, Status, Stop, Stopped};
use crate::threads::EngineThread;
use crate::time::{Duration, Time, secs};

/// A stream that is dropped while it runs is stopped, and its end waited for this long.
const DROP_LIMIT: std::time::Duration = std::time::Duration::from_secs(10);

/// Where a streaming application starts: an engine, and how often a batch is cut.
///
/// ```no_run
/// use millstream::{Conf, StreamingContext, secs};
///
/// let ssc = StreamingContext::new(Conf::new("error lines"), secs(1))?;
/// let running = ssc.start(|s| {
///     let lines = s.socket_text_stream("localhost:7777");
///     lines.filter(|line| line.contains("error")).print();
///     Ok(())
/// })?;
/// running.await_termination()?;
/// # Ok::<(), millstream::Error>(())
/// ```
pub struct StreamingContext {
    engine: Engine,
    batch_interval: Duration,
    block_interval: Duration,
    progress: Arc<Progress>,
    status: Arc<Status>,
    started: Mutex<bool>,
    snapshot: Mutex<Option<Snapshot>>,
    durability: Mutex<Option<Durability>>,
}

impl StreamingContext {
    /// From a configuration and a batch interval, with an engine of its own.
    ///
    /// Fails where an interval is not positive, or the batch interval no multiple of the block
    /// interval, and where a setting that goes with the batch interval is out of range.
    pub fn new(conf: Conf, batch_interval: Duration) -> Result<Self> {
        Self::with_engine(&Engine::new(conf)?, batch_interval)
    }

    /// From a master (`local`, `local[N]`, `local[*]`), an application's name and a batch interval. Fails where
    /// [`new`](StreamingContext::new) does.
    pub fn with_master(master: &str, app_name: &str, batch_interval: Duration) -> Result<Self> {
        Self::new(Conf::new(app_name).master(master), batch_interval)
    }

    /// From an engine that other contexts may use too, and a batch interval. Fails where an interval, or a setting that
    /// goes with the batch interval, is out of range.
    pub fn with_engine(engine: &Engine, batch_interval: Duration) -> Result<Self> {
        let conf = &engine.parts().conf;
        let block_interval = conf.block_interval_for(batch_interval)?;
        conf.rates_for(batch_interval)?;
        conf.most_waiting()?;
        let graceful_limit = conf.graceful_stop_limit(batch_interval);
        let progress = Progress::new(conf.listeners.clone(), conf.warnings);
        Ok(StreamingContext {
            engine: engine.clone(),
            batch_interval,
            block_interval,
            progress: Arc::new(progress),
            status: Arc::new(Status::new(graceful_limit.to_std())),
            started: Mutex::new(false),
            snapshot: Mutex::new(None),
            durability: Mutex::new(None),
        })
    }

    /// A context that goes on from the checkpoint directory `directory`, if a job has left off there, and begins
    /// one in it otherwise. `create` makes the context either way, and what is
    /// [`start`](StreamingContext::start)ed describes the same graph: closures are not written down, states,
    /// windows, and what was received and not processed are.
    ///
    /// What `create` fails with is passed on. What is wrong with the directory is what the start fails with.
    pub fn get_or_create(
        directory: impl Into<PathBuf>,
        create: impl FnOnce() -> Result<Self>,
    ) -> Result<Self> {
        let ssc = create()?;
        ssc.durable(directory.into(), true);
        Ok(ssc)
    }

    /// Has states and windows written into `directory` now and then, and with
    /// [`Conf::write_ahead_log`] whatever is received before it counts, so that the job can be gone on with after
    /// its process has died. There must be nothing of a job in the directory yet:
    /// [`get_or_create`](StreamingContext::get_or_create) goes on from what there is.
    pub fn checkpoint(&self, directory: impl Into<PathBuf>) {
        self.durable(directory.into(), false);
    }

    fn durable(&self, directory: PathBuf, go_on: bool) {
        let conf = &self.engine.parts().conf;
        *self.durability.lock() = Some(Durability {
            directory,
            go_on,
            interval: conf.checkpoint_interval_for(self.batch_interval),
            log: conf.write_ahead_log,
        });
    }

    /// The engine, to share with other contexts.
    pub fn engine(&self) -> Engine {
        self.engine.clone()
    }

    /// The application's name.
    pub fn app_name(&self) -> &str {
        &self.engine.parts().conf.app_name
    }

    /// How often batches are cut.
    pub fn batch_interval(&self) -> Duration {
        self.batch_interval
    }

    /// How often receivers close their blocks.
    pub fn block_interval(&self) -> Duration {
        self.block_interval
    }

    /// Whether it has been started, and stopped.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// Adds a listener, which hears of everything from now on.
    pub fn add_listener(&self, listener: impl Listener + 'static) {
        self.progress.add(Arc::new(listener));
    }

    /// Has the streams that [`start`](StreamingContext::start) will describe go on from `snapshot`:
    /// states and windows by the names of their operators, slides on the grid on which they were. A
    /// state that fits no operator, and an operator without a state, is named in a warning. What
    /// cannot be read fails the start.
    ///
    /// Batches that would have been cut since the snapshot are not: windows have nothing of them.
    pub fn restore(&self, snapshot: Snapshot) {
        *self.snapshot.lock() = Some(snapshot);
    }

    /// Describes the streams, by `setup`, and starts them. Returns once the receivers run; the
    /// first batch is cut at the next multiple of the batch interval on the clock.
    ///
    /// `setup` runs on the driver's thread. It does no I/O and describes the same graph each time
    /// that it runs.
    ///
    /// With a checkpoint directory, what was begun when the process died is run again before this
    /// returns.
    ///
    /// Fails where the context was started before, where `setup` fails, where no output operation
    /// was registered, where a listener cannot be bound, and where something is wrong with the
    /// checkpoint directory, or [`Conf::write_ahead_log`] is on without one; the context is then stopped, as in the
    /// original.
    pub fn start<F>(&self, setup: F) -> Result<Running>
    where
        F: for<'b> Fn(&Scope<'b>) -> Result<(), BoxError> + Send + Sync + 'static,
    {
        if std::mem::replace(&mut *self.started.lock(), true) {
            return Err(match self.status.state() {
                State::Stopped => Error::AlreadyStopped,
                State::Initialized | State::Active => Error::AlreadyStarted,
            });
        }
        let orders = Orders {
            engine: self.engine.clone(),
            batch_interval: self.batch_interval,
            block_interval: self.block_interval,
            progress: self.progress.clone(),
            status: self.status.clone(),
            snapshot: self.snapshot.lock().take(),
            durability: self.durability.lock().take(),
        };
        let (tell, told) = channel();
        let status = self.status.clone();
        let work = move || match Driver::start(&setup, orders) {
            Ok((driver, started)) => {
                status.begin();
                let nobody_listens = tell.send(Ok(started)).is_err();
                if nobody_listens {
                    status.order(Stop::Now);
                }
                driver.run();
            }
            Err(e) => {
                status.end(Stopped::WITHOUT_WORK);
                // Whoever started it is waiting for just this; if it is gone, nobody is left to
                // tell.
                drop(tell.send(Err(e)));
            }
        };
        let thread = EngineThread::spawn("driver".into(), work)
            .map_err(|e| Error::io("no thread could be started for the driver", &e))?;
        let started = told
            .recv()
            .expect("the driver answers before it ends, or its panic ends the process")?;
        Ok(Running {
            engine: self.engine.clone(),
            status: self.status.clone(),
            progress: self.progress.clone(),
            started,
            thread,
            signals: Mutex::new(None),
        })
    }

    /// Stops a context that was never started; it cannot be started any more. A running one is
    /// stopped by [`Running::stop`].
    pub fn stop(&self) {
        if !std::mem::replace(&mut *self.started.lock(), true) {
            self.status.end(Stopped::WITHOUT_WORK);
        }
    }
}

/// A running stream. Dropping it stops it at once.
#[must_use = "a running stream stops when this is dropped; wait for it with await_termination()"]
pub struct Running {
    engine: Engine,
    status: Arc<Status>,
    progress: Arc<Progress>,
    started: Started,
    thread: EngineThread,
    signals: Mutex<Option<signals::Watch>>,
}

impl Running {
    /// Waits until the stream is stopped, or an output operation has failed for good: then this
    /// returns the first failure, at once, while the stream goes on until it is stopped or dropped.
    /// As in the original, an error stays: every later wait returns it too.
    pub fn await_termination(&self) -> Result<Stopped> {
        self.refuse_inside("await_termination")?;
        self.status.wait_for_end(None).expect("a wait without a limit ends with an answer")
    }

    /// As [`await_termination`](Running::await_termination), for at most `limit`: `true` if it was
    /// stopped, `false` if it still runs. Fails where that does.
    pub fn await_termination_or_timeout(&self, limit: Duration) -> Result<bool> {
        self.refuse_inside("await_termination_or_timeout")?;
        Ok(self.status.wait_for_end(Some(limit.to_std())).transpose()?.is_some())
    }

    /// Stops the stream and waits for its end. A graceful stop first processes whatever has been
    /// received, its batches' times staying on the grid, within [`Conf::graceful_stop_timeout`]; a
    /// stop now lets only running tasks end. The answer says whether everything received was
    /// processed. Stopping a stopped stream is no error.
    pub fn stop(&self, how: Stop) -> Result<Stopped> {
        self.refuse_inside("stop")?;
        self.status.order(how);
        Ok(self.status.wait_for_stop(None).expect("a wait without a limit ends with an answer"))
    }

    /// Makes the first SIGINT (Ctrl-C) or SIGTERM stop the stream gracefully, and the second end
    /// the process at once. The library installs no handler unasked.
    pub fn stop_on_signals(&self) -> Result {
        let watch = signals::Watch::start(&self.status, &self.progress)?;
        *self.signals.lock() = Some(watch);
        Ok(())
    }

    /// Fails on the driver's thread and in a task, which would wait for themselves.
    fn refuse_inside(&self, call: &'static str) -> Result {
        if early::is_inside(&self.engine.parts().tasks) {
            return Err(Error::FromInside { call });
        }
        self.status.refuse_inside(call)
    }

    /// What was built, in a few lines: which operators are one loop, what is kept, when it runs.
    pub fn explain(&self) -> &str {
        &self.started.explained
    }

    /// Where the listening receivers listen, in the order in which they were made.
    pub fn listening(&self) -> &[SocketAddr] {
        &self.started.listening
    }

    /// Whether it still runs.
    pub fn state(&self) -> State {
        self.status.state()
    }

    /// The time before the first batch: the batches are at `zero + n * interval`, `n` from 1.
    pub fn zero(&self) -> Time {
        self.started.zero
    }

    /// States and windows as the last batch has left them, to go on from elsewhere; see [`Snapshot`].
    /// Waits until no batch runs. Cost: all states and windows are serialised, on the driver's
    /// thread, before the next batch.
    ///
    /// Fails where a window of raw records is over a queue whose items cannot be written, where a
    /// user's `Serialize` does, and once the stream has stopped.
    pub fn snapshot(&self) -> Result<Snapshot> {
        self.refuse_inside("snapshot")?;
        self.status.snapshot()
    }

    /// Bytes in blocks that have been received since the start.
    pub fn received_bytes(&self) -> u64 {
        self.started.intake.stored_bytes()
    }

    /// Waits until the batch at `time` is done, for at most `limit`.
    pub fn wait_for_batch(&self, time: Time, limit: Duration) -> Result {
        self.refuse_inside("wait_for_batch")?;
        self.status.wait_for_batch(time, limit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.status.order(Stop::Now);
        if self.refuse_inside("drop").is_ok() && !self.thread.wait(DROP_LIMIT) {
            let limit = secs(DROP_LIMIT.as_secs());
            self.progress.warn(format!(
                "a dropped stream did not stop within {limit}; its driver is left behind"
            ));
        }
    }
}
