//! Long lists on huge pages, where the kernel has them on request: what the engine's tables have, the bare
//! loops' have too.

#![allow(unsafe_code)]

/// `len` times `element`.
pub(super) fn filled<T: Clone>(element: T, len: usize) -> Vec<T> {
    let mut list = Vec::with_capacity(len);
    #[cfg(target_os = "linux")]
    ask_for_them(list.spare_capacity_mut());
    list.resize(len, element);
    list
}

#[cfg(target_os = "linux")]
fn ask_for_them<T>(room: &mut [std::mem::MaybeUninit<T>]) {
    use std::ptr::NonNull;

    use nix::sys::mman::{MmapAdvise, madvise};

    const PAGE: usize = 2 << 20;
    let bytes = size_of_val(room);
    let start = room.as_mut_ptr().cast::<u8>();
    let first = start.align_offset(PAGE);
    let whole = bytes.saturating_sub(first) / PAGE * PAGE;
    let Some(address) = NonNull::new(start.wrapping_add(first)).filter(|_| whole > 0) else {
        return;
    };
    // SAFETY: whole pages of the list's own room, which nobody else uses; the advice changes no byte.
    unsafe { madvise(address.cast(), whole, MmapAdvise::MADV_HUGEPAGE) }.unwrap_or(());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_what_the_standard_library_makes_of_it() {
        for len in [0, 3, 1 << 20, (1 << 20) + 7] {
            assert_eq!(filled(7u64, len), vec![7u64; len]);
        }
    }
}
