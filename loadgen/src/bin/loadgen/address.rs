//! Addresses as they are written on the command line. Whether a host is there is found out later, by
//! whoever dials it or listens.

use std::net::Ipv4Addr;

/// A target, as in `localhost:7777`.
pub(crate) fn target(text: &str) -> Result<String, String> {
    match parts(text) {
        Some((_, 1..)) => Ok(text.to_owned()),
        _ => Err("it must be HOST:PORT with a port from 1 to 65535, as in localhost:7777".into()),
    }
}

/// Where to listen: the same, also with port 0, for one that is free; or a port alone, which is on
/// loopback.
pub(crate) fn listening(text: &str) -> Result<String, String> {
    if let Ok(port) = text.parse::<u16>() {
        return Ok(format!("{}:{port}", Ipv4Addr::LOCALHOST));
    }
    parts(text).map(|_| text.to_owned()).ok_or_else(|| {
        "it must be HOST:PORT with a port from 0 to 65535, as in localhost:7777, or a port alone"
            .into()
    })
}

/// A host, which may have colons itself, and a port.
fn parts(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let port = port.parse().ok()?;
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_a_host_and_a_port() {
        for text in ["localhost:7777", "127.0.0.1:1", "[::1]:65535"] {
            assert_eq!(target(text).as_deref(), Ok(text));
        }
        for text in ["", "foo", "7777", ":7777", "foo:", "foo:bar", "foo:0", "foo:65536", "foo:-1"]
        {
            let refusal = target(text).unwrap_err();
            assert!(
                refusal.ends_with("from 1 to 65535, as in localhost:7777"),
                "{text}: {refusal}"
            );
        }
    }

    #[test]
    fn a_port_alone_listens_on_loopback() {
        for (text, address) in [
            ("7777", "127.0.0.1:7777"),
            ("0", "127.0.0.1:0"),
            ("127.0.0.1:0", "127.0.0.1:0"),
            ("[::]:7777", "[::]:7777"),
        ] {
            assert_eq!(listening(text).as_deref(), Ok(address));
        }
        for text in ["", "foo", ":7777", "foo:", "foo:65536", "65536"] {
            let refusal = listening(text).unwrap_err();
            assert!(refusal.starts_with("it must be HOST:PORT with a port from 0"), "{text}");
        }
    }
}
