//! Values as they are written on the command line, here and for other benchmarks.

use std::time::Duration;

use bytesize::ByteSize;
use loadgen::time::written;

/// In less than this nothing is measured.
const LEAST_TIME: Duration = Duration::from_millis(10);

/// Nothing is measured for longer than this, nor warms up longer.
const MOST_TIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// More than this is no batch: it is there twice, and what is made of it beside.
const MOST_BYTES: u64 = 4 << 30;

pub(crate) fn interval(text: &str) -> Result<millstream::Duration, String> {
    let given =
        humantime::parse_duration(text).map_err(|e| format!("{e}; write it as in 1s or 200ms"))?;
    let interval = millstream::Duration::try_from(given).map_err(|e| e.to_string())?;
    if interval == millstream::Duration::ZERO {
        return Err("an interval must be at least 1 ms".into());
    }
    Ok(interval)
}

pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let well_formed = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    well_formed.then(|| text.to_string()).ok_or_else(|| {
        "it must be HOST:PORT with a port from 1 to 65535, as in localhost:7777".to_string()
    })
}

pub(super) fn port_or_address(text: &str) -> Result<String, String> {
    let port = text.rsplit_once(':').map_or(text, |(_, port)| port);
    port.parse::<u16>().map(|_| text.to_string()).map_err(|_| {
        "it must be PORT or HOST:PORT with a port from 0 to 65535, as in 7777".to_string()
    })
}

/// A length of time to measure for, as in `3s`.
pub(crate) fn some_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|e| format!("{e}; write it as in 3s"))?;
    if time < LEAST_TIME {
        return Err(format!("{text} is too short to measure anything: it must be at least 10ms"));
    }
    too_long(time).map_or(Ok(time), Err)
}

/// A length of time that comes before, and may be none.
pub(crate) fn time_to_warm_up(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|e| format!("{e}; write it as in 3s"))?;
    too_long(time).map_or(Ok(time), Err)
}

/// Why nothing is measured for so long, nor warms up.
pub(crate) fn too_long(time: Duration) -> Option<String> {
    (time > MOST_TIME).then(|| {
        format!(
            "{} is too long for a run: it must be at most {}",
            written(time),
            written(MOST_TIME)
        )
    })
}

/// A size, as in `256MiB`.
pub(crate) fn size(text: &str) -> Result<ByteSize, String> {
    text.parse().map_err(|_| format!("{text:?} is no size: write it as in 256MiB"))
}

/// A size that something fits into, as in `4MiB`.
pub(crate) fn some_bytes(text: &str) -> Result<ByteSize, String> {
    let size = size(text)?;
    match size.as_u64() {
        0 => Err("it must be at least 1 byte".into()),
        bytes if bytes > MOST_BYTES => Err(format!("a batch has at most {}", ByteSize(MOST_BYTES))),
        _ => Ok(size),
    }
}

/// A share, as in `5%`.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok());
    let share = percent.map(|percent| percent / 100.0).filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| format!("{text:?} is no share; write it in percent, as in 5%"))
}

pub(crate) fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_size_is_told_with_an_example() {
        assert_eq!(size("64MiB"), Ok(ByteSize::mib(64)));
        for text in ["-5", "abc", "1XB", "", "1 2"] {
            let refusal = format!("{text:?} is no size: write it as in 256MiB");
            assert_eq!(size(text).unwrap_err(), refusal);
            assert_eq!(some_bytes(text).unwrap_err(), refusal);
        }
    }
}
