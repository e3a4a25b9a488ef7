//! A stream of words that counts them, in a state, and writes them, in folders; and its lives.

use std::sync::{Arc, Mutex};

use millstream::disk::{Disk, MemoryDisk, Names};
use millstream::progress::BatchReport;
use millstream::testing::Collector;
use millstream::{
    Boxed, Conf, DStream, Duration, ManualClock, Running, Scope, Stop, StreamingContext, Time, secs,
};

use crate::ear::Ear;

/// A batch that takes longer than this fails its test.
pub(crate) const PATIENCE: Duration = secs(30);

/// How often batches are cut.
pub(crate) const BATCH: Duration = secs(1);

/// When the clock starts; a checkpoint is written every three batches from here.
pub(crate) const START: Time = Time::from_millis(1_000_000);

/// The words of a source, owned.
pub(crate) type Words<'b> = DStream<'b, Boxed<'b, String>>;

/// What lasts over the lives of a job: its disk, and the time.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) disk: MemoryDisk,
    pub(crate) clock: ManualClock,
}

/// One life of a job.
pub(crate) struct Life {
    pub(crate) running: Running,
    clock: ManualClock,
    disk: MemoryDisk,
    totals: Collector<(String, u64)>,
    /// Where it is armed, what the disk would have if the power failed while a batch's outputs run.
    amid: Arc<Mutex<Amid>>,
    ear: Ear,
}

#[derive(Default)]
struct Amid {
    armed: bool,
    left: Option<MemoryDisk>,
}

impl World {
    pub(crate) fn new() -> Self {
        World { disk: MemoryDisk::default(), clock: ManualClock::at(START) }
    }

    /// The settings of most tests.
    pub(crate) fn conf(&self) -> Conf {
        Conf::new("words")
            .disk(self.disk.clone())
            .clock(self.clock.clone())
            .parallelism(2)
            .write_ahead_log(true)
            .checkpoint_interval(BATCH * 3)
            .warnings_on_stderr(false)
    }

    /// Begins a life, or fails to.
    pub(crate) fn try_live(
        &self,
        conf: Conf,
        words: impl for<'b> Fn(&Scope<'b>) -> Words<'b> + Send + Sync + 'static,
    ) -> Result<Life, String> {
        let (ear, totals, amid) = (Ear::default(), Collector::new(), Arc::<Mutex<Amid>>::default());
        let conf = conf.listener(ear.clone());
        let ssc = StreamingContext::get_or_create("/job", || StreamingContext::new(conf, BATCH));
        let (collected, armed, disk) = (totals.clone(), amid.clone(), self.disk.clone());
        let running = ssc.expect("the settings are right").start(move |s| {
            let words = words(s);
            let (armed, disk) = (armed.clone(), disk.clone());
            words.for_each_rdd(move |_, _| {
                let mut amid = armed.lock().expect("no test panics with it");
                if amid.armed {
                    amid.left = Some(disk.after_power_failure(Names::Lost));
                }
            });
            let counted = words.map(|word| (word, 1u64));
            let totals = counted.update_state_by_key(|new: &[u64], old: Option<u64>| {
                Some(old.unwrap_or_default() + new.iter().sum::<u64>())
            });
            collected.collect(&totals.named("totals").map(|(word, n)| (word.to_owned(), *n)));
            words.save_as_text_files("/out/words", "");
            Ok(())
        });
        let running = running.map_err(|e| e.to_string())?;
        let (clock, disk) = (self.clock.clone(), self.disk.clone());
        Ok(Life { running, clock, disk, totals, amid, ear })
    }

    /// Begins a life with the settings of most tests.
    pub(crate) fn live(
        &self,
        words: impl for<'b> Fn(&Scope<'b>) -> Words<'b> + Send + Sync + 'static,
    ) -> Life {
        self.try_live(self.conf(), words).expect("it starts")
    }

    /// The words in all folders, sorted.
    pub(crate) fn written(&self) -> Vec<String> {
        let mut words = Vec::new();
        for folder in self.disk.list("/out".as_ref()).expect("there is a folder for each batch") {
            let folder = std::path::Path::new("/out").join(folder.name);
            for part in self.disk.list(&folder).expect("it is a folder") {
                let bytes = self.disk.read(&folder.join(part.name)).expect("it is a file");
                let text = String::from_utf8(bytes).expect("it is text");
                words.extend(text.lines().map(str::to_owned));
            }
        }
        words.sort();
        words
    }

    /// Puts a file, whose content is its name, into the directory that is watched, for the next batch.
    pub(crate) fn put(&self, name: &str) {
        self.disk.put(format!("/in/{name}"), name, self.clock.now() + BATCH);
    }
}

impl Life {
    /// Runs the next batch and gives its report.
    pub(crate) fn batch(&self) -> BatchReport {
        self.clock.advance(BATCH);
        self.running.wait_for_batch(self.clock.now(), PATIENCE).expect("the batch ends");
        self.reports().pop().expect("it was reported")
    }

    /// Runs the next batches.
    pub(crate) fn batches(&self, n: usize) {
        (0..n).for_each(|_| drop(self.batch()));
    }

    /// The reports of all batches, also of those that were run again.
    pub(crate) fn reports(&self) -> Vec<BatchReport> {
        self.ear.reports()
    }

    pub(crate) fn warnings(&self) -> Vec<String> {
        self.ear.warnings("")
    }

    /// How often each word has come so far, as the last batch says, sorted.
    pub(crate) fn totals(&self) -> Vec<(String, u64)> {
        let mut totals = self.totals.take().pop().expect("a batch has run").1;
        totals.sort();
        totals
    }

    /// What `await_termination` would return now, if it is an error.
    pub(crate) fn error(&self) -> Option<String> {
        let ended = self.running.await_termination_or_timeout(Duration::ZERO);
        ended.err().map(|e| e.to_string())
    }

    /// The process dies, and the power fails; the world that is left.
    pub(crate) fn die(self) -> World {
        let disk = self.disk.after_power_failure(Names::Lost);
        self.end(disk)
    }

    /// The process dies while the next batch's outputs run: none of them is done.
    pub(crate) fn die_amid_the_next_batch(self) -> World {
        self.amid.lock().expect("no test panics with it").armed = true;
        self.batch();
        let left = self.amid.lock().expect("no test panics with it").left.take();
        self.end(left.expect("the batch has run"))
    }

    /// It stops gracefully.
    pub(crate) fn stop(self) -> World {
        assert!(self.running.stop(Stop::Graceful).expect("the test's thread may").drained);
        World { disk: self.disk.clone(), clock: self.clock.clone() }
    }

    fn end(self, disk: MemoryDisk) -> World {
        let clock = self.clock.clone();
        self.running.stop(Stop::Now).expect("the test's thread may stop it");
        World { disk, clock }
    }
}

/// As [`Life::totals`] gives them, each of these words once.
pub(crate) fn once(words: &[&str]) -> Vec<(String, u64)> {
    words.iter().map(|word| (word.to_string(), 1)).collect()
}
