//! Settings of who may connect to a listener, how often and for how long, and what must be shown first.
//! `docs/exposure.md` says what each of them costs and what a client sees.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Conf;
use crate::error::{Error, Result};
use crate::secret::Secret;
use crate::time::Duration;

/// Who may connect to the listeners of an application.
#[derive(Clone, Debug, Default)]
pub(crate) struct Exposure {
    pub(crate) max_connections: Option<u64>,
    pub(crate) max_connections_per_address: Option<u64>,
    pub(crate) idle_timeout: Option<Duration>,
    /// As they were written; nobody but these, where there are any.
    allowed: Option<Vec<String>>,
    pub(crate) token: Option<Secret>,
    #[cfg(feature = "tls")]
    pub(crate) listen_tls: Option<super::tls::TlsServer>,
    #[cfg(feature = "tls")]
    pub(crate) dial_tls: Option<super::tls::TlsClient>,
}

impl Conf {
    /// How many connections a listening receiver holds at once, beside those that have still to show a token or to
    /// agree on TLS: of these it holds a quarter as many, 16 at least and 1024 at most. The descriptors for both are
    /// reserved at the start, and a number that the process's hard limit does not allow is refused
    /// there. Left out, the listeners of the application share what the hard limit allows, less 64 for files and
    /// other things, up to 65,536 connections each.
    pub fn max_connections(mut self, connections: u64) -> Self {
        self.exposure.max_connections = Some(connections);
        self
    }

    /// How many connections a listening receiver holds at once of one address; further ones are closed at
    /// once, counted, and told of once a minute. Of IPv6 the network of 64 bits counts as one address, for whoever
    /// has one has all of it. Left out, there is no such limit.
    ///
    /// ```
    /// use millstream::{Conf, secs};
    /// let conf = Conf::new("sensors")
    ///     .max_connections(2_000)
    ///     .max_connections_per_address(16)
    ///     .idle_timeout(secs(60));
    /// ```
    pub fn max_connections_per_address(mut self, connections: u64) -> Self {
        self.exposure.max_connections_per_address = Some(connections);
        self
    }

    /// Closes a connection of a listener from which nothing has come for so long, by the machine's own
    /// monotonic clock, whatever [`Conf::clock`] is. While the engine itself holds a sender back, or owes it
    /// an acknowledgement, it is not idle.
    ///
    /// Left out, a connection may be silent for as long as it lives: over plain TCP a sender does not
    /// notice that it was closed until it has lost a line, and one that is quiet at night is not to
    /// lose the first of the morning. Peers that have vanished are found without it: the kernel asks after
    /// each connection that has been silent for 30 s, and gives it up when nothing has answered
    /// for 60 s.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.exposure.idle_timeout = Some(timeout);
        self
    }

    /// Who may connect to listeners: addresses, and ranges of them, such as `10.0.0.0/8` or `::1`. Whoever
    /// connects from elsewhere is closed at once, counted, and told of once a minute. An IPv4
    /// address that comes in the dress of IPv6 is the IPv4 address. Left out, an address keeps nobody out.
    ///
    /// ```
    /// use millstream::{Conf, Engine};
    /// let conf = Conf::new("sensors").allow_addresses(["10.0.0.0/8", "127.0.0.1"]);
    /// assert!(Engine::new(conf).is_ok());
    /// let e = Engine::new(Conf::new("sensors").allow_addresses(["10.0.0.0/33"])).err().unwrap();
    /// assert!(e.to_string().contains("10.0.0.0/33"));
    /// ```
    pub fn allow_addresses<R: Into<String>>(mut self, ranges: impl IntoIterator<Item = R>) -> Self {
        self.exposure.allowed = Some(ranges.into_iter().map(Into::into).collect());
        self
    }

    /// What a client of a listener must show before anything else: `TOKEN SECRET` as its first line, within
    /// 10 s. Whoever shows another one, or none, is closed, counted, and told of once a minute; by then it has
    /// cost no slab. It is 16 to 256 printable ASCII characters, and appears in no message. `docs/exposure.md` has
    /// the form. It keeps strangers out, and is readable on the way: over a network it wants TLS
    /// around it.
    ///
    /// ```
    /// use std::{io::Write, net::TcpStream};
    /// use millstream::{Conf, Stop, StreamingContext, millis, testing::Collector};
    ///
    /// let conf = Conf::new("guarded").receiver_token("b7c1e4a90d2f4c55");
    /// let ssc = StreamingContext::new(conf, millis(50))?;
    /// let out = Collector::new();
    /// let collected = out.clone();
    /// let running = ssc.start(move |s| {
    ///     collected.collect(&s.listen_text_stream(":0").map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// let mut client = TcpStream::connect(running.listening()[0])?;
    /// client.write_all(b"TOKEN b7c1e4a90d2f4c55\nto be\nor not\n")?;
    /// running.stop(Stop::Graceful)?;
    /// let lines: Vec<_> = out.take().into_iter().flat_map(|(_, lines)| lines).collect();
    /// assert_eq!(lines, ["to be", "or not"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver_token(mut self, secret: impl Into<String>) -> Self {
        self.exposure.token = Some(Secret::new(secret.into()));
        self
    }
}

