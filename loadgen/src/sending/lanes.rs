//! The threads of a run: lanes, and beside them the conductor in the thread that there is.

use std::panic::resume_unwind;
use std::thread;

use crate::error::Result;

/// Does the work of the lanes, each in a thread of its own, and conducts meanwhile; gives what the conductor and
/// the lanes have to say. Whenever one of them ends, `over` is called in its thread with whether it has done its
/// work. However that ended, the others have to end then, or the run would never be over.
pub(crate) fn run<C, R: Send>(
    lanes: impl IntoIterator<Item: FnOnce() -> Result<R> + Send>,
    conduct: impl FnOnce() -> Result<C>,
    over: impl Fn(bool) + Sync,
) -> Result<(C, Vec<R>)> {
    let over = &over;
    thread::scope(|scope| {
        let lanes: Vec<_> =
            lanes.into_iter().map(|lane| scope.spawn(move || to_its_end(lane, over))).collect();
        let conducted = to_its_end(conduct, over);
        let reports: Result<Vec<R>> = lanes
            .into_iter()
            .map(|lane| lane.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect();
        // What ended a lane ended the run.
        let reports = reports?;
        Ok((conducted?, reports))
    })
}

fn to_its_end<T>(work: impl FnOnce() -> Result<T>, over: impl Fn(bool)) -> Result<T> {
    let mut end = End { over, is_whole: false };
    let done = work();
    end.is_whole = done.is_ok();
    done
}

/// Tells of the end of a thread's work, which may be a panic.
struct End<F: Fn(bool)> {
    over: F,
    is_whole: bool,
}

impl<F: Fn(bool)> Drop for End<F> {
    fn drop(&mut self) {
        (self.over)(self.is_whole);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Mutex;
    use std::sync::mpsc::channel;

    use super::*;
    use crate::error::Error;

    /// Two lanes and a conductor, the first of which ends by itself, and the others when they hear of it.
    fn run_with(first: impl FnOnce() -> Result<u8> + Send) -> (Result<(u8, Vec<u8>)>, Vec<bool>) {
        let ((ends_lane, lane_ends), (ends_conductor, conductor_ends)) = (channel(), channel());
        let ends = Mutex::new(Vec::new());
        let over = |is_whole| {
            ends.lock().unwrap().push(is_whole);
            // Those that are over do not hear it any more.
            ends_lane.send(()).ok();
            ends_conductor.send(()).ok();
        };
        let second = move || Ok(lane_ends.recv().map_or(0, |()| 2));
        let lanes: [Box<dyn FnOnce() -> Result<u8> + Send + '_>; 2] =
            [Box::new(first), Box::new(second)];
        let ran = run(lanes, || Ok(conductor_ends.recv().map_or(0, |()| 9)), over);
        let ends = ends.lock().unwrap().clone();
        (ran, ends)
    }

    #[test]
    fn all_say_what_they_have_to_in_the_order_of_the_lanes() {
        let (ran, ends) = run_with(|| Ok(1));
        assert_eq!((ran.unwrap(), ends), ((9, vec![1, 2]), vec![true; 3]));
    }

    #[test]
    fn an_error_of_a_lane_is_that_of_the_run_and_the_others_hear_of_it() {
        let (ran, ends) = run_with(|| Err(Error::Usage("no lines".into())));
        assert_eq!(ran.unwrap_err().to_string(), "no lines");
        assert_eq!((ends.len(), ends[0]), (3, false));
    }

    #[test]
    fn a_panic_of_a_lane_is_one_of_the_run_and_the_others_hear_of_it() {
        let ran = catch_unwind(AssertUnwindSafe(|| run_with(|| panic!("on purpose"))));
        assert!(ran.is_err());
    }
}
