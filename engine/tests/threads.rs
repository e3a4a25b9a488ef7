//! Which threads do a batch's work: another one is woken where that saves time, or a wait.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use millstream::{Edge, Rdd, secs, testing};

/// More than one thread goes through alone.
const MANY: u64 = 20_000;

/// Where something happened.
#[derive(Clone, Default)]
struct Threads(Arc<Mutex<BTreeSet<String>>>);

impl Threads {
    fn note(&self) {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        self.0.lock().unwrap().insert(name);
    }

    fn are_all(&self, named: &str) -> bool {
        let names = self.0.lock().unwrap();
        !names.is_empty() && names.iter().all(|name| name.starts_with(named))
    }
}

/// Counts so many different keys, and says which threads note something while `action` reads the
/// result.
fn reading(
    keys: u64,
    action: impl for<'b> Fn(&Rdd<'b, Edge<'b, (u64, u64)>>, &Threads) + Copy + Send + Sync + 'static,
) -> Threads {
    let threads = Threads::default();
    let noted = threads.clone();
    testing::run::<()>(secs(1), 1, move |s, _| {
        let noted = noted.clone();
        let numbers = s.queue_stream([(0..keys).collect::<Vec<_>>()]);
        numbers
            .map(|n| (n, 1u64))
            .reduce_by_key(|a, b| a + b)
            .for_each_rdd(move |rdd, _| action(&rdd, &noted));
        Ok(())
    })
    .unwrap();
    threads
}

fn sum<'b>(rdd: &Rdd<'b, Edge<'b, (u64, u64)>>, threads: &Threads) {
    let add = |sum, (_, n)| {
        threads.note();
        sum + n
    };
    rdd.aggregate(|| 0, add, |a, b| a + b);
}

#[test]
fn few_results_are_read_by_the_driver_and_many_by_tasks() {
    assert!(reading(10, sum).are_all("driver"));
    assert!(reading(MANY, sum).are_all("task-"));
}

#[test]
fn what_may_wait_runs_in_tasks_however_few_the_records_are() {
    let each = reading(10, |rdd, threads| rdd.for_each(|_| threads.note()));
    let each_partition = reading(10, |rdd, threads| rdd.for_each_partition(|_, _| threads.note()));
    assert!(each.are_all("task-") && each_partition.are_all("task-"));
}
