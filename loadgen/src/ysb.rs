//! The events of the Yahoo streaming benchmark: what users do with the advertisements of campaigns.
//!
//! Whoever makes events and whoever counts them must agree on which ad belongs to which campaign.
//! Here the ids follow from numbers alone, so both work the same table out for themselves: ad `n`
//! belongs to campaign `n / ADS_PER_CAMPAIGN`.
//!
//! ```
//! use loadgen::ysb::{ADS_PER_CAMPAIGN, Events, ad_id, campaign_id};
//! use rand::SeedableRng;
//!
//! let (mut random, mut line) = (rand::rngs::StdRng::seed_from_u64(1), Vec::new());
//! Events::new().write(123, 1_795_179_188_000, &mut random, &mut line);
//! let line = String::from_utf8(line)?;
//! assert!(line.contains(&format!(r#""ad_id":"{}""#, ad_id(123))));
//! println!("{line} is about an ad of campaign {}", campaign_id(123 / ADS_PER_CAMPAIGN));
//! # Ok::<(), std::string::FromUtf8Error>(())
//! ```

use std::io::Write;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// How many campaigns there are.
pub const CAMPAIGNS: usize = 100;

/// How many ads belong to each campaign.
pub const ADS_PER_CAMPAIGN: usize = 10;

/// About so long is an event with its newline.
pub(crate) const MEAN_EVENT_BYTES: usize = 241;

/// How many users there are, and how many pages.
const USERS: usize = 100;
const PAGES: usize = 100;

const AD_TYPES: [&str; 5] = ["banner", "modal", "sponsored-search", "mail", "mobile"];
const EVENT_TYPES: [&str; 3] = ["view", "click", "purchase"];

/// The id of an ad, as the text of a UUID: the same on every machine, another for every number.
pub fn ad_id(ad: usize) -> String {
    id(Kind::Ad, ad)
}

/// The id of a campaign, as [`ad_id`] is that of an ad.
pub fn campaign_id(campaign: usize) -> String {
    id(Kind::Campaign, campaign)
}

/// What an id is of, so that ad 3 and campaign 3 do not share one.
#[derive(Clone, Copy)]
enum Kind {
    Ad = 1,
    Campaign = 2,
    User = 3,
    Page = 4,
}

