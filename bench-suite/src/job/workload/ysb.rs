//! The Yahoo streaming benchmark: how often the ads of each campaign were viewed in each window of
//! ten seconds, by the time that the events bear.
//!
//! Lines are events in JSON, as [`loadgen::ysb`] writes them. Views are kept and joined with the
//! table that says which campaign an ad belongs to; their counts stay in a state until the window is
//! closed. The latency of a window is the time from its end to the last view that it took in.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use loadgen::ysb::{ADS_PER_CAMPAIGN, CAMPAIGNS, ad_id};
use millstream::{DStream, FromText, Pipe, StateSpec, Text, Time};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::job::{Answer, Answers};

const WINDOW_MS: i64 = 10_000;

/// For so long after its end a window waits for late views, and is then closed. What comes later
/// still is a window by itself, closed at once, whose latency shows it.
const LATE_MS: i64 = 10_000;

/// A campaign, and where a window starts.
type Key = (usize, i64);

pub(super) fn describe<'b, P: Pipe<'b, Item: Text<'b>>>(lines: &DStream<'b, P>, answers: &Answers) {
    let answers = answers.clone();
    let campaigns = Arc::new(campaigns_by_ad());
    let events = lines.map(|line| line.text()).parse::<Event<'_>>();
    let views = events.filter(|event| event.event_type == EventType::View);
    let joined = views.flat_map(move |view| {
        let campaign = campaigns.get(view.ad_id)?;
        Some(((*campaign, view.time_ms.div_euclid(WINDOW_MS) * WINDOW_MS), 1u64))
    });
    let new = joined.reduce_by_key(|a, b| a + b);
    let counts = new.update_state_by_key_with(StateSpec::new(), |time, key: &Key, new, before| {
        Views::after(before, new.iter().sum(), time, key.1)
    });
    counts.for_each_rdd(move |rdd, time| {
        let found = rdd.aggregate(Found::default, Found::with, Found::and);
        answers.put(time, found.answer());
    });
}

/// The static table that the stream is joined with.
fn campaigns_by_ad() -> HashMap<String, usize> {
    (0..CAMPAIGNS * ADS_PER_CAMPAIGN).map(|ad| (ad_id(ad), ad / ADS_PER_CAMPAIGN)).collect()
}

/// What the job reads of an event. Texts borrow from the line.
#[derive(Deserialize)]
struct Event<'b> {
    ad_id: &'b str,
    event_type: EventType,
    #[serde(rename = "event_time", deserialize_with = "digits")]
    time_ms: i64,
}

#[derive(PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EventType {
    View,
    Click,
    Purchase,
}

impl<'b> FromText<'b> for Event<'b> {
    fn from_text(text: &'b str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// A number in quotes.
fn digits<'de, D: Deserializer<'de>>(text: D) -> Result<i64, D::Error> {
    <&str>::deserialize(text)?.parse().map_err(D::Error::custom)
}

/// The views of a campaign in a window.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Views {
    all: u64,
    /// Of all, those that came with the last batch.
    new: u64,
    /// When the last ones came in, since the epoch.
    updated_ms: i64,
    /// Where it is closed: how long after its end the last ones came in.
    latency_ms: Option<i64>,
}

impl Views {
    /// What `new` views in the batch at `time` make of a window that starts at `start_ms`. One that
    /// the batch before has closed is forgotten.
    fn after(before: Option<Views>, new: u64, time: Time, start_ms: i64) -> Option<Views> {
        let before = before.filter(|views| views.latency_ms.is_none()).unwrap_or_default();
        let all = before.all + new;
        let updated_ms =
            if new > 0 { Timestamp::now().as_millisecond() } else { before.updated_ms };
        let end_ms = start_ms + WINDOW_MS;
        let closed = time.as_millis() >= end_ms + LATE_MS;
        let latency_ms = closed.then_some(updated_ms - end_ms);
        (all > 0).then_some(Views { all, new, updated_ms, latency_ms })
    }
}

/// What the windows of a batch come to.
#[derive(Default)]
struct Found {
    views: u64,
    /// Windows that have new views.
    windows: u64,
    closed_windows: u64,
    /// The views of closed windows, in all.
    closed_views: u64,
    /// The longest latency of a closed window.
    window_latency_ms: Option<i64>,
}

impl Found {
    fn with(self, (_, views): (Key, &Views)) -> Self {
        let is_closed = views.latency_ms.is_some();
        Found {
            views: self.views + views.new,
            windows: self.windows + u64::from(views.new > 0),
            closed_windows: self.closed_windows + u64::from(is_closed),
            closed_views: self.closed_views + if is_closed { views.all } else { 0 },
            window_latency_ms: self.window_latency_ms.max(views.latency_ms),
        }
    }

    fn and(self, other: Self) -> Self {
        Found {
            views: self.views + other.views,
            windows: self.windows + other.windows,
            closed_windows: self.closed_windows + other.closed_windows,
            closed_views: self.closed_views + other.closed_views,
            window_latency_ms: self.window_latency_ms.max(other.window_latency_ms),
        }
    }

    fn answer(self) -> Answer {
        let answer = Answer::default()
            .adding("views", self.views)
            .adding("closed_windows", self.closed_windows)
            .adding("closed_views", self.closed_views)
            .standing("windows", self.windows);
        match self.window_latency_ms {
            Some(ms) => answer.standing("window_latency_ms", ms),
            None => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: i64 = 1_795_179_180_000;

    /// What is left of a window after batches at these seconds from its start, with so many views.
    fn after(batches: &[(i64, u64)]) -> Option<Views> {
        batches.iter().fold(None, |before, &(seconds, new)| {
            let time = Time::from_millis(START_MS + seconds * 1000);
            Views::after(before, new, time, START_MS)
        })
    }

    #[test]
    fn a_window_adds_up_until_no_late_view_is_expected_and_is_then_forgotten() {
        let open = after(&[(1, 5), (2, 0), (12, 3), (19, 0)]).unwrap();
        assert_eq!((open.all, open.new, open.latency_ms), (8, 0, None));
        let closed = after(&[(1, 5), (19, 2), (20, 1)]).unwrap();
        assert_eq!((closed.all, closed.new), (8, 1));
        assert_eq!(closed.latency_ms, Some(closed.updated_ms - START_MS - WINDOW_MS));
        assert_eq!(after(&[(1, 5), (20, 0), (21, 0)]), None);
    }

    #[test]
    fn what_comes_too_late_is_a_window_by_itself() {
        let late = after(&[(1, 5), (20, 0), (21, 2)]).unwrap();
        assert_eq!((late.all, late.latency_ms.is_some()), (2, true));
        assert_eq!(after(&[(1, 5), (20, 0), (21, 2), (22, 0)]), None);
    }

    #[test]
    fn what_is_no_event_is_not_read() {
        let event = r#"{"ad_id":"a","event_type":"view","event_time":"17"}"#;
        assert_eq!(
            Event::from_text(event).map(|event| (event.ad_id, event.time_ms)),
            Some(("a", 17))
        );
        for other in
            [event.replace("view", "glance"), event.replace("17", "noon"), event[1..].into()]
        {
            assert!(Event::from_text(&other).is_none(), "{other}");
        }
    }
}
