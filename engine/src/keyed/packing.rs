//! Many keys of bytes packed at once.
//!
//! [`pack_bytes`] is the meaning. The form for AVX-512, chosen at run time, reads no byte behind a key
//! and has no branch on a key's length; tests hold it against the meaning.

#![allow(unsafe_code)]

use super::packed::Packed;
use super::table::hash_of;

/// A key that is bytes, packed, or hashed where it does not fit.
#[inline]
pub(crate) fn pack_bytes(key: &[u8]) -> Packed {
    Packed::of_bytes(key).unwrap_or_else(|| Packed::hashed(hash_of(&key)))
}

/// Gives `sink` each key with its number, as [`pack_bytes`] packs it; says whether all fit.
#[inline]
pub(crate) fn pack_all<K>(
    keys: &[K],
    bytes_of: impl for<'k> Fn(&'k K) -> &'k [u8],
    mut sink: impl FnMut(usize, Packed),
) -> bool {
    #[cfg(target_arch = "x86_64")]
    if avx512::is_there() {
        // SAFETY: the processor has just said that it has what the function is compiled for.
        return unsafe { avx512::pack_all(keys, bytes_of, sink) };
    }
    let mut all_fit = true;
    for (number, key) in keys.iter().enumerate() {
        let packed = pack_bytes(bytes_of(key));
        all_fit &= packed.is_exact();
        sink(number, packed);
    }
    all_fit
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{__m128i, _bzhi_u32, _mm_extract_epi64, _mm_maskz_loadu_epi8};

    use super::pack_bytes;
    use crate::keyed::packed::{LONGEST, Packed};

    #[inline]
    pub(super) fn is_there() -> bool {
        is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("bmi2")
    }

    #[target_feature(enable = "avx512bw,avx512vl,bmi2")]
    pub(super) fn pack_all<K>(
        keys: &[K],
        bytes_of: impl for<'k> Fn(&'k K) -> &'k [u8],
        mut sink: impl FnMut(usize, Packed),
    ) -> bool {
        let mut all_fit = true;
        for (number, key) in keys.iter().enumerate() {
            let key = bytes_of(key);
            let packed = if key.len() < LONGEST {
                let padded = first_bytes(key);
                Packed {
                    low: _mm_extract_epi64::<0>(padded) as u64,
                    high: _mm_extract_epi64::<1>(padded) as u64 | (key.len() as u64) << 56,
                }
            } else {
                let packed = pack_bytes(key);
                all_fit &= packed.is_exact();
                packed
            };
            sink(number, packed);
        }
        all_fit
    }

    /// The bytes of a key of less than 16, zeros behind them.
    #[inline]
    #[target_feature(enable = "avx512bw,avx512vl,bmi2")]
    fn first_bytes(key: &[u8]) -> __m128i {
        let mask = _bzhi_u32(0xffff, key.len() as u32) as u16;
        // SAFETY: the mask has a bit for each of the key's bytes, of which it takes no more than 16, and
        // for no other; the instruction reads no byte whose bit is not set.
        unsafe { _mm_maskz_loadu_epi8(mask, key.as_ptr().cast()) }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;
    use std::slice;

    use nix::sys::mman::{MapFlags, ProtFlags, mmap_anonymous, mprotect};

    use super::*;

    fn packed(keys: &[&[u8]]) -> Vec<Packed> {
        let mut packed = Vec::new();
        pack_all(
            keys,
            |key| key,
            |number, key| {
                assert_eq!(number, packed.len());
                packed.push(key);
            },
        );
        packed
    }

    fn one_by_one(keys: &[&[u8]]) -> Vec<Packed> {
        keys.iter().map(|key| pack_bytes(key)).collect()
    }

    #[test]
    fn keys_of_every_length_and_end_are_packed_as_one_by_one() {
        let bytes: Vec<u8> = (0..200u8).chain(b"caf\xc3\xa9 \xff\0".to_vec()).collect();
        for first in 0..bytes.len() {
            let keys: Vec<&[u8]> =
                (0..40).map(|len| &bytes[first..(first + len).min(bytes.len())]).collect();
            assert_eq!(packed(&keys), one_by_one(&keys));
        }
        for last in 0..=255u8 {
            let mut key = [b'k'; 16];
            key[15] = last;
            assert_eq!(packed(&[&key]), one_by_one(&[&key]), "{last}");
        }
    }

    #[test]
    fn no_byte_behind_a_key_is_read() {
        let page = 4096;
        let none = ProtFlags::PROT_NONE;
        let both = NonZeroUsize::new(2 * page).unwrap();
        let readable = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
        // SAFETY: the pages are new, nobody else knows them, and they stay to the end of the test.
        let pages = unsafe { mmap_anonymous(None, both, readable, MapFlags::MAP_PRIVATE) }.unwrap();
        // SAFETY: the second of the two pages; nothing refers to it.
        unsafe { mprotect(pages.byte_add(page), page, none) }.unwrap();
        // SAFETY: the first page is all zeros, and is only read from here on.
        let bytes = unsafe { slice::from_raw_parts(pages.as_ptr().cast::<u8>(), page) };
        for len in 0..=20 {
            let key = &bytes[page - len..];
            assert_eq!(packed(&[key]), one_by_one(&[key]));
        }
    }
}
