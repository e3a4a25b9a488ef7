//! Lines of a web server's access log, in the combined format.

use rand::{Rng, RngExt};

use super::keys::Keys;
use super::vocabulary::Vocabulary;

/// About so long is a line.
pub(super) const MEAN_LINE_BYTES: usize = 165;

/// The log's clock goes on by a second after so many lines.
const LINES_PER_S: u64 = 1000;

/// The log is of one day, and begins again after it.
const DAY_S: u64 = 24 * 60 * 60;

/// What visitors look with.
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Safari/605.1",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148",
    "curl/8.10.1",
];

/// Writes requests of pages.
pub(super) struct AccessLog {
    vocabulary: Vocabulary,
    pages: Keys,
    error_share: f64,
}

impl AccessLog {
    pub(super) fn new(pages: Keys, error_share: f64) -> Self {
        Self { vocabulary: Vocabulary::new(pages.count()), pages, error_share }
    }

    pub(super) fn write(&self, random: &mut impl Rng, position: u64, into: &mut Vec<u8>) {
        let mut number = itoa::Buffer::new();
        let [a, b, c, agent] = random.random::<[u8; 4]>();
        into.extend_from_slice(b"10");
        for part in [a, b, c] {
            into.push(b'.');
            into.extend_from_slice(number.format(part).as_bytes());
        }
        into.extend_from_slice(b" - - [01/Jan/2026:");
        write_time(position / LINES_PER_S % DAY_S, into);
        into.extend_from_slice(b" +0000] \"GET /");
        self.vocabulary.write_word_and_space(self.pages.rank(random, position), into);
        into.pop();
        into.extend_from_slice(b".html HTTP/1.1\" ");
        let (status, most_bytes) = self.status(random);
        into.extend_from_slice(number.format(status).as_bytes());
        into.push(b' ');
        into.extend_from_slice(number.format(random.random_range(0..=most_bytes)).as_bytes());
        into.extend_from_slice(b" \"-\" \"");
        into.extend_from_slice(AGENTS[usize::from(agent) % AGENTS.len()].as_bytes());
        into.extend_from_slice(b"\"\n");
    }

    /// How a request ended, and how many bytes its answer has at most.
    fn status(&self, random: &mut impl Rng) -> (u16, u32) {
        if random.random_bool(self.error_share) {
            return (500, 2_000);
        }
        match random.random_range(0..100) {
            0..3 => (404, 2_000),
            3..10 => (304, 0),
            _ => (200, 60_000),
        }
    }
}

/// A time of day, as in `13:55:36`.
fn write_time(second: u64, into: &mut Vec<u8>) {
    let digits = |number: u64| [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
    into.extend_from_slice(&digits(second / 3600));
    into.push(b':');
    into.extend_from_slice(&digits(second / 60 % 60));
    into.push(b':');
    into.extend_from_slice(&digits(second % 60));
}
