//! Output operations: what makes a stream run.

use super::DStream;
use crate::error::BoxError;
use crate::graph::Output;
use crate::pipe::Pipe;
use crate::rdd::Rdd;
use crate::show::{Show, page, write_to_stdout};
use crate::time::Time;

/// How many records [`DStream::print`] shows.
const USUALLY_PRINTED: usize = 10;

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// Calls `f` on the driver's thread with every batch's dataset and time, empty ones included,
    /// one batch after the other. `f` may keep state of its own between batches. If it runs no
    /// action on the dataset, nothing is computed. A stream that slides more slowly than batches are
    /// cut has a dataset, and so a call, once a slide. Cost: the call.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 2, |s, out| {
    ///     let out = out.clone();
    ///     let mut so_far = 0;
    ///     s.queue_stream([vec![1, 2], vec![3]]).for_each_rdd(move |rdd, time| {
    ///         so_far += rdd.count();
    ///         out.push(time, vec![so_far]);
    ///     });
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[2], [3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn for_each_rdd(&self, mut f: impl FnMut(Rdd<'b, P>, Time) + Send + 'static) {
        self.output("for_each_rdd", move |rdd, time| {
            f(rdd, time);
            Ok(())
        });
    }

    /// [`for_each_rdd`](DStream::for_each_rdd) with a closure that may fail. A failure is reported
    /// with its batch, other outputs and later batches go on, and `await_termination` returns it. Cost:
    /// the call.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let failed = testing::run::<u8>(secs(1), 1, |s, _| {
    ///     s.queue_stream([vec!["no number"]]).try_for_each_rdd(|rdd, _| {
    ///         for text in rdd.collect() {
    ///             text.parse::<i32>()?;
    ///         }
    ///         Ok(())
    ///     });
    ///     Ok(())
    /// });
    /// assert!(failed.unwrap_err().to_string().contains("invalid digit"));
    /// ```
    pub fn try_for_each_rdd(
        &self,
        f: impl FnMut(Rdd<'b, P>, Time) -> Result<(), BoxError> + Send + 'static,
    ) {
        self.output("try_for_each_rdd", f);
    }

    /// Prints the first ten records of every batch, as the original does: a header with the batch's
    /// time, a record a line, an ellipsis if there are more. Cost: computes only as many
    /// partitions, and only as far, as ten records take.
    ///
    /// ```no_run
    /// # use millstream::{Conf, StreamingContext, secs};
    /// let ssc = StreamingContext::new(Conf::new("error lines"), secs(1))?;
    /// let running = ssc.start(|s| {
    ///     s.socket_text_stream("localhost:7777").filter(|line| line.contains("error")).print();
    ///     Ok(())
    /// })?;
    /// running.await_termination()?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn print(&self)
    where
        P::Item: Show + Send,
    {
        self.print_n(USUALLY_PRINTED);
    }

    /// [`print`](DStream::print) with another number of records. Cost: as `print`.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// testing::run::<()>(secs(1), 1, |s, _| {
    ///     s.queue_stream([vec!["to", "be", "or"]]).print_n(2); // to, be, and an ellipsis
    ///     Ok(())
    /// })?;
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn print_n(&self, records: usize)
    where
        P::Item: Show + Send,
    {
        self.output("print", move |rdd, time| {
            let first = rdd.take(records.saturating_add(1));
            Ok(write_to_stdout(&page(time, &first, records))?)
        });
    }

    pub(super) fn output(
        &self,
        name: &'static str,
        mut f: impl FnMut(Rdd<'b, P>, Time) -> Result<(), BoxError> + Send + 'static,
    ) {
        let pipe = self.pipe.clone();
        self.graph.lock().add_output(Output {
            name,
            upstream: pipe.trace(),
            slide: self.slide,
            run: Box::new(move |batch| f(Rdd::new(batch, pipe.clone()), batch.time())),
        });
    }
}
