//! How a line of a preset is written.

use rand::{Rng, RngExt};

use super::access_log::AccessLog;
use super::binary::Binary;
use super::key_value::KeyValue;
use super::keys::Keys;
use super::words::Words;
use super::{Data, Preset};
use crate::ysb;

/// Writes lines, each from random numbers of its own.
pub(super) enum Recipe {
    Words(Words),
    Log(AccessLog),
    KeyValue(KeyValue),
    Ysb { ads: Keys, events: Box<ysb::Events> },
    Binary(Binary),
}

/// What a line depends on beside chance.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// Its number where it is written, from 0.
    pub(super) position: u64,
    /// When it is due, in milliseconds since the epoch; 0 where lines are rendered beforehand.
    pub(super) time_ms: u64,
    /// By how many bytes the lines before it were too long (or too short, if below zero) together.
    pub(super) carried_bytes: isize,
}

impl Recipe {
    /// The data must have been checked.
    pub(super) fn of(data: &Data) -> Self {
        match data.preset {
            Preset::Words => Self::Words(Words::new(data)),
            Preset::Log => Self::Log(AccessLog::new(data)),
            Preset::KeyValue => Self::KeyValue(KeyValue::new(data)),
            Preset::Ysb => Self::Ysb {
                ads: Keys::new(data.all_keys(), data.distribution),
                events: Box::new(ysb::Events::new()),
            },
            Preset::Binary => Self::Binary(Binary::new(data)),
        }
    }

    /// Writes a record with what ends it, and gives by how many bytes it is longer than was asked.
    pub(super) fn write(&self, random: &mut impl Rng, moment: Moment, into: &mut Vec<u8>) -> isize {
        match self {
            Self::Words(words) => return words.write(random, moment, into),
            Self::Log(log) => log.write(random, moment.position, into),
            Self::KeyValue(pairs) => pairs.write(random, moment.position, into),
            Self::Binary(records) => records.write(random, moment.position, into),
            Self::Ysb { ads, events } => {
                let rank = ads.rank(random, moment.position);
                events.write(ads.key(rank) as usize, moment.time_ms, random, into);
            }
        }
        0
    }
}

/// Whether lines of this data depend on their number or their moment.
pub(super) fn is_written_when_due(data: &Data) -> bool {
    data.distribution.has_order() || data.preset == Preset::Ysb
}

/// Filler for lines that are to be longer: letters, so that it is one word.
pub(super) fn fill(random: &mut impl Rng, bytes: usize, into: &mut Vec<u8>) {
    let end = into.len() + bytes;
    while into.len() < end {
        let letters = random.random::<u64>().to_le_bytes().map(|byte| b'a' + byte % 26);
        into.extend_from_slice(&letters[..letters.len().min(end - into.len())]);
    }
}
