//! Windows: what a stream had in its last batches.

use super::DStream;
use crate::pipe::{Replay, Windowed};
use crate::window::{Span, Window};

impl<'b, P: Replay<'b>> DStream<'b, P> {
    /// All records of the last batches, oldest first.
    ///
    /// What is kept are the received blocks, and each batch in the window is computed from them
    /// again; [`BatchReport::window_bytes`](crate::progress::BatchReport::window_bytes) tells how
    /// much memory they take. Blocks that could not fit into
    /// [`Conf::memory_bytes`](crate::Conf::memory_bytes) are refused at the start, with both
    /// numbers. Cost: a slide costs as much as all records of the window; where they are only
    /// brought together by key, [`reduce_by_key_and_window`](DStream::reduce_by_key_and_window)
    /// costs what enters and leaves.
    ///
    /// ```
    /// # use millstream::{Window, secs, testing};
    /// let out = testing::run(secs(1), 4, |s, out| {
    ///     let numbers = s.queue_stream([vec![1], vec![2], vec![3]]);
    ///     out.collect(&numbers.window(Window::every_batch(secs(2))));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [vec![1], vec![1, 2], vec![2, 3], vec![3]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn window(&self, window: Window) -> DStream<'b, Windowed<P>> {
        self.require_replay("window");
        let Span { length, slide, step } = self.span("window", window);
        let operator = self.graph.lock().add_operator("window", None);
        let windowed = self.with(Windowed { pipe: self.pipe.clone(), length, step });
        DStream { slide, operator: Some(operator), ..windowed }
    }
}

impl<'b, P: crate::pipe::Pipe<'b>> DStream<'b, P> {
    /// The window over this stream. One that does not suit it is refused at the start.
    pub(super) fn span(&self, operation: &'static str, window: Window) -> Span {
        window.over(self.slide, operation).unwrap_or_else(|error| {
            self.graph.lock().refuse(error);
            Span { length: self.slide, slide: self.slide, step: self.slide }
        })
    }
}
