//! Work that may take longer than the other side waits, which hears meanwhile that it goes on.

use std::io;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{Builder, scope};
use std::time::{Duration, Instant};

/// So many signs are given in the time limit of who waits.
pub(super) const SIGNS_OF_LIFE: u32 = 3;

/// No sign comes sooner than this after another one.
const LEAST_PAUSE: Duration = Duration::from_millis(1);

/// How long there is until a sign has to be given, where one has to be `every` so often, and something was said at
/// `said`; none when it has to be now.
pub(super) fn until_sign(said: Instant, every: Duration) -> Option<Duration> {
    let every = every.max(LEAST_PAUSE);
    every.checked_sub(said.elapsed()).filter(|left| !left.is_zero())
}

/// Works on another thread, and has this one call `sign` meanwhile, which gives a sign of life where one has to be
/// given, and answers after how long it wants to be called again. Where it fails the work still comes to its end.
pub(super) fn at_it<R: Send, E: From<io::Error>>(
    work: impl FnOnce() -> R + Send,
    mut sign: impl FnMut() -> Result<Duration, E>,
) -> Result<R, E> {
    scope(|scope| {
        let mut pause = sign()?;
        let (alive, ended) = channel::<()>();
        let working = move || {
            let done = work();
            drop(alive);
            done
        };
        let worker = Builder::new().name("replica-work".into()).spawn_scoped(scope, working)?;
        while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(pause) {
            pause = sign()?;
        }
        Ok(worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_given_until_the_work_is_done() {
        let (signs, enough) = channel();
        let mut given = 0;
        let done = at_it(
            move || {
                let sum: u32 = (0..3).map(|_| enough.recv().expect("it goes on")).sum();
                // There is one more sign, perhaps, before it is known that this is done.
                (sum, enough)
            },
            || {
                given += 1;
                signs.send(given).map_err(io::Error::other)?;
                Ok::<_, io::Error>(Duration::from_millis(1))
            },
        );
        assert_eq!(done.expect("nothing fails").0, 1 + 2 + 3);
    }

    #[test]
    fn a_sign_that_fails_is_told_when_the_work_is_done() {
        let mut is_done = false;
        let told = at_it(|| is_done = true, {
            let mut signs = 0;
            move || {
                signs += 1;
                match signs {
                    1 => Ok(Duration::ZERO),
                    _ => Err(io::Error::other("nobody hears it")),
                }
            }
        });
        // The work may have been done before there was a second sign.
        assert!(is_done && told.map_or_else(|e| e.to_string() == "nobody hears it", |()| true));
    }
}
