//! How a line of a preset is written.

use rand::Rng;

use super::access_log::AccessLog;
use super::binary::Binary;
use super::key_value::KeyValue;
use super::keys::Keys;
pub(super) use super::moment::Moment;
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

impl Recipe {
    /// The data must have been checked.
    pub(super) fn of(data: &Data) -> Self {
        let keys = Keys::new(data.all_keys(), data.distribution);
        match data.preset {
            Preset::Words => Self::Words(Words::new(keys, data.line_bytes, data.error_share)),
            Preset::Log => Self::Log(AccessLog::new(keys, data.error_share)),
            Preset::KeyValue => Self::KeyValue(KeyValue::new(keys, data.line_bytes)),
            Preset::Ysb => Self::Ysb { ads: keys, events: Box::new(ysb::Events::new()) },
            Preset::Binary => Self::Binary(Binary::new(keys, data.line_bytes)),
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
    data.distribution.has_order() || matches!(data.preset, Preset::Ysb | Preset::Log)
}
