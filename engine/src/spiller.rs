//! The thread that moves blocks out of memory, where the level of their source lets it: when slabs get scarce,
//! until half of them are free; and at once where a source has its blocks on disk alone.
//!
//! What is moved first is the newest of what waits for its batch, which waits longest, then the newest of what
//! windows of raw records keep. Where the disk has no room nothing is lost: blocks stay in memory, receivers are
//! held back at the budget's end, and the thread tries again.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration as StdDuration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::backoff::Backoff;
use crate::block::SourceId;
use crate::error::{Error, Result};
use crate::input::SharedHistory;
use crate::intake::{Intake, Parcel};
use crate::occasional::Occasional;
use crate::progress::Progress;
use crate::received::ReceivedBlock;
use crate::slabs::{OnScarcity, SlabPool};
use crate::spill::{Moved, OnDisk, ScratchFiles};
use crate::storage::StorageLevel;
use crate::threads::EngineThread;
use crate::time::Time;

/// Where blocks are, and what decides whether they may stay there.
pub(crate) struct Memory {
    /// By source.
    pub(crate) levels: Vec<StorageLevel>,
    pub(crate) intake: Arc<Intake>,
    pub(crate) history: SharedHistory,
    pub(crate) pool: SlabPool,
}

/// The thread, and the way to it. Dropping it ends the thread.
pub(crate) struct Spiller {
    shared: Arc<Shared>,
    on_disk: OnDisk,
    thread: EngineThread,
    /// Kept for as long as the pool is to call it.
    _makes_room: Arc<OnScarcity>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// Slabs have become scarce, and not half of them are free yet.
    makes_room: bool,
    /// There may be something that is to be on disk.
    looks: bool,
    stopped: bool,
}

/// What is moved next.
enum Next {
    /// What waits for its batch.
    Waits(Vec<Arc<Parcel>>),
    /// What a window keeps of a batch.
    IsKept(Time, SourceId),
}

type Blocks = Vec<Arc<ReceivedBlock>>;

/// So much is moved at once, where there are many small parcels.
const AT_ONCE_BYTES: u64 = 1 << 20;

impl Spiller {
    /// Starts the thread.
    pub(crate) fn start(
        files: ScratchFiles,
        memory: Memory,
        progress: &Arc<Progress>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new() });
        let on_disk = files.on_disk();
        let scarce = shared.clone();
        let makes_room: Arc<OnScarcity> =
            Arc::new(move || scarce.tell(|state| state.makes_room = true));
        memory.pool.on_scarcity(&makes_room);
        let (movable, pool, levels) = (shared.clone(), memory.pool.clone(), memory.levels.clone());
        memory.intake.on_movable(Box::new(move |source| {
            if levels[source].uses_disk() && !levels[source].uses_memory() {
                movable.tell(|state| state.looks = true);
            } else if levels[source].uses_disk() && pool.is_scarce() {
                movable.tell(|state| state.makes_room = true);
            }
        }));
        let worker = Worker {
            files,
            memory,
            shared: shared.clone(),
            progress: progress.clone(),
            backoff: Backoff::default(),
            said: Occasional::default(),
            is_told: false,
        };
        let thread = EngineThread::spawn("spiller".into(), move || worker.run())
            .map_err(|e| Error::io("no thread could be started to move blocks to disk", &e))?;
        Ok(Spiller { shared, on_disk, thread, _makes_room: makes_room })
    }

    /// A batch is over, and windows may keep what it was given.
    pub(crate) fn batch_ended(&self, pool: &SlabPool) {
        let is_scarce = pool.is_scarce();
        self.shared.tell(|state| {
            state.looks = true;
            state.makes_room |= is_scarce;
        });
    }

    /// Bytes that are on disk now.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        self.on_disk.load(Ordering::Relaxed)
    }

    /// Ends the thread; says whether it has, within `limit`.
    pub(crate) fn stop(&self, limit: StdDuration) -> bool {
        self.shared.tell(|state| state.stopped = true);
        self.thread.wait(limit)
    }
}

impl Drop for Spiller {
    fn drop(&mut self) {
        self.shared.tell(|state| state.stopped = true);
    }
}

impl State {
    fn is_idle(&mut self) -> bool {
        !(self.makes_room || self.looks || self.stopped)
    }
}

impl Shared {
    fn tell(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_all();
    }
}

struct Worker {
    files: ScratchFiles,
    memory: Memory,
    shared: Arc<Shared>,
    progress: Arc<Progress>,
    backoff: Backoff,
    said: Occasional,
    /// That it cannot be done was told, and not yet that it can be again.
    is_told: bool,
}

impl Worker {
    fn run(mut self) {
        while let Some((next, blocks)) = self.next() {
            match Moved::to(&mut self.files, blocks) {
                Ok(moved) => {
                    self.backoff.succeeded();
                    if std::mem::take(&mut self.is_told) {
                        self.progress.warn("blocks can be moved to disk again");
                    }
                    match next {
                        Next::Waits(parcels) => {
                            parcels.iter().for_each(|parcel| parcel.were_moved(&moved));
                        }
                        Next::IsKept(time, source) => {
                            self.memory.history.were_moved(time, source, &moved);
                        }
                    }
                    // What they were in goes now, with nothing locked, and whoever waits for a slab is woken.
                    drop(moved);
                }
                Err(error) => self.wait_after(&error),
            }
        }
    }

