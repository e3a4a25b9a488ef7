//! Follows the sessions of keys, of lines `key<TAB>anything`: one starts with a key's first line and
//! ends when the key has been idle. Of a line without a tab the key is its first word; a blank line
//! has none.

use millstream::{DStream, Duration, Pipe, StateSpec, Text};

use crate::job::{Answer, Answers};

/// What becomes of a session.
#[derive(Clone, Copy)]
enum Change {
    Started,
    Ended,
}

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(
    lines: &DStream<'b, P>,
    idle: Duration,
    answers: &Answers,
) {
    let answers = answers.clone();
    let touches = lines.flat_map(|line| key(line.text()).map(|key| (key, ())));
    let spec = StateSpec::new().timeout(idle);
    // The state is how many lines the session has had.
    let changes = touches.filter_map_with_state(spec, |_, _, touch, session| {
        let lines = session.get().copied().unwrap_or(0u64);
        match touch {
            None => Some(Change::Ended),
            Some(()) => {
                session.update(lines + 1);
                (lines == 0).then_some(Change::Started)
            }
        }
    });
    // Counted along: to ask the states would cost a look at each session in every batch.
    let mut open = 0;
    changes.for_each_rdd(move |rdd, time| {
        let (started, ended) = rdd.aggregate(
            || (0i64, 0i64),
            |(started, ended), change| match change {
                Change::Started => (started + 1, ended),
                Change::Ended => (started, ended + 1),
            },
            |a, b| (a.0 + b.0, a.1 + b.1),
        );
        open += started - ended;
        let answer = Answer::default().adding("started", started).adding("ended", ended);
        answers.put(time, answer.standing("open", open));
    });
}

fn key(line: &str) -> Option<&str> {
    match memchr::memchr(b'\t', line.as_bytes()) {
        Some(tab) => Some(&line[..tab]),
        None => line.split_whitespace().next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_ends_at_the_tab_or_with_the_first_word() {
        let keys = ["a b\tc\td", "\tc", " a b", "a", "", "  "].map(key);
        assert_eq!(keys, [Some("a b"), Some(""), Some("a"), Some("a"), None, None]);
    }
}
