//! Joins two streams of lines `key<TAB>value` by key, in each batch or in a window, and counts the
//! pairs: the first source with all others.

use millstream::{DStream, Pipe, Replay, Scope, Text, Window};

use crate::job::{Answer, Answers};

pub(super) fn describe<'b, P: Replay<'b, Item: Text<'b>>>(
    s: &Scope<'b>,
    sources: &[DStream<'b, P>],
    window: Option<Window>,
    answers: &Answers,
) {
    let (left, right) = sources.split_at(1);
    let (left, right) = (pairs(s, left), pairs(s, right));
    match window {
        None => {
            let joined = left.join(&right);
            count(&joined, |joined| Answer::default().adding("joined", joined), answers);
        }
        Some(window) => {
            let joined = left.window(window).join(&right.window(window));
            // A pair is in as many windows as overlap.
            count(&joined, |joined| Answer::default().standing("joined", joined), answers);
        }
    }
}

/// Keys and values, which borrow from the received lines.
fn pairs<'b, P: Replay<'b, Item: Text<'b>>>(
    s: &Scope<'b>,
    sources: &[DStream<'b, P>],
) -> DStream<'b, impl Replay<'b, Item = (&'b str, &'b str)>> {
    s.union(sources.iter().cloned()).fields('\t').parse::<(&str, &str)>()
}

fn count<'b, P: Pipe<'b>>(
    joined: &DStream<'b, P>,
    answer: impl Fn(u64) -> Answer + Send + 'static,
    answers: &Answers,
) {
    let answers = answers.clone();
    joined.for_each_rdd(move |rdd, time| answers.put(time, answer(rdd.count())));
}
