//! One life of a stream: from a start on what an earlier one has left on the disk, to a stop or to its death.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use millstream::disk::{MemoryDisk, Names};
use millstream::testing::Collector;
use millstream::{
    BoxError, Conf, ManualClock, Result, Running, Scope, Stop, StreamingContext, Time, secs,
};

use super::sender::Sender;
use crate::ear::Ear;
use crate::rig::{BATCH, BLOCK, client_of, conf, wait_until};

/// What batches have collected. A batch that is run again takes the place of what it had collected before, as
/// its folder would.
pub(super) type Collected = BTreeMap<Time, Vec<String>>;

/// The directory that a job is kept in.
pub(super) const DIRECTORY: &str = "/job";

pub(super) struct Life {
    pub(super) clock: ManualClock,
    pub(super) running: Running,
    pub(super) ear: Ear,
    out: Collector<String>,
}

impl Life {
    /// Collects the lines of one acknowledged stream, with a checkpoint after each batch.
    pub(super) fn begin(disk: &MemoryDisk, clock: &ManualClock) -> Self {
        Life::with(disk, clock, |conf| conf)
    }

    pub(super) fn with(
        disk: &MemoryDisk,
        clock: &ManualClock,
        set: impl FnOnce(Conf) -> Conf,
    ) -> Self {
        Life::of(disk, clock, set, |s, out| {
            out.collect(&s.acknowledged_text_stream(":0").map(str::to_owned));
            Ok(())
        })
        .expect("it starts")
    }

    pub(super) fn of(
        disk: &MemoryDisk,
        clock: &ManualClock,
        set: impl FnOnce(Conf) -> Conf,
        setup: impl for<'b> Fn(&Scope<'b>, &Collector<String>) -> Result<(), BoxError>
        + Send
        + Sync
        + 'static,
    ) -> Result<Self> {
        let (ear, out) = (Ear::default(), Collector::new());
        let conf = conf()
            .disk(disk.clone())
            .clock(clock.clone())
            .listener(ear.clone())
            .write_ahead_log(true)
            .checkpoint_interval(BATCH);
        let conf = set(conf);
        let ssc =
            StreamingContext::get_or_create(DIRECTORY, || StreamingContext::new(conf, BATCH))?;
        let collected = out.clone();
        let running = ssc.start(move |s| setup(s, &collected))?;
        Ok(Life { clock: clock.clone(), running, ear, out })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.running.listening()[0]
    }

    /// Waits until the receiver has come round: what was written before has been read, if it is read at all.
    pub(super) fn come_round(&self) {
        let ends = self.ear.disconnected();
        drop(client_of(self.address()));
        self.ear.wait_for_ends(ends + 1);
    }

    /// Has blocks closed until all that a sender has sent is acknowledged.
    pub(super) fn acknowledge(&self, sender: &mut Sender) {
        wait_until("acknowledgements", || {
            self.clock.advance(BLOCK);
            sender.listen();
            (sender.acknowledged == sender.next).then_some(())
        });
    }

    /// Has the batch end that is open now.
    pub(super) fn batch(&self) {
        let tick = self.clock.now().floor(BATCH) + BATCH;
        self.clock.advance(tick - self.clock.now());
        self.running.wait_for_batch(tick, secs(30)).expect("the batch ends");
    }

    pub(super) fn collected(&self) -> Collected {
        self.out.take().into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
    }

    /// The process dies. What it had collected, and what is left on the disk.
    pub(super) fn die(self, disk: &MemoryDisk, names: Names) -> (Collected, MemoryDisk) {
        let left = disk.after_power_failure(names);
        let collected = self.collected();
        self.running.stop(Stop::Now).expect("it stops");
        (collected, left)
    }

    /// Stops when everything is done. What it had collected.
    pub(super) fn end(self) -> Collected {
        assert!(self.running.stop(Stop::Graceful).expect("it stops").drained);
        self.collected()
    }
}

/// A clock for all lives of a stream.
pub(super) fn clock() -> ManualClock {
    ManualClock::at(Time::default() + BATCH)
}

/// The lines of all batches, in order.
pub(super) fn lines(collected: Collected) -> Vec<String> {
    collected.into_values().flatten().collect()
}
