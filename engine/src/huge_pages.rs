//! Long lists on huge pages, where the kernel has them on request.
//!
//! A table that is looked at here and there touches a page with each look. On pages of 4 KiB a hundred
//! megabytes are more pages than the processor remembers the places of, and each look waits for a walk
//! through the kernel's tables; and each page costs a fault when it is first written.

#![allow(unsafe_code)]

/// `len` times `element`, as `vec![element; len]` has it.
pub(crate) fn filled<T: Clone>(element: T, len: usize) -> Vec<T> {
    let mut list = with_capacity(len);
    list.resize(len, element);
    list
}

/// An empty list with room, as `Vec::with_capacity` makes it.
pub(crate) fn with_capacity<T>(len: usize) -> Vec<T> {
    #[cfg_attr(not(target_os = "linux"), expect(unused_mut, reason = "there is nobody to ask"))]
    let mut list = Vec::with_capacity(len);
    #[cfg(target_os = "linux")]
    linux::ask_for_huge_pages(list.spare_capacity_mut());
    list
}

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::ptr::NonNull;

    use nix::sys::mman::{MmapAdvise, madvise};

    /// On the processors that we know.
    const HUGE_PAGE: usize = 2 << 20;

    /// Shorter lists have too few huge pages for it to matter.
    const LEAST_BYTES: usize = 4 * HUGE_PAGE;

    /// Asks for them, for the whole ones in `memory`. That is advice: without huge pages the list is
    /// slower, and nothing else.
    pub(super) fn ask_for_huge_pages<T>(memory: &mut [MaybeUninit<T>]) {
        let bytes = size_of_val(memory);
        if bytes < LEAST_BYTES {
            return;
        }
        let start = memory.as_mut_ptr().cast::<u8>();
        let until_the_first = start.align_offset(HUGE_PAGE);
        let whole = bytes.saturating_sub(until_the_first) / HUGE_PAGE * HUGE_PAGE;
        let Some(first) = NonNull::new(start.wrapping_add(until_the_first)) else { return };
        // SAFETY: the range lies in memory that is ours alone for as long as we borrow it, and begins
        // where a page does. The advice changes how large the kernel's pages are, and no byte in them.
        unsafe { madvise(first.cast(), whole, MmapAdvise::MADV_HUGEPAGE) }.unwrap_or(());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_what_the_standard_library_makes_of_it() {
        // Too short for huge pages, long enough, and not a whole number of them.
        for len in [0, 1, 1000, 1 << 20, (1 << 20) + 777, 3 << 20] {
            let list = filled(0x0123_4567_89ab_cdef_u64, len);
            assert_eq!(list, vec![0x0123_4567_89ab_cdef_u64; len]);
        }
        assert_eq!(filled(String::from("x"), 3), vec![String::from("x"); 3]);
        let empty = with_capacity::<u8>(9 << 20);
        assert!(empty.is_empty() && empty.capacity() >= 9 << 20);
    }
}