impl Exposure {
    /// Refuses what makes no sense.
    pub(crate) fn check(&self) -> Result<()> {
        let settings = [
            (
                "the number of connections of a listener (Conf::max_connections)",
                self.max_connections,
            ),
            (
                "the number of connections of one address (Conf::max_connections_per_address)",
                self.max_connections_per_address,
            ),
        ];
        for (setting, given) in settings {
            if given == Some(0) {
                return Err(Error::Setting { setting, got: "0".into(), want: "at least 1".into() });
            }
        }
        if let Some(timeout) = self.idle_timeout.filter(|timeout| *timeout <= Duration::ZERO) {
            return Err(Error::Setting {
                setting: "how long a connection may be silent (Conf::idle_timeout)",
                got: timeout.to_string(),
                want: "at least 1 ms; left out, it may be for ever".into(),
            });
        }
        self.ranges()?;
        let setting = "the token that clients of listeners show (Conf::receiver_token)";
        self.token.as_ref().map_or(Ok(()), |token| token.check(setting))
    }

    /// Who may connect; everybody where there is nothing.
    pub(crate) fn ranges(&self) -> Result<Option<Vec<IpNet>>> {
        let Some(written) = &self.allowed else { return Ok(None) };
        if written.is_empty() {
            return Err(refused_range("an empty list".into()));
        }
        let read = |text: &String| {
            let address = text.parse::<IpAddr>().map(IpNet::from);
            let range = address.or_else(|_| text.parse::<IpNet>());
            range.map(as_of_ipv4).map_err(|_| refused_range(format!("{text:?}")))
        };
        written.iter().map(read).collect::<Result<_>>().map(Some)
    }

    /// Whether who connects to a listener has to show something before it is let in.
    pub(crate) fn is_something_shown(&self) -> bool {
        #[cfg(feature = "tls")]
        if self.listen_tls.is_some() {
            return true;
        }
        self.token.is_some()
    }

    /// A sentence about a listener at `address` that others than this machine can reach, and that keeps nobody out.
    pub(crate) fn opens_to_others(&self, address: IpAddr) -> Option<String> {
        let is_guarded = self.token.is_some() || self.allowed.is_some();
        #[cfg(feature = "tls")]
        let is_guarded = is_guarded || self.listen_tls.is_some();
        (!is_guarded && !address.to_canonical().is_loopback()).then(|| {
            format!(
                "it listens on {address}, where whoever reaches this machine can send to it: listen on \
                 loopback, or set Conf::receiver_token or Conf::allow_addresses"
            )
        })
    }
}

fn refused_range(got: String) -> Error {
    Error::Setting {
        setting: "the addresses that may connect (Conf::allow_addresses)",
        got,
        want: "addresses or ranges of them, as in 10.0.0.0/8, 192.0.2.7 or fd00::/8; left out, all may"
            .into(),
    }
}

/// A range of IPv4 addresses that is written in the dress of IPv6 is meant as what it is.
fn as_of_ipv4(range: IpNet) -> IpNet {
    let IpNet::V6(six) = range else { return range };
    match (six.addr().to_ipv4_mapped(), six.prefix_len().checked_sub(96)) {
        (Some(four), Some(prefix)) => IpNet::new(four.into(), prefix).unwrap_or(range),
        _ => range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(written: &[&str]) -> Result<Option<Vec<IpNet>>> {
        Conf::new("t").allow_addresses(written.iter().copied()).exposure.ranges()
    }

    #[test]
    fn ranges_are_read_and_nonsense_is_refused_with_what_was_written() {
        let read =
            ranges(&["10.0.0.0/8", "::1", "::ffff:192.0.2.0/120", "192.0.2.9"]).unwrap().unwrap();
        let written: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(written, ["10.0.0.0/8", "::1/128", "192.0.2.0/24", "192.0.2.9/32"]);
        for bad in ["localhost", "10.0.0.0/33", "10.0.0/8", "", "::/129", "10.0.0.1:80"] {
            let e = ranges(&["::1", bad]).unwrap_err().to_string();
            assert!(e.contains(&format!("{bad:?}")) && e.contains("Conf::allow_addresses"), "{e}");
        }
        assert!(ranges(&[]).unwrap_err().to_string().contains("an empty list"));
    }

    #[test]
    fn a_listener_that_anybody_reaches_is_told_of_unless_something_keeps_them_out() {
        let says =
            |conf: &Conf, address: &str| conf.exposure.opens_to_others(address.parse().unwrap());
        let open = Conf::new("t");
        for loopback in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(says(&open, loopback), None, "{loopback}");
        }
        for other in ["0.0.0.0", "::", "192.0.2.1"] {
            assert!(says(&open, other).unwrap().contains(&format!("listens on {other},")));
            assert_eq!(says(&open.clone().receiver_token("0123456789abcdef"), other), None);
            assert_eq!(says(&open.clone().allow_addresses(["10.0.0.0/8"]), other), None);
        }
    }

    #[test]
    fn limits_of_nothing_are_refused() {
        let refused = |conf: Conf| conf.exposure.check().unwrap_err().to_string();
        assert!(refused(Conf::new("t").max_connections(0)).contains("is 0; it must be at least 1"));
        assert!(refused(Conf::new("t").max_connections_per_address(0)).contains("of one address"));
        assert!(
            refused(Conf::new("t").idle_timeout(Duration::ZERO)).contains("Conf::idle_timeout")
        );
        assert!(refused(Conf::new("t").receiver_token("guess me")).contains("8 bytes"));
        assert!(Conf::new("t").exposure.check().is_ok());
    }
}
