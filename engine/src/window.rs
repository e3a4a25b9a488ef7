//! How long a window is, and how often it comes.

use crate::error::Error;
use crate::time::Duration;

/// A window over a stream: its length, and its slide, which is how often it has a result. Both are
/// whole multiples of the slide of the stream that it is over, which is the batch interval unless
/// that stream is a window itself.
///
/// The window of the batch at `t` holds what the stream had at the times in `(t - length, t]`,
/// oldest first. The first windows after the start come out with what there is; once the input
/// dries up they shrink until they are empty. Where the slide is longer than the length, what falls
/// between is in no window.
///
/// In Spark the slide is an optional argument, and a window without it slides with every batch,
/// which is often taken for tumbling; here the slide is said in words.
///
/// ```
/// use millstream::{Window, secs};
/// let every_2_s_of_the_last_10 = Window::sliding(secs(10), secs(2));
/// let one_after_the_other = Window::tumbling(secs(10));
/// let with_every_batch = Window::every_batch(secs(10));
/// # let _ = (every_2_s_of_the_last_10, one_after_the_other, with_every_batch);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use = "a window describes; give it to an operator such as window() or reduce_by_key_and_window()"]
pub struct Window {
    length: Duration,
    slide: Slide,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Slide {
    Every(Duration),
    /// As often as the stream that it is over.
    WithTheStream,
}

/// A window whose numbers suit the stream that it is over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) length: Duration,
    pub(crate) slide: Duration,
    /// How often the stream that it is over has a dataset.
    pub(crate) step: Duration,
}

impl Window {
    /// The last `length`, every `slide`.
    pub const fn sliding(length: Duration, slide: Duration) -> Self {
        Window { length, slide: Slide::Every(slide) }
    }

    /// The last `length`, every `length`: each record is in one window.
    pub const fn tumbling(length: Duration) -> Self {
        Window { length, slide: Slide::Every(length) }
    }

    /// The last `length`, as often as the stream that it is over has a dataset: with every batch,
    /// unless that stream slides more slowly. Spark's window without a slide.
    pub const fn every_batch(length: Duration) -> Self {
        Window { length, slide: Slide::WithTheStream }
    }

    /// The window over a stream with a dataset every `step`.
    pub(crate) fn over(self, step: Duration, operation: &'static str) -> Result<Span, Error> {
        let slide = match self.slide {
            Slide::Every(slide) => slide,
            Slide::WithTheStream => step,
        };
        for (what, got) in [("length", self.length), ("slide", slide)] {
            if got <= Duration::ZERO || !got.is_multiple_of(step) {
                return Err(Error::Window { operation, what, got, slide: step });
            }
        }
        Ok(Span { length: self.length, slide, step })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{millis, secs};

    fn refused(window: Window) -> String {
        window.over(secs(2), "window").unwrap_err().to_string()
    }

    #[test]
    fn a_window_suits_the_slide_of_its_stream_or_is_refused_with_both_numbers() {
        let span = Span { length: secs(4), slide: secs(2), step: secs(2) };
        assert_eq!(Window::every_batch(secs(4)).over(secs(2), "window").unwrap(), span);
        let e = refused(Window::sliding(secs(3), secs(2)));
        assert!(e.contains("length of 3000 ms") && e.contains("2000 ms"), "{e}");
        let e = refused(Window::sliding(secs(4), secs(1)));
        assert!(e.contains("slide of 1000 ms") && e.contains("2000 ms"), "{e}");
        assert!(refused(Window::tumbling(Duration::ZERO)).contains("length of 0 ms"));
        assert!(refused(Window::tumbling(Duration::from_millis(-2000))).contains("-2000 ms"));
        assert!(refused(Window::every_batch(millis(500))).contains("500 ms"));
    }
}
