//! The command line.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::Parser;

/// Longer than any replica is.
const MOST_SILENCE: Duration = Duration::from_secs(1000 * 31_557_600);

const EXAMPLES: &str = "\
A job with Conf::replica keeps what it must not lose twice: on its own disk and here. Nothing that it acknowledges
is in one copy alone. Where its disk is lost it goes on from the copy; where its machine is, the directory here
is a checkpoint directory, on which the job can be started.

Examples:
  A secret, and a replica on another disk of this machine:
    (umask 077; head -c 24 /dev/urandom | base64 > replica.token)
    millstream-replica --dir /mnt/other/copies --token-file replica.token

  For jobs on other machines, in a network that others cannot listen in:
    millstream-replica --listen 10.0.0.2:7799 --dir /var/lib/copies --token-file /etc/replica.token

  The job's side, tried out:
    bench-suite job word-count --listen 7777 --checkpoint counts.job --write-ahead-log \\
        --replica 127.0.0.1:7799 --replica-token-file replica.token

What is said, and every broken case: docs/replica-protocol.md.

Exit codes:
  0  stopped by Ctrl-C or SIGTERM    1  failed    2  wrong usage";

/// Hold the second copy of what Millstream's jobs must not lose, until Ctrl-C or SIGTERM.
#[derive(Debug, Parser)]
#[command(name = "millstream-replica", version, about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The address to listen on, or a port alone on loopback; port 0 takes a free one and says which. What
    /// comes and goes is not encrypted
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7799", value_parser = listening)]
    pub(crate) listen: String,
    /// Where the copies are kept, in a directory for each job; made where it is missing, for its owner alone
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// A regular file with the secret that jobs have to know: 16 to 256 printable ASCII characters without spaces
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: PathBuf,
    /// The most bytes that a job's directory may have, such as 20GiB [default: as the disk has]
    #[arg(long, value_name = "SIZE", value_parser = some_bytes)]
    pub(crate) max_bytes: Option<ByteSize>,
    /// How long a job may be silent before its directory is let go; never less than the job's own time limit, nor
    /// more than twice that
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = silence)]
    pub(crate) idle: millstream::Duration,
}

/// HOST:PORT, or a port alone, which is on loopback.
fn listening(text: &str) -> Result<String, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(format!("{}:{port}", Ipv4Addr::LOCALHOST));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(text.to_owned()),
        _ => Err("it must be HOST:PORT with a port from 0 to 65535, as in localhost:7799, or a port alone".into()),
    }
}

/// How long a job may be silent.
fn silence(text: &str) -> Result<millstream::Duration, String> {
    let given = humantime::parse_duration(text).map_err(|e| format!("{e}; write it as in 30s"))?;
    let silence = millstream::Duration::try_from(given).ok();
    silence.filter(|_| !given.is_zero() && given <= MOST_SILENCE).ok_or_else(|| {
        "it must be a whole number of milliseconds, 1ms at least and 1000years at most, as in 30s".into()
    })
}

/// A size in which something has room.
fn some_bytes(text: &str) -> Result<ByteSize, String> {
    let size = text.parse::<ByteSize>();
    match size.map_err(|_| format!("{text:?} is no size: write it as in 20GiB"))? {
        none if none.as_u64() == 0 => {
            Err("no copy has room in that; leave it out for as much as the disk has".into())
        }
        some => Ok(some),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_fits_together() {
        Cli::command().debug_assert();
        assert_eq!(listening("7799").as_deref(), Ok("127.0.0.1:7799"));
        assert_eq!(listening("[::]:0").as_deref(), Ok("[::]:0"));
        assert!(["", ":7799", "host", "host:x"].iter().all(|bad| listening(bad).is_err()));
    }

    #[test]
    fn what_is_no_length_of_time_or_no_size_is_told_with_an_example() {
        assert_eq!(silence("1ms"), Ok(millstream::Duration::from_millis(1)));
        assert_eq!(
            silence("1000years").map(millstream::Duration::as_millis),
            Ok(31_557_600_000_000)
        );
        for text in ["0s", "1500us", "1001years", "584000000000y", "5", "-1s"] {
            let refusal = silence(text).unwrap_err();
            assert!(refusal.ends_with("as in 30s"), "{text}: {refusal}");
        }
        assert_eq!(some_bytes("20GiB"), Ok(ByteSize::gib(20)));
        for text in ["-1", "abc", "1XB", ""] {
            let refusal = some_bytes(text).unwrap_err();
            assert_eq!(refusal, format!("{text:?} is no size: write it as in 20GiB"));
        }
    }
}
