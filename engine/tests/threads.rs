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

/// A number that notes where it is copied.
#[derive(Default)]
struct Noting(u64, Threads);

impl Clone for Noting {
    fn clone(&self) -> Self {
        self.1.note();
        Noting(self.0, self.1.clone())
    }
}

/// Which threads copy so many results to collect them.
fn collecting(keys: u64) -> Threads {
    let threads = Threads::default();
    let noted = threads.clone();
    testing::run::<()>(secs(1), 1, move |s, _| {
        let (noted, forgotten) = (noted.clone(), noted.clone());
        let numbers = s.queue_stream([(0..keys).collect::<Vec<_>>()]);
        let noting = numbers.map(move |n| (n, Noting(n, noted.clone())));
        noting.reduce_by_key(|a, _| a).for_each_rdd(move |rdd, _| {
            forgotten.0.lock().unwrap().clear();
            rdd.collect();
        });
        Ok(())
    })
    .unwrap();
    threads
}

#[test]
fn few_results_are_copied_by_the_driver_and_many_by_tasks() {
    assert!(collecting(10).are_all("driver"));
    assert!(collecting(MANY).are_all("task-"));
}

#[test]
fn what_a_users_function_does_runs_in_tasks_however_few_the_records_are() {
    let each = reading(10, |rdd, threads| rdd.for_each(|_| threads.note()));
    let each_partition = reading(10, |rdd, threads| rdd.for_each_partition(|_, _| threads.note()));
    let aggregated = reading(10, |rdd, threads| {
        let add = |sum, (_, n)| {
            threads.note();
            sum + n
        };
        rdd.aggregate(|| 0, add, |a, b| a + b);
    });
    let mapped = reading(10, |rdd, threads| {
        let threads = threads.clone();
        rdd.map(move |(key, n)| {
            threads.note();
            (key, n)
        })
        .collect();
    });
    for threads in [each, each_partition, aggregated, mapped] {
        assert!(threads.are_all("task-"));
    }
}
