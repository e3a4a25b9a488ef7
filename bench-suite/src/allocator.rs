//! The program's allocator, with counts of what it hands out: kept only once somebody asks for them, so
//! that nothing is counted in what is measured otherwise.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

static COUNTS: AtomicBool = AtomicBool::new(false);
static CALLS: AtomicU64 = AtomicU64::new(0);
static BYTES: AtomicI64 = AtomicI64::new(0);

/// An allocator whose calls are counted, from [`begin`] on. For a program's `#[global_allocator]`.
pub struct Counting<A>(pub A);

/// What has been counted so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Calls that have handed out memory.
    pub calls: u64,
    /// Bytes handed out, less those given back.
    pub bytes: i64,
}

/// Counts from now on.
pub fn begin() {
    COUNTS.store(true, Ordering::Relaxed);
}

/// What has been counted since [`begin`]; nothing in a program whose allocator is another one.
pub fn counts() -> Counts {
    Counts { calls: CALLS.load(Ordering::Relaxed), bytes: BYTES.load(Ordering::Relaxed) }
}

#[inline]
fn hands_out(bytes: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        CALLS.fetch_add(1, Ordering::Relaxed);
        BYTES.fetch_add(bytes.cast_signed() as i64, Ordering::Relaxed);
    }
}

#[inline]
fn takes_back(bytes: usize) {
    if COUNTS.load(Ordering::Relaxed) {
        BYTES.fetch_sub(bytes.cast_signed() as i64, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the allocator within, with the arguments as they came, and its answer
// comes back as it is, so its promises are kept if the caller's are; counting allocates nothing and
// cannot unwind.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    // SAFETY: asks of its caller what the trait does.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hands_out(layout.size());
        // SAFETY: the caller's promises about `layout` are the ones that this call asks for.
        unsafe { self.0.alloc(layout) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        hands_out(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        takes_back(layout.size());
        hands_out(new_size);
        // SAFETY: `block` came from here, so from the allocator within, with this layout.
        unsafe { self.0.realloc(block, layout, new_size) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        takes_back(layout.size());
        // SAFETY: as for `realloc`.
        unsafe { self.0.dealloc(block, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::alloc::System;

    #[test]
    fn what_is_handed_out_and_given_back_is_counted_once_it_is_asked_for() {
        let (allocator, layout) = (Counting(System), Layout::new::<[u64; 8]>());
        let before = counts();
        // SAFETY: the layout has a size, and what is handed out is given back with it.
        unsafe { allocator.dealloc(allocator.alloc(layout), layout) };
        assert_eq!(counts(), before);
        begin();
        // SAFETY: as above; grown to 128 bytes in between.
        unsafe {
            let grown = allocator.realloc(allocator.alloc_zeroed(layout), layout, 128);
            assert_eq!(counts(), Counts { calls: before.calls + 2, bytes: before.bytes + 128 });
            allocator.dealloc(grown, Layout::new::<[u64; 16]>());
        }
        assert_eq!(counts().bytes, before.bytes);
    }
}