/// A UUID of version 4, whose random bits come from a generator that is named, so that it is the
/// same years later.
fn id(kind: Kind, number: usize) -> String {
    let mut bits = Xoshiro256PlusPlus::seed_from_u64((kind as u64) << 48 | number as u64);
    let (high, low) = (bits.next_u64(), bits.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

/// A writer of events, which holds the pieces that they are put together from.
///
/// A piece is a value with the names on both its sides, so that an event is six copies and a
/// number.
pub struct Events {
    users: Vec<String>,
    pages: Vec<String>,
    ads: Vec<String>,
    ad_types: Vec<String>,
    event_types: Vec<String>,
}

/// What stands behind the number of an event's time.
const END: &[u8] = b"\",\"ip_address\":\"1.2.3.4\"}\n";

impl Events {
    /// Prepares the pieces: some 100 kB.
    pub fn new() -> Self {
        let ids = |kind, n, before: &str, after: &str| -> Vec<String> {
            (0..n).map(|number| format!("{before}{}{after}", id(kind, number))).collect()
        };
        Events {
            users: ids(Kind::User, USERS, r#"{"user_id":""#, r#"","page_id":""#),
            pages: ids(Kind::Page, PAGES, "", r#"","ad_id":""#),
            ads: ids(Kind::Ad, CAMPAIGNS * ADS_PER_CAMPAIGN, "", r#"","ad_type":""#),
            ad_types: AD_TYPES.map(|name| format!(r#"{name}","event_type":""#)).into(),
            event_types: EVENT_TYPES.map(|name| format!(r#"{name}","event_time":""#)).into(),
        }
    }

    /// Appends an event about `ad` at `event_time_ms` since the epoch, as a line of JSON. User, page,
    /// and the types of ad and event are drawn evenly from `random`, of which it takes one number.
    ///
    /// # Panics
    /// Where `ad` is not below `CAMPAIGNS * ADS_PER_CAMPAIGN`.
    pub fn write(&self, ad: usize, event_time_ms: u64, random: &mut impl Rng, line: &mut Vec<u8>) {
        let mut choices = Choices(random.next_u64());
        let pieces = [
            choices.one_of(&self.users),
            choices.one_of(&self.pages),
            &self.ads[ad],
            choices.one_of(&self.ad_types),
            choices.one_of(&self.event_types),
        ];
        for piece in pieces {
            line.extend_from_slice(piece.as_bytes());
        }
        write!(line, "{event_time_ms}").expect("memory takes whatever is written");
        line.extend_from_slice(END);
    }
}

impl Default for Events {
    fn default() -> Self {
        Events::new()
    }
}

/// A random number as a fraction of 1, from which one choice after another is taken off the top.
struct Choices(u64);

impl Choices {
    fn one_of<'a>(&mut self, pieces: &'a [String]) -> &'a str {
        let product = u128::from(self.0) * pieces.len() as u128;
        self.0 = product as u64;
        &pieces[(product >> 64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};

    use super::*;

    /// `events` about as many ads, in turns, as their columns by name.
    fn written(events: usize) -> Vec<BTreeMap<String, String>> {
        let (writer, mut text) = (Events::new(), Vec::new());
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        for n in 0..events {
            writer.write(n % (CAMPAIGNS * ADS_PER_CAMPAIGN), n as u64, &mut random, &mut text);
        }
        let text = String::from_utf8(text).unwrap();
        assert!(text.ends_with('\n'));
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn an_event_is_the_documented_line() {
        let (mut line, mut random) = (Vec::new(), Xoshiro256PlusPlus::seed_from_u64(7));
        Events::new().write(42, 1_795_179_188_000, &mut random, &mut line);
        let line = String::from_utf8(line).unwrap();
        let event: BTreeMap<String, String> = serde_json::from_str(&line).unwrap();
        let names =
            ["user_id", "page_id", "ad_id", "ad_type", "event_type", "event_time", "ip_address"];
        let fields = names.map(|name| format!(r#""{name}":"{}""#, event[name]));
        assert_eq!(line, format!("{{{}}}\n", fields.join(",")), "the fields in this order");
        assert_eq!(event["ad_id"], ad_id(42));
        assert_eq!(event["event_time"], "1795179188000");
    }

    #[test]
    fn choices_are_even() {
        let events = written(30_000);
        let counts = |name: &str| {
            let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
            events.iter().for_each(|event| *counts.entry(&event[name]).or_default() += 1);
            counts
        };
        for (name, different) in
            [("ad_type", 5), ("event_type", 3), ("user_id", 100), ("page_id", 100)]
        {
            let counts = counts(name);
            assert_eq!(counts.len(), different, "{name}");
            let expected = events.len() / different;
            let near = expected * 3 / 4..expected * 5 / 4;
            assert!(counts.values().all(|count| near.contains(count)), "{name}: {counts:?}");
        }
        assert_eq!(
            counts("event_type").keys().copied().collect::<HashSet<_>>(),
            HashSet::from(EVENT_TYPES)
        );
    }

    #[test]
    fn ids_are_distinct_and_well_formed() {
        let mut seen = HashSet::new();
        for number in 0..CAMPAIGNS * ADS_PER_CAMPAIGN {
            for kind in [Kind::Ad, Kind::Campaign, Kind::User, Kind::Page] {
                let id = id(kind, number);
                let groups: Vec<&str> = id.split('-').collect();
                assert_eq!(groups.iter().map(|g| g.len()).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
                assert!(groups.concat().bytes().all(|b| b.is_ascii_hexdigit()), "{id}");
                assert!(groups[2].starts_with('4') && groups[3].starts_with(['8', '9', 'a', 'b']));
                assert!(seen.insert(id));
            }
        }
        assert_eq!(ad_id(0), id(Kind::Ad, 0));
        assert_ne!(ad_id(3), campaign_id(3));
    }

    #[test]
    fn an_id_is_the_same_for_ever() {
        assert_eq!(ad_id(0), "03118ecd-d903-4634-9692-2da61ef7f224");
        assert_eq!(campaign_id(99), "99bdf62c-cedd-482f-b44e-498927375fd4");
    }
}