    /// Waits until something is to be moved; nothing once the thread is to end.
    fn next(&self) -> Option<(Next, Blocks)> {
        loop {
            let mut state = self.shared.state.lock();
            self.shared.changed.wait_while(&mut state, State::is_idle);
            if state.stopped {
                return None;
            }
            // What comes while it is looked tells of itself again.
            let makes_room = std::mem::take(&mut state.makes_room);
            let looks = std::mem::take(&mut state.looks);
            drop(state);
            if let Some(next) = self.memory.next_to_move(makes_room) {
                self.shared.tell(|state| {
                    state.makes_room |= makes_room;
                    state.looks |= looks;
                });
                return Some(next);
            }
        }
    }

    fn wait_after(&mut self, error: &Error) {
        if self.said.is_time() {
            self.is_told = true;
            self.progress.warn(format!(
                "{error}; blocks that were to be moved there stay in memory, where receivers are held back at the \
                 budget's end, and it is tried again until it can be done"
            ));
        }
        let until = Instant::now() + self.backoff.failed();
        let mut state = self.shared.state.lock();
        let goes_on = |state: &mut State| !state.stopped;
        self.shared.changed.wait_while_until(&mut state, goes_on, until);
    }
}

impl Memory {
    /// What is moved next, if anything is.
    fn next_to_move(&self, makes_room: bool) -> Option<(Next, Blocks)> {
        let makes_room = makes_room && self.pool.bytes_beyond_half() > 0;
        let is_wanted = |source: SourceId| {
            let level = self.levels[source];
            level.uses_disk() && (makes_room || !level.uses_memory())
        };
        let waiting = self.intake.last_to_move(is_wanted, AT_ONCE_BYTES);
        if !waiting.is_empty() {
            let (parcels, blocks): (Vec<_>, Vec<Blocks>) = waiting.into_iter().unzip();
            return Some((Next::Waits(parcels), blocks.concat()));
        }
        let (time, source, blocks) = self.history.last_to_move(is_wanted)?;
        Some((Next::IsKept(time, source), blocks))
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::sync::atomic::AtomicU64;

    use super::*;
    use crate::disk::{Call, MemoryDisk};
    use crate::input::History;
    use crate::intake::{Admission, Bounds, Stored};
    use crate::progress::{Listener, Notice};
    use crate::time::{Duration, secs};

    /// Counts sentences that say that blocks can be moved again, and that they cannot.
    #[derive(Default)]
    struct Ear {
        again: AtomicU64,
        failed: AtomicU64,
    }

    impl Listener for Ear {
        fn notice(&self, notice: &Notice) {
            let Notice::Warning { message } = notice else { return };
            let count = if message.contains("again until") { &self.failed } else { &self.again };
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn spiller(
        disk: &MemoryDisk,
        pool: &SlabPool,
        progress: &Arc<Progress>,
    ) -> (Spiller, Arc<Intake>) {
        let bounds = Bounds {
            interval: secs(1).to_std(),
            most_early_bytes: 0,
            most_batch_bytes: u64::MAX,
            threads: 1,
        };
        let intake = Arc::new(Intake::new(secs(1), Time::default(), Admission::new(bounds)));
        let history = History::new(vec![Duration::ZERO], std::iter::empty());
        let memory = Memory {
            levels: vec![StorageLevel::DISK_ONLY],
            intake: intake.clone(),
            history: SharedHistory::new(history),
            pool: pool.clone(),
        };
        let files = ScratchFiles::open(Arc::new(disk.clone()), "/spill".into()).unwrap();
        (Spiller::start(files, memory, progress).unwrap(), intake)
    }

    #[test]
    fn an_engine_that_has_served_a_thousand_streams_knows_only_those_that_run() {
        let pool = SlabPool::new(8 << 20, 100);
        let progress = Arc::new(Progress::new(Vec::new(), false));
        for _ in 0..1000 {
            let (spiller, _intake) = spiller(&MemoryDisk::default(), &pool, &progress);
            assert!(spiller.stop(StdDuration::from_secs(10)));
        }
        assert!(pool.hooks() <= 1, "{}", pool.hooks());
    }

    #[test]
    fn a_disk_that_fails_now_and_then_is_told_of_once_and_so_is_that_it_works_again() {
        let (disk, ear) = (MemoryDisk::default(), Arc::new(Ear::default()));
        let pool = SlabPool::new(8 << 20, 100);
        let listener: Arc<dyn Listener> = ear.clone();
        let progress = Arc::new(Progress::new(vec![listener], false));
        let (spiller, intake) = spiller(&disk, &pool, &progress);
        let writes = AtomicU64::new(0);
        disk.interfere(move |call, _| match call {
            Call::Write if writes.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) => {
                Err(ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        });
        for round in 1..=4 {
            let parcel = Parcel::of_text("a line\n");
            assert!(intake.store(parcel, Time::default(), Stored::EarlyWorkMayBegin).is_none());
            let until = Instant::now() + StdDuration::from_secs(20);
            while spiller.bytes_on_disk() < 7 * round {
                assert!(Instant::now() < until, "a parcel is not moved");
                std::thread::yield_now();
            }
        }
        assert!(spiller.stop(StdDuration::from_secs(10)));
        let told = [&ear.failed, &ear.again].map(|count| count.load(Ordering::Relaxed));
        assert_eq!(told, [1, 1]);
    }
}
