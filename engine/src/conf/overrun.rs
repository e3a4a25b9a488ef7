//! Settings of what becomes of batches that are due while another one runs longer than its interval.

use super::Conf;
use crate::error::{Error, Result};

/// Where more batches are due at once than a stream can be meant to make up for, one is cut instead of all of
/// them. At an interval of a second this is more than a day.
pub(crate) const MOST_WAITING: u64 = 100_000;

/// What becomes of the due times that pass while a batch runs longer than its interval. Nothing received is
/// dropped by any of these: what came belongs to the next batch that there is. Batch times stay on the grid.
///
/// A due time at which a stream with a longer slide has a dataset is never left out, for its output would be
/// lost: the batch that stands for several due times ends at the first such time.
///
/// How the batches lie where that at 1 s runs until 4.5 s, and the others are quick:
///
/// ```text
/// clock      1    2    3    4    5    6
/// Queue      1═════════════════234  5    6     a batch for each due time
/// Coalesce   1═════════════════4    5    6     one for all that are due
/// Skip       1═════════════════     5    6     none for what has passed; that at 5 s has it all
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Overrun {
    /// Each due time has its batch, one after the other, as in Spark: so a stream that has fallen behind makes
    /// up for it batch by batch. No more than [`Conf::max_backlog`] wait.
    #[default]
    Queue,
    /// Where several due times have passed, one batch at the last of them takes all that has come. What a
    /// batch costs by itself is paid once for all of them.
    Coalesce,
    /// The due times that have passed are left out, and the next batch comes at the next one, with all that has
    /// come meanwhile: no batch begins late, and there is a pause after each that has overrun.
    Skip,
}

impl Conf {
    /// What becomes of batches that are due while another one overruns: [`Overrun::Queue`] by default, as in
    /// the original.
    ///
    /// ```
    /// use millstream::{Conf, Overrun};
    /// let conf = Conf::new("dashboard").overrun(Overrun::Coalesce);
    /// ```
    pub fn overrun(mut self, policy: Overrun) -> Self {
        self.overrun = policy;
        self
    }

    /// How many batches may wait for their turn under [`Overrun::Queue`]. Where more are due the oldest are
    /// merged into one, at the last of their times: a warning says so, and the batch's report how many it
    /// stands for. Due times of longer slides are not merged, so where there are such, more may wait.
    ///
    /// Left out, it is 100,000, and where more than so many are due one batch is cut for all of
    /// them, slides or not: a machine was suspended, or its clock has jumped. What waits takes no memory but
    /// for its records, which [`memory_bytes`](Conf::memory_bytes) bounds.
    ///
    /// ```
    /// use millstream::{Conf, StreamingContext, secs};
    /// let at_most = |batches| StreamingContext::new(Conf::new("counts").max_backlog(batches), secs(1));
    /// assert!(at_most(60).is_ok());
    /// assert!(at_most(0).err().unwrap().to_string().contains("from 1 to 100000"));
    /// ```
    pub fn max_backlog(mut self, batches: u64) -> Self {
        self.max_backlog = Some(batches);
        self
    }

    /// The most batches that may wait. Fails where that is out of range.
    pub(crate) fn most_waiting(&self) -> Result<u64> {
        match self.max_backlog {
            None => Ok(MOST_WAITING),
            Some(batches) if (1..=MOST_WAITING).contains(&batches) => Ok(batches),
            Some(batches) => Err(Error::Setting {
                setting: "the number of batches that may wait (Conf::max_backlog)",
                got: batches.to_string(),
                want: format!("from 1 to {MOST_WAITING}"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_has_one_batch_at_least_and_no_more_than_can_be_made_up_for() {
        let most = |batches| Conf::new("t").max_backlog(batches).most_waiting();
        assert_eq!(most(1).unwrap(), 1);
        assert_eq!(Conf::new("t").most_waiting().unwrap(), most(MOST_WAITING).unwrap());
        for refused in [0, MOST_WAITING + 1] {
            let sentence = most(refused).unwrap_err().to_string();
            assert!(sentence.contains(&refused.to_string()), "{sentence}");
        }
    }
}
