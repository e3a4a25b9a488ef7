//! A hint to the cache, so that a table's slots are on their way before they are looked at.

#![allow(unsafe_code)]

/// Asks the cache for the element `at`, or for what would be there. Changes nothing else; without the
/// instruction for it, nothing at all.
#[inline]
#[cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]
pub(crate) fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let element = slice.as_ptr().wrapping_add(at);
        // SAFETY: every x86-64 has SSE, and a prefetch neither reads nor writes for the program, nor does
        // it fail, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(element.cast()) };
    }
}
