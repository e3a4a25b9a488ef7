//! What connections lack that a death has broken, at their ends: how much that may be, and how much it is.

use std::collections::BTreeMap;
use std::fs;

use super::found::Found;
use crate::killable::MEMORY_BYTES;
use crate::senders::{Broken, Sent};

/// No stamped line is shorter.
const LEAST_LINE_BYTES: u64 = 50;

/// What the system's buffers hold where it does not say.
const BUFFERS_BYTES: u64 = 16 << 20;

/// No broken connection may lack more: what the buffers of its two ends hold, and what the job may have received
/// and not yet logged.
pub(super) fn most_bytes() -> u64 {
    let largest = |name| {
        let text = fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok()?;
        text.split_whitespace().last()?.parse::<u64>().ok()
    };
    let buffers = largest("tcp_wmem").zip(largest("tcp_rmem")).map(|(write, read)| write + read);
    MEMORY_BYTES + buffers.unwrap_or(BUFFERS_BYTES)
}

/// Tells of the connections that lack what they sent last: how much, and how long before the break that
/// was sent. Of each source it is known when the last record was sent that is there, and how many are.
pub(super) fn account_for(
    sent: &Sent,
    most_bytes: u64,
    last_sent_us: &BTreeMap<u64, u64>,
    counts: &BTreeMap<u64, u64>,
    found: &mut Found,
) {
    let unacknowledged = &mut found.unacknowledged;
    let mut too_many = Vec::new();
    unacknowledged.connections = sent.broken().len() as u64;
    unacknowledged.most_bytes_allowed = most_bytes;
    for Broken { sent, began_us, broke_us } in sent.broken() {
        let kept = counts.get(&sent.source).copied().unwrap_or_default();
        let missing = sent.records.saturating_sub(kept);
        if missing == 0 {
            continue;
        }
        unacknowledged.most_records = unacknowledged.most_records.max(missing);
        // The first that is missing was sent after the last that is there.
        let after_us = last_sent_us.get(&sent.source).unwrap_or(began_us);
        let age_ms = broke_us.saturating_sub(*after_us) as f64 / 1e3;
        unacknowledged.oldest_ms = unacknowledged.oldest_ms.max(age_ms);
        if missing.saturating_mul(LEAST_LINE_BYTES) > most_bytes {
            too_many.push((sent.source, missing));
        }
    }
    for (source, missing) in too_many {
        found.lost += missing;
        found.say(format_args!(
            "connection {source} lacks its last {missing} records, which are more than {most_bytes} bytes"
        ));
    }
}
