//! File descriptors for the connections that listeners may have to hold.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::error::{Error, Result};

/// Descriptors that a process needs beside its connections: for logs, checkpoints, outputs, links and what its
/// own program opens.
const OTHER_DESCRIPTORS: u64 = 64;

/// As many as a listener holds where nobody says otherwise.
const USUAL_CONNECTIONS: u64 = 65_536;

/// Of the connections of a listener, as many may be on their way in: a quarter, and no more than 1024.
const NEWCOMERS_SHARE: u64 = 4;
const MOST_NEWCOMERS: u64 = 1024;

/// At least so many beside the connections that were asked for.
const LEAST_NEWCOMERS: u64 = 16;

/// How many a listener may hold at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Connections.
    pub(crate) connections: u64,
    /// Beside these, those that have something to show still; none where nothing is to be shown.
    pub(crate) newcomers: u64,
}

impl Places {
    fn all(self) -> u64 {
        self.connections.saturating_add(self.newcomers)
    }
}

/// Raises the soft limit of this process so that `listeners` (one at least) may hold `wanted` connections each;
/// left out, as many as the hard limit allows them together. Where something `is_shown` first, there are places
/// for newcomers too. Answers what each may hold.
///
/// Fails, with the numbers, where that is more than the hard limit allows.
pub(crate) fn reserve(listeners: u64, wanted: Option<u64>, is_shown: bool) -> Result<Places> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)
        .map_err(|e| Error::io("the limit of file descriptors could not be read", &e.into()))?;
    let places = places(listeners, wanted, is_shown, hard);
    let needed = listeners.saturating_mul(places.all()).saturating_add(OTHER_DESCRIPTORS);
    if needed > hard {
        let wanted = listeners.saturating_mul(places.connections);
        return Err(Error::Descriptors { wanted, needed, hard });
    }
    if needed > soft {
        setrlimit(Resource::RLIMIT_NOFILE, needed, hard).map_err(|e| {
            Error::io(
                format!("the limit of file descriptors could not be raised to {needed}"),
                &e.into(),
            )
        })?;
    }
    Ok(places)
}

/// What each of the listeners may hold, under a hard limit.
fn places(listeners: u64, wanted: Option<u64>, is_shown: bool, hard: u64) -> Places {
    let of_each = hard.saturating_sub(OTHER_DESCRIPTORS) / listeners;
    let (share, least) = match wanted {
        Some(connections) => (connections / NEWCOMERS_SHARE, LEAST_NEWCOMERS),
        None => (of_each / NEWCOMERS_SHARE, 1),
    };
    let newcomers = if is_shown { share.clamp(least, MOST_NEWCOMERS) } else { 0 };
    let left = of_each.saturating_sub(newcomers).clamp(1, USUAL_CONNECTIONS);
    Places { connections: wanted.unwrap_or(left), newcomers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_hard_limit_does_not_allow_is_refused_with_the_numbers() {
        let e = reserve(1, Some(1 << 40), false).unwrap_err().to_string();
        assert!(e.contains("1099511627776 connections") && e.contains("hard limit"), "{e}");
    }

    #[test]
    fn a_modest_wish_is_granted() {
        let granted = Places { connections: 10, newcomers: 0 };
        assert_eq!(reserve(1, Some(10), false).unwrap(), granted);
        assert_eq!(reserve(2, Some(10), true).unwrap(), Places { newcomers: 16, ..granted });
    }

    #[test]
    fn listeners_share_what_there_is_and_leave_some_for_files() {
        let of = |listeners, is_shown, hard| {
            let Places { connections, newcomers } = places(listeners, None, is_shown, hard);
            (connections, newcomers)
        };
        assert_eq!(of(1, false, 300), (236, 0));
        assert_eq!(of(2, false, 300), (118, 0));
        assert_eq!(of(1, true, 80), (12, 4));
        assert_eq!(of(3, true, 1 << 20), (65_536, 1024));
        assert_eq!(of(1, false, u64::MAX), (65_536, 0));
        // Too few for one each: more is asked for than there is.
        assert_eq!(of(5, false, 66), (1, 0));
    }
}
