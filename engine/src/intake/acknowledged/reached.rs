//! How far a parcel brings each sender, and how the receiver hears that it cannot be lost any more.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use super::senders::SenderName;

/// By sender: its lines with lower numbers are in a parcel, or were in one before it.
pub(crate) type Reached = BTreeMap<SenderName, u64>;

/// Notes that lines of a sender came so far.
pub(crate) fn reach(reached: &mut Reached, name: SenderName, below: u64) {
    let known = reached.entry(name).or_default();
    *known = below.max(*known);
}

/// What has been logged since its receiver looked last.
pub(in crate::intake) struct Logged {
    reached: Mutex<Reached>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Logged {
    /// For a receiver that `wake` makes look.
    pub(in crate::intake) fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Logged { reached: Mutex::default(), wake }
    }

    /// A parcel is logged and durable, and all before it.
    pub(in crate::intake) fn tell(&self, parcel: &Reached) {
        let mut reached = self.reached.lock();
        for (name, &below) in parcel {
            reach(&mut reached, name.clone(), below);
        }
        drop(reached);
        (self.wake)();
    }

    pub(super) fn take(&self) -> Reached {
        std::mem::take(&mut *self.reached.lock())
    }
}
