//! Who does early work: a task, or the receiver itself where the tasks are busy.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::rig::{BLOCK, Rig, conf, wait_until};

const LINE_BYTES: usize = 20_000;

/// The names of threads that worked on the lines of so many receivers, in so many tasks, before their
/// batch was over.
fn workers(receivers: usize, tasks: usize) -> BTreeSet<String> {
    // A name for each line.
    let names = Arc::new(Mutex::new(Vec::new()));
    let noted = names.clone();
    let rig: Rig<(u64, u64)> = Rig::start(conf().parallelism(tasks), move |s, out| {
        let sources = (0..receivers).map(|_| s.listen_text_stream(":0"));
        let noted = noted.clone();
        let lengths = s.union(sources).map(move |line| {
            let name = std::thread::current().name().unwrap_or_default().to_owned();
            noted.lock().expect("no test panics with it").push(name);
            (line.len() as u64, 1u64)
        });
        out.collect(&lengths.reduce_by_key(|a, b| a + b));
        Ok(())
    });
    let clients: Vec<_> = (0..receivers).map(|n| rig.client_of_listener(n)).collect();
    // Often enough, and each time enough, that every receiver is known to be busy.
    let line = [vec![b'x'; LINE_BYTES], vec![b'\n']].concat();
    for sent in 1..=4 {
        for client in &clients {
            std::io::Write::write_all(&mut &*client, &line).expect("the engine reads");
        }
        rig.close_blocks_until(sent * line.len() as u64 * receivers as u64);
        wait_until("the lines to be worked on", || {
            rig.hand.advance(BLOCK);
            let worked_on = names.lock().expect("no test panics with it").len();
            (worked_on as u64 == sent * receivers as u64).then_some(())
        });
    }
    // At first it is not known who is busy.
    let seen = names.lock().expect("no test panics with it").split_off(2 * receivers);
    let seen = BTreeSet::from_iter(seen);
    assert_eq!(rig.batch(), [(LINE_BYTES as u64, 4 * receivers as u64)]);
    seen
}

fn are_all(names: &BTreeSet<String>, named: &str) -> bool {
    names.iter().all(|name| name.starts_with(named))
}

#[test]
fn a_receiver_works_itself_where_there_is_no_task_to_spare() {
    for receivers in [1, 2] {
        let names = workers(receivers, receivers);
        assert!(are_all(&names, "receiver-"), "{receivers}: {names:?}");
    }
}

#[test]
fn more_receivers_than_tasks_hand_over_everything() {
    let names = workers(3, 2);
    assert!(are_all(&names, "task-"), "{names:?}");
}

#[test]
fn a_task_to_spare_is_given_what_it_can_do() {
    let names = workers(1, 2);
    assert!(names.iter().any(|name| name.starts_with("task-")), "{names:?}");
}
