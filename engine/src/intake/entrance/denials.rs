//! Connections that are not wanted: counted by reason, and told of now and then.

use std::fmt::Write as _;
use std::net::IpAddr;

use crate::occasional::Occasional;

/// Why a connection is closed before anything of it is taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::intake) enum Denial {
    /// It comes from none of the addresses that may connect.
    Address,
    /// There are as many of its address as there may be.
    TooMany,
    /// It has shown another token, or something that is none.
    WrongToken,
    /// It has not agreed on how to speak.
    NoHandshake,
    /// It has not shown in time what is to be shown first, or has gone before.
    NothingShown,
    /// It had shown nothing yet when others came for whom there was no place.
    GaveWay,
}

impl Denial {
    const ALL: [Denial; 6] = [
        Denial::Address,
        Denial::TooMany,
        Denial::WrongToken,
        Denial::NoHandshake,
        Denial::NothingShown,
        Denial::GaveWay,
    ];

    fn reason(self) -> &'static str {
        match self {
            Denial::Address => "came from an address outside Conf::allow_addresses",
            Denial::TooMany => "had Conf::max_connections_per_address others beside them",
            Denial::WrongToken => "showed no token, or a wrong one",
            Denial::NoHandshake => "did not speak TLS as it is spoken here",
            Denial::NothingShown => {
                "left, or let 10 s pass, before they had shown what is to be shown"
            }
            Denial::GaveWay => "had shown nothing yet when others came, and gave way",
        }
    }

    /// What the other end is told, where it is told anything.
    pub(in crate::intake) fn told(self) -> &'static str {
        match self {
            Denial::Address => "this address may not connect",
            Denial::TooMany => "this address has as many connections as it may have",
            Denial::WrongToken => {
                "the first line must be TOKEN SECRET with the secret that this engine was given, in front of \
                 the greeting"
            }
            Denial::NoHandshake => "TLS is spoken here",
            Denial::NothingShown => "no token has come within 10 s",
            Denial::GaveWay => "others came, and no token had come yet",
        }
    }
}

/// Counts denials, so that whoever tries without end fills no log.
#[derive(Debug, Default)]
pub(in crate::intake) struct Denials {
    counts: [u64; Denial::ALL.len()],
    last: Option<IpAddr>,
    time: Occasional,
}

impl Denials {
    pub(in crate::intake) fn count(&mut self, denial: Denial, peer: IpAddr) {
        self.counts[denial as usize] += 1;
        self.last = Some(peer);
    }

    /// A sentence about those that were counted and not told of, once a minute at most.
    pub(in crate::intake) fn sentence_if_due(&mut self) -> Option<String> {
        if self.last.is_some() && self.time.is_time() { self.sentence() } else { None }
    }

    /// The same now; nothing where there is nothing to tell.
    pub(in crate::intake) fn sentence(&mut self) -> Option<String> {
        let last = self.last.take()?;
        let counts = std::mem::take(&mut self.counts);
        let mut reasons = String::new();
        for (denial, count) in Denial::ALL.iter().zip(counts).filter(|(_, count)| *count > 0) {
            let separator = if reasons.is_empty() { "" } else { ", " };
            write!(reasons, "{separator}{count} {}", denial.reason())
                .expect("a String takes what is written to it");
        }
        let all: u64 = counts.iter().sum();
        Some(format!(
            "connections were denied: {all}, of which {reasons}; the last was that of {last}"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_one_sentence_and_what_is_left_of_it_another() {
        let mut denials = Denials::default();
        assert_eq!((denials.sentence_if_due(), denials.sentence()), (None, None));
        let peer = |last: u8| IpAddr::from([192, 0, 2, last]);
        denials.count(Denial::Address, peer(1));
        let first = denials.sentence_if_due().unwrap();
        assert!(first.contains("denied: 1, of which 1 came from an address"), "{first}");
        for _ in 0..1000 {
            denials.count(Denial::WrongToken, peer(2));
            denials.count(Denial::TooMany, peer(3));
            assert_eq!(denials.sentence_if_due(), None);
        }
        let rest = denials.sentence().unwrap();
        assert!(
            rest.contains("denied: 2000, of which 1000 had") && rest.ends_with("192.0.2.3"),
            "{rest}"
        );
        assert!(rest.contains(", 1000 showed no token"), "{rest}");
        assert_eq!(denials.sentence(), None);
    }
}
