//! What mending will make of a slab that is being filled, as far as what came before it tells. That part of the
//! budget is left free ahead of time, so that the sender is held back before the memory is needed, and not after.

use crate::slabs::Reservation;

/// So often one who needs more than others waits for its turn. Where all need as much, most have it sooner.
const MOST_PASSED_OVER: u32 = 8;

/// Shares are told in so many parts of what came.
const PARTS: u64 = 256;

/// What a receiver's blocks grow by.
#[derive(Default)]
pub(super) struct Growth {
    /// So many parts of what came has mending lately made: 0 where nothing had to be mended.
    lately: u64,
    /// So often, in a row, have others had slabs and this receiver none.
    passed_over: u32,
    /// For what the open slab has yet to be mended into.
    ahead: Option<Reservation>,
}

impl Growth {
    /// The bytes that so many are mended into, if they are like those before.
    pub(super) fn of(&self, bytes: usize) -> u64 {
        bytes as u64 * self.lately / PARTS
    }

    /// A block interval has gone by in which slabs came back, and others had them, who need less than
    /// [`of`](Growth::of) tells. What is sent may be good again, and nobody will know before some of it is read:
    /// after some of those, half as much will do.
    pub(super) fn was_passed_over(&mut self) {
        self.passed_over += 1;
        if self.passed_over == MOST_PASSED_OVER {
            self.lately /= 2;
            self.passed_over = 0;
        }
    }

    /// A slab is filled from now on, and what [`of`](Growth::of) has told of it is left free; or none is.
    pub(super) fn is_ahead(&mut self, ahead: Option<Reservation>) {
        if ahead.is_some() {
            self.passed_over = 0;
        }
        self.ahead = ahead;
    }

    /// Blocks have closed: `came` bytes, for which `mended` were reserved. The slab has room for `left` more.
    pub(super) fn has_closed(&mut self, came: usize, mended: u64, left: usize) {
        if came > 0 {
            // One good block among many bad ones is no promise.
            self.lately = (mended * PARTS).div_ceil(came as u64).max(self.lately / 2);
        }
        let ahead = self.of(left);
        if let Some(reserved) = &mut self.ahead {
            reserved.set(ahead);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slabs::SlabPool;

    #[test]
    fn what_is_left_free_is_what_blocks_were_mended_into_lately() {
        let pool = SlabPool::new(8 * SlabPool::least_bytes(100), 100);
        let mut growth = Growth::default();
        assert_eq!(growth.of(1000), 0);
        growth.has_closed(100, 300, 0);
        assert_eq!(growth.of(1000), 3000);
        growth.is_ahead(Some(pool.reservation()));
        growth.has_closed(100, 290, 500);
        assert_eq!(pool.reserved_bytes(), growth.of(500), "for what the slab has room for still");
        assert!((1450..1460).contains(&growth.of(500)), "{}", growth.of(500));
        growth.has_closed(0, 0, 500);
        assert_eq!(
            pool.reserved_bytes(),
            growth.of(500),
            "nothing came, and nothing is told by it"
        );
        for _ in 0..20 {
            growth.has_closed(100, 0, 500);
        }
        assert_eq!((growth.of(1000), pool.reserved_bytes()), (0, 0), "it is all good by now");
        growth.has_closed(100, 100, 500);
        growth.is_ahead(None);
        assert_eq!((growth.of(1000), pool.reserved_bytes()), (1000, 0));
        for of_a_thousand in [1000, 500, 250] {
            growth.is_ahead(Some(pool.reservation()));
            for _ in 0..MOST_PASSED_OVER {
                assert_eq!(growth.of(1000), of_a_thousand);
                growth.was_passed_over();
            }
        }
    }
}
