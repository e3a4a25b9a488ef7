//! Latencies over time, in a form that other tools read.

use std::io::{self, Write};
use std::time::{Duration, SystemTime};

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{
    IntervalLogWriterBuilder, IntervalLogWriterError, Tag,
};

use crate::latency::Latency;

/// Writes an HdrHistogram interval log: for each interval the corrected latencies, and the raw ones
/// under the tag `raw`, both in microseconds.
///
/// What reads the logs of HdrHistogram's Java implementation reads it too.
pub struct HdrLog<W> {
    log: W,
    serializer: V2DeflateSerializer,
    start: SystemTime,
}

impl<W: Write> HdrLog<W> {
    /// Begins a log whose intervals are told from now on.
    pub fn begin(mut log: W) -> io::Result<Self> {
        let mut serializer = V2DeflateSerializer::new();
        let start = SystemTime::now();
        IntervalLogWriterBuilder::new()
            .add_comment("latencies in microseconds; corrected without a tag, and raw")
            .with_start_time(start)
            .with_base_time(start)
            .begin_log_with(&mut log, &mut serializer)?;
        log.write_all(
            b"\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\
              \"Interval_Compressed_Histogram\"\n",
        )?;
        Ok(Self { log, serializer, start })
    }

    /// Writes what was noted in an interval that ends now, to the last byte: a log that is cut off
    /// is whole up to there.
    pub fn write(&mut self, latency: &Latency, interval: Duration) -> io::Result<()> {
        let since = self.start.elapsed().unwrap_or_default().saturating_sub(interval);
        let mut writer =
            IntervalLogWriterBuilder::new().begin_log_with(&mut self.log, &mut self.serializer)?;
        let (corrected_us, raw_us) = latency.histograms_us();
        for (histogram, tag) in [(corrected_us, None), (raw_us, Tag::new("raw"))] {
            writer.write_histogram(histogram, since, interval, tag).map_err(
                |error| match error {
                    IntervalLogWriterError::IoError(error) => error,
                    IntervalLogWriterError::SerializeError(error) => io::Error::other(error),
                },
            )?;
        }
        self.log.flush()
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut latency = Latency::new();
        latency.record_us(1_000_000, 300, 7);
        let mut bytes = Vec::new();
        let mut log = HdrLog::begin(&mut bytes).unwrap();
        log.write(&latency, Duration::from_secs(1)).unwrap();
        log.write(&Latency::new(), Duration::from_secs(1)).unwrap();

        // The column names are for people and for the Java tools; the crate reads no such line.
        let names = bytes.windows(4).position(|four| four == b"\"Sta").unwrap();
        let end = names + memchr::memchr(b'\n', &bytes[names..]).unwrap() + 1;
        bytes.drain(names..end);
        let mut read: Vec<(Option<String>, Histogram<u64>)> = Vec::new();
        for entry in IntervalLogIterator::new(&bytes) {
            if let LogEntry::Interval(interval) = entry.unwrap() {
                use base64::Engine;
                let text = interval.encoded_histogram();
                let raw = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
                let histogram = Deserializer::new().deserialize(&mut &raw[..]).unwrap();
                read.push((interval.tag().map(|tag| tag.as_str().to_owned()), histogram));
            }
        }
        assert_eq!(read.len(), 4);
        assert_eq!((&read[0].0, read[0].1.len()), (&None, 7));
        assert!(read[0].1.max() >= 1_000_000);
        assert_eq!((read[1].0.as_deref(), read[1].1.max()), (Some("raw"), 300));
        assert!(read[2].1.is_empty() && read[3].1.is_empty());
    }
}
