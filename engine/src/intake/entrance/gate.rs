//! Who may connect at all, by the address alone: decided when a connection is accepted.

use std::collections::HashMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::denials::Denial;
use crate::conf::Exposure;
use crate::error::Result;

/// Of an address of IPv6 so many bits count: whoever has one address has those that share them.
const NETWORK_BITS: u32 = 64;

/// Looks at the addresses of those that connect. A connection that it has let in costs an entry where
/// connections of an address are limited, and nothing where they are not.
#[derive(Debug, Default)]
pub(in crate::intake) struct Gate {
    ranges: Option<Vec<IpNet>>,
    most_of_an_address: Option<u64>,
    /// Connections by address, where they are limited; none of them is 0.
    of_address: HashMap<IpAddr, u64>,
    address_of: HashMap<usize, IpAddr>,
}

impl Gate {
    pub(in crate::intake) fn new(exposure: &Exposure) -> Result<Self> {
        let (ranges, most_of_an_address) =
            (exposure.ranges()?, exposure.max_connections_per_address);
        Ok(Gate { ranges, most_of_an_address, ..Gate::default() })
    }

    /// Whether connection `id` of `peer` may come in; if so, it is in until it [leaves](Gate::leave).
    pub(in crate::intake) fn admit(&mut self, id: usize, peer: IpAddr) -> Result<(), Denial> {
        let peer = peer.to_canonical();
        if let Some(ranges) = &self.ranges
            && !ranges.iter().any(|range| range.contains(&peer))
        {
            return Err(Denial::Address);
        }
        if let Some(most) = self.most_of_an_address {
            let address = network(peer);
            let connections = self.of_address.entry(address).or_default();
            if *connections >= most {
                return Err(Denial::TooMany);
            }
            *connections += 1;
            self.address_of.insert(id, address);
        }
        Ok(())
    }

    /// A connection that was let in is over.
    pub(in crate::intake) fn leave(&mut self, id: usize) {
        let Some(address) = self.address_of.remove(&id) else { return };
        if let Some(connections) = self.of_address.get_mut(&address) {
            *connections -= 1;
            if *connections == 0 {
                self.of_address.remove(&address);
            }
        }
    }
}

/// What counts as one address.
fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(six) => {
            IpAddr::from((six.to_bits() & (u128::MAX << (128 - NETWORK_BITS))).to_be_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Conf;

    fn gate(conf: Conf) -> Gate {
        Gate::new(&conf.exposure).unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_those_in_a_range_come_in_however_they_are_dressed() {
        let mut gate = gate(Conf::new("t").allow_addresses(["10.0.0.0/8", "::1"]));
        for inside in ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::1"] {
            assert_eq!(gate.admit(0, address(inside)), Ok(()), "{inside}");
        }
        for outside in
            ["9.255.255.255", "11.0.0.0", "::2", "::ffff:11.0.0.1", "::10.1.2.3", "127.0.0.1"]
        {
            assert_eq!(gate.admit(0, address(outside)), Err(Denial::Address), "{outside}");
        }
        assert!(gate.address_of.is_empty());
    }

    #[test]
    fn an_address_has_as_many_as_it_may_and_again_when_some_have_left() {
        let mut gate = gate(Conf::new("t").max_connections_per_address(2));
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        assert_eq!(
            (gate.admit(0, one), gate.admit(1, address("::ffff:192.0.2.1"))),
            (Ok(()), Ok(()))
        );
        assert_eq!((gate.admit(2, one), gate.admit(3, other)), (Err(Denial::TooMany), Ok(())));
        gate.leave(2);
        assert_eq!(gate.admit(4, one), Err(Denial::TooMany));
        gate.leave(0);
        assert_eq!(gate.admit(5, one), Ok(()));
        [1, 3, 5].into_iter().for_each(|id| gate.leave(id));
        assert!(gate.of_address.is_empty() && gate.address_of.is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let mut gate = gate(Conf::new("t").max_connections_per_address(1));
        assert_eq!(gate.admit(0, address("2001:db8::1")), Ok(()));
        assert_eq!(gate.admit(1, address("2001:db8::ffff:2")), Err(Denial::TooMany));
        assert_eq!(gate.admit(2, address("2001:db8:0:1::1")), Ok(()));
    }
}
