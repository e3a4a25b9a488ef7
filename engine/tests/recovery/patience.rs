//! Many cases at once, most of which wait for something, and none of which may take long.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::channel;
use std::thread;

use crate::job::PATIENCE;

/// How many cases are under way at once.
const AT_ONCE: usize = 12;

/// Runs a case for each of `cases`; none of them may panic, or hang.
#[track_caller]
pub(crate) fn each_of<C>(cases: Vec<C>, case: fn(&C))
where
    C: Clone + std::fmt::Debug + Send + Sync + 'static,
{
    let (next, violations) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(cases.len()) {
            scope.spawn(|| {
                while let Some(of) = cases.get(next.fetch_add(1, Relaxed)) {
                    let name = format!("{of:?}");
                    let of = of.clone();
                    if let Err(reason) = within(move || case(&of)) {
                        let mut violations = violations.lock().expect("nothing panics with it");
                        violations.push(format!("{name}: {reason}"));
                    }
                }
            });
        }
    });
    let violations = violations.into_inner().expect("nothing panics with it");
    let shown = violations.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(violations.is_empty(), "{} of {} cases:\n{shown}", violations.len(), cases.len());
}

/// Lets `act` have its time. `Err` says how it has panicked, or that it hangs.
fn within(act: impl FnOnce() + Send + 'static) -> Result<(), String> {
    let (tell, told) = channel();
    let acting = thread::Builder::new().name("case".into()).spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(act)).map_err(|panic| sentence(&*panic));
        // Whoever has waited in vain has said so.
        drop(tell.send(outcome));
    });
    drop(acting.expect("there is room for a thread"));
    told.recv_timeout(PATIENCE * 2).unwrap_or_else(|_| Err("it hangs".into()))
}

fn sentence(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}
