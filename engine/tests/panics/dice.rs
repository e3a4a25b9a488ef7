//! Decides, from a seed, which call of a closure panics.

use std::collections::{BTreeMap, BTreeSet};
use std::panic;
use std::sync::{Arc, Mutex, Once};

use crate::seed::Random;

/// What all panics here begin with, so that the hook knows them.
const MESSAGE: &str = "a panic that the test wants";

/// A task is tried four times, and all panics that pass may hit the same one.
const MOST_PASSING: u32 = 3;

/// While there is something left to pass, one call in so many panics.
const ODDS: usize = 12;

/// A closure of the job's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    /// `map`, in front of everything.
    Map,
    /// The function of the window by key that has a result in each batch.
    Merge,
    /// That of the window that slides by two, and keeps what each batch leaves.
    SlidMerge,
    /// Its inverse.
    Inverse,
    /// `update_state_by_key`
    Update,
    /// `map_with_state`
    WithState,
    /// The closure of `transform`, on the driver's thread.
    Transform,
    /// A `map` within it.
    InTransform,
    /// What writes records to files.
    Format,
    /// The closure of an output by itself, on the driver's thread.
    Output,
}

impl Site {
    pub(crate) const ALL: [Site; 10] = [
        Site::Map,
        Site::Merge,
        Site::SlidMerge,
        Site::Inverse,
        Site::Update,
        Site::WithState,
        Site::Transform,
        Site::InTransform,
        Site::Format,
        Site::Output,
    ];

    /// Whether it runs in tasks, which are tried again.
    pub(crate) fn is_in_tasks(self) -> bool {
        !matches!(self, Site::Transform | Site::Output)
    }

    /// Sites of different families are never in one task.
    fn family(self) -> usize {
        match self {
            Site::Update => 1,
            Site::WithState => 2,
            _ => 0,
        }
    }
}

/// The dice of one run.
#[derive(Clone)]
pub(crate) struct Dice(Arc<Mutex<Thrown>>);

struct Thrown {
    random: Random,
    passes: bool,
    /// Where each call panics, by batch.
    lasting: BTreeMap<u64, Site>,
    batch: u64,
    /// How many panics are left that pass, by family.
    left: [u32; 3],
    /// Panics in each batch.
    panics: BTreeMap<u64, u32>,
    /// Batches in which a panic was to last, and there was one.
    hit: BTreeSet<u64>,
}

impl Dice {
    pub(crate) fn new(seed: u64, passes: bool, lasting: BTreeMap<u64, Site>) -> Self {
        silence();
        let (random, left) = (Random::new(seed), [MOST_PASSING; 3]);
        let (panics, hit) = (BTreeMap::new(), BTreeSet::new());
        Dice(Arc::new(Mutex::new(Thrown { random, passes, lasting, batch: 0, left, panics, hit })))
    }

    /// Dice that let everything be.
    pub(crate) fn calm() -> Self {
        Dice::new(0, false, BTreeMap::new())
    }

    /// What comes now is for this batch; all before it is over.
    pub(crate) fn begin_batch(&self, number: u64) {
        self.with(|thrown| (thrown.batch, thrown.left) = (number, [MOST_PASSING; 3]));
    }

    /// A closure is called. In a batch in which a panic lasts none passes, for its reason would be told
    /// as well as that one's.
    pub(crate) fn roll(&self, site: Site) {
        let batch = self.with(|thrown| {
            let batch = thrown.batch;
            let panics = match thrown.lasting.get(&batch) {
                Some(lasting) => *lasting == site,
                None => thrown.passes && site.is_in_tasks() && thrown.one_passes(site.family()),
            };
            if panics {
                *thrown.panics.entry(batch).or_default() += 1;
                if thrown.lasting.contains_key(&batch) {
                    thrown.hit.insert(batch);
                }
            }
            panics.then_some(batch)
        });
        if let Some(batch) = batch {
            panic!("{}", message(site, batch));
        }
    }

    /// How often closures have panicked for a batch.
    pub(crate) fn panics(&self, batch: u64) -> u32 {
        self.with(|thrown| thrown.panics.get(&batch).copied().unwrap_or(0))
    }

    /// The site whose every call panicked in a batch, if it was called.
    pub(crate) fn hit(&self, batch: u64) -> Option<Site> {
        self.with(|thrown| thrown.hit.contains(&batch).then(|| thrown.lasting[&batch]))
    }

    fn with<R>(&self, act: impl FnOnce(&mut Thrown) -> R) -> R {
        act(&mut self.0.lock().expect("nobody panics with this lock"))
    }
}

impl Thrown {
    fn one_passes(&mut self, family: usize) -> bool {
        let panics = self.left[family] > 0 && self.random.one_in(ODDS);
        self.left[family] -= u32::from(panics);
        panics
    }
}

/// What a panic says.
pub(crate) fn message(site: Site, batch: u64) -> String {
    format!("{MESSAGE}: {site:?} in batch {batch}")
}

/// Keeps the panics that are wanted off the terminal; any other is reported as ever.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let said = info.payload().downcast_ref::<String>();
            if !said.is_some_and(|said| said.starts_with(MESSAGE)) {
                report(info);
            }
        }));
    });
}
