//! Windows.

use std::sync::Arc;

use millstream::{Durable, Window};

use super::{Datum, Flow, Stream};
use crate::fault::Attempts;
use crate::functions::{digest, digest_of, mixed, weight, written};
use crate::program::{Over, Span};
use crate::record::Merge;
use crate::run::BATCH_INTERVAL;

fn add(a: u64, b: u64) -> u64 {
    a.wrapping_add(b)
}

fn subtract(a: u64, b: u64) -> u64 {
    a.wrapping_sub(b)
}

/// The window of `span` over `stream`; it slides every `slide` batches.
pub(super) fn windowed<'b>(
    stream: &Stream<'b>,
    slide: usize,
    over: Over,
    span: Span,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let (slide, step) = (BATCH_INTERVAL * slide as i64, (slide / span.slide) as i64);
    let length = BATCH_INTERVAL * (step * span.length as i64);
    let window = match span {
        Span { slide: 1, .. } => Window::every_batch(length),
        _ if length == slide => Window::tumbling(length),
        _ => Window::sliding(length, slide),
    };
    match (stream, over) {
        (Stream::Lines(s), Over::Raw) => Stream::Text(s.window(window).boxed()),
        (Stream::Lines(s), Over::Words) => Stream::Text(s.window(window).words().boxed()),
        (Stream::Text(s), Over::Words) => Stream::Text(s.window(window).words().boxed()),
        (Stream::Lines(s), over) => of_any(&s.boxed(), window, over),
        (Stream::Text(s), over) => of_any(s, window, over),
        (Stream::Number(s), over) => of_numbers(s, window, over, attempts),
        (Stream::Pair(s), over) => of_pairs(s, window, over, attempts),
        (Stream::Label(s), over) => of_labels(s, window, over, attempts),
        (Stream::Owned(s), Over::Reduce(_)) => {
            Stream::Owned(reduced(s, window, Ord::max, attempts))
        }
        (Stream::Owned(s), over) => of_any(s, window, over),
    }
}

fn of_any<'b, T: Datum<'b>>(s: &Flow<'b, T>, window: Window, over: Over) -> Stream<'b> {
    match over {
        Over::Raw => T::stream(s.window(window).boxed()),
        Over::Count => Stream::Number(s.count_by_window(window).boxed()),
        Over::CountByValue => {
            let counts = s.count_by_value_and_window(window);
            T::Tallied::stream(counts.map(|(t, times)| t.tallied(times)).boxed())
        }
        other => unreachable!("{other:?} is not for every kind"),
    }
}

/// Brought together by a function that captures nothing, so that windows share what batches leave,
/// or by one that counts its calls.
fn reduced<'b, T: Datum<'b> + Durable>(
    s: &Flow<'b, T>,
    window: Window,
    merge: impl Fn(T, T) -> T + Clone + Send + Sync + 'static,
    attempts: &Arc<Attempts>,
) -> Flow<'b, T> {
    let attempts = attempts.clone();
    match attempts.watches_merges() {
        false => s.reduce_by_window(merge, window).boxed(),
        true => {
            let merge = move |a, b| {
                attempts.merge();
                merge(a, b)
            };
            s.reduce_by_window(merge, window).boxed()
        }
    }
}

fn of_numbers<'b>(
    s: &Flow<'b, u64>,
    window: Window,
    over: Over,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    Stream::Number(match over {
        Over::Reduce(Merge::Sum) => reduced(s, window, add, attempts),
        Over::Reduce(Merge::Max) => reduced(s, window, u64::max, attempts),
        Over::ReduceWithInverse if attempts.watches_merges() => {
            let (adds, subtracts) = (attempts.clone(), attempts.clone());
            let add = move |a, b| {
                adds.merge();
                add(a, b)
            };
            let subtract = move |a, b| {
                subtracts.merge();
                subtract(a, b)
            };
            s.reduce_by_window_with_inverse(add, subtract, window).boxed()
        }
        Over::ReduceWithInverse => s.reduce_by_window_with_inverse(add, subtract, window).boxed(),
        over => return of_any(s, window, over),
    })
}

fn of_pairs<'b>(
    s: &Flow<'b, (&'b str, u64)>,
    window: Window,
    over: Over,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let (adds, subtracts) = (attempts.clone(), attempts.clone());
    let counted_add = move |a, b| {
        adds.merge();
        add(a, b)
    };
    let counted_subtract = move |a, b| {
        subtracts.merge();
        subtract(a, b)
    };
    let counts = attempts.watches_merges();
    Stream::Pair(match over {
        Over::Group => s.group_by_key_and_window(window).map_values(digest).boxed(),
        Over::ReduceByKey(Merge::Sum) if counts => {
            s.reduce_by_key_and_window(counted_add, window).boxed()
        }
        Over::ReduceByKey(Merge::Sum) => s.reduce_by_key_and_window(add, window).boxed(),
        Over::ReduceByKey(Merge::Max) => s.reduce_by_key_and_window(u64::max, window).boxed(),
        Over::ReduceByKeyWithInverse if counts => {
            s.reduce_by_key_and_window_with_inverse(counted_add, counted_subtract, window).boxed()
        }
        Over::ReduceByKeyWithInverse => {
            s.reduce_by_key_and_window_with_inverse(add, subtract, window).boxed()
        }
        Over::ReduceByKeyWithInverseAndFilter(m) => {
            let keep = move |&pair: &(&str, u64)| !weight(pair).is_multiple_of(m);
            match counts {
                true => s
                    .reduce_by_key_and_window_with_inverse_and_filter(
                        counted_add,
                        counted_subtract,
                        keep,
                        window,
                    )
                    .boxed(),
                false => s
                    .reduce_by_key_and_window_with_inverse_and_filter(add, subtract, keep, window)
                    .boxed(),
            }
        }
        over => return of_any(s, window, over),
    })
}

/// What a window keeps of texts owns itself.
fn of_labels<'b>(
    s: &Flow<'b, (u64, &'b str)>,
    window: Window,
    over: Over,
    attempts: &Arc<Attempts>,
) -> Stream<'b> {
    let owned = s.map_values(str::to_owned);
    match over {
        Over::Group => {
            let groups = owned.group_by_key_and_window(window);
            let digests = groups.map(|(label, texts): (u64, Vec<String>)| {
                mixed(label, digest_of(texts.iter().map(String::as_str)))
            });
            Stream::Number(digests.boxed())
        }
        Over::ReduceByKey(_) => {
            let attempts = attempts.clone();
            let max = move |a: String, b| {
                attempts.merge();
                a.max(b)
            };
            let greatest = owned.reduce_by_key_and_window(max, window);
            Stream::Owned(greatest.map(|(label, text)| written((&text, label))).boxed())
        }
        over => of_any(s, window, over),
    }
}
