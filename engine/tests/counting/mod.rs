//! The system's allocator, with counts: of the calls that hand out memory, and of the bytes that are
//! handed out.

#![allow(unsafe_code)]
// Each test looks at one of the counts.
#![allow(dead_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub(crate) struct Counting {
    calls: AtomicU64,
    bytes: AtomicUsize,
}

impl Counting {
    pub(crate) const fn new() -> Self {
        Counting { calls: AtomicU64::new(0), bytes: AtomicUsize::new(0) }
    }

    /// Calls that have handed out memory.
    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Bytes that are handed out now.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn hands_out(&self, bytes: usize) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn takes_back(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator with the arguments as they came, and its answer
// comes back as it is, so its promises are kept if the caller's are; counting allocates nothing and
// cannot unwind.
unsafe impl GlobalAlloc for Counting {
    // SAFETY: asks of its caller what the trait does.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.hands_out(layout.size());
        // SAFETY: the caller's promises about `layout` are the ones that this call asks for.
        unsafe { System.alloc(layout) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.hands_out(layout.size());
        // SAFETY: as for `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        self.takes_back(layout.size());
        self.hands_out(new_size);
        // SAFETY: `block` came from here, so from the system's allocator, with this layout.
        unsafe { System.realloc(block, layout, new_size) }
    }

    // SAFETY: asks of its caller what the trait does.
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        self.takes_back(layout.size());
        // SAFETY: as for `realloc`.
        unsafe { System.dealloc(block, layout) }
    }
}
