//! Settings of who may connect to a listener, and how often.

use super::Conf;

impl Conf {
    /// How many connections a listening receiver holds at once. The descriptors for them are
    /// reserved at the start, and a number that the process's hard limit does not allow is refused
    /// there. Left out, it is what the hard limit allows, up to 65,536.
    pub fn max_connections(mut self, connections: u64) -> Self {
        self.max_connections = Some(connections);
        self
    }
}
