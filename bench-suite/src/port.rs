//! A port on loopback for what is to be started, and started again, at one address.

use std::net::TcpListener;
use std::ops::Range;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

/// Below the ports that systems give out by themselves: one who dials such a port while nobody listens
/// there may be connected to himself.
const PORTS: Range<u16> = 10_000..30_000;

/// A port that is free now, and another one for each call.
pub(crate) fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let all = u32::from(PORTS.end - PORTS.start);
    // Other processes that do the same begin elsewhere.
    let first = std::process::id().wrapping_mul(101);
    let mut ports =
        (0..all).map(|_| first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % all);
    ports
        .find_map(|nth| {
            let port = PORTS.start + u16::try_from(nth).ok()?;
            TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port)
        })
        .context("no port from 10000 to 29999 is free on loopback; end what takes them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_gives_another_port_that_no_system_gives_out_by_itself() {
        let ports = [free_port().unwrap(), free_port().unwrap()];
        assert_ne!(ports[0], ports[1]);
        assert!(ports.iter().all(|port| PORTS.contains(port)), "{ports:?}");
    }
}
