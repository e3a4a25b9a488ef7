//! Where the white space is: a bit for each byte of a text, by the widest instructions that the
//! machine has.
//!
//! The portable form is the meaning; the AVX2 form, chosen at run time, is held against it by
//! tests.

#![allow(unsafe_code)]

/// Bytes to a mask.
pub(crate) const WINDOW: usize = 64;

/// White space as [`str::split_ascii_whitespace`] has it.
#[inline]
const fn separates(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

/// Bit `j` of `masks[i]` says whether byte `64 * i + j` of `text` is white space. Past the end
/// there is white space.
///
/// # Panics
/// If there are not as many masks as windows.
pub(crate) fn separator_masks(text: &[u8], masks: &mut [u64]) {
    assert_eq!(masks.len(), text.len().div_ceil(WINDOW), "a mask for each window");
    let (windows, rest) = text.as_chunks::<WINDOW>();
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has just said that it has AVX2.
        unsafe { avx2::masks(windows, masks) };
        return finish(rest, masks);
    }
    portable(windows, masks);
    finish(rest, masks);
}

fn portable(windows: &[[u8; WINDOW]], masks: &mut [u64]) {
    for (window, mask) in windows.iter().zip(masks) {
        *mask = mask_of(window);
    }
}

/// The last, partial window.
fn finish(rest: &[u8], masks: &mut [u64]) {
    if let (false, Some(last)) = (rest.is_empty(), masks.last_mut()) {
        *last = mask_of(rest) | u64::MAX << rest.len();
    }
}

fn mask_of(window: &[u8]) -> u64 {
    window.iter().enumerate().fold(0, |mask, (i, &byte)| mask | u64::from(separates(byte)) << i)
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_setr_epi8, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_loadu_si256,
        _mm256_movemask_epi8, _mm256_shuffle_epi8,
    };

    use super::WINDOW;

    /// A byte's low four bits pick an entry; the byte is white space if the entry is the byte
    /// itself. Bytes from 0x80 on pick zero, which they are not; neither is any byte that picks one
    /// of the zeros.
    #[target_feature(enable = "avx2")]
    pub(super) fn masks(windows: &[[u8; WINDOW]], masks: &mut [u64]) {
        let table = _mm256_broadcastsi128_si256(_mm_setr_epi8(
            32, 0, 0, 0, 0, 0, 0, 0, 0, 9, 10, 0, 12, 13, 0, 0,
        ));
        for (window, mask) in windows.iter().zip(masks) {
            let (low, high) = window.split_at(WINDOW / 2);
            let [low, high] = [low, high].map(|half| {
                // SAFETY: `half` is 32 bytes long, what this load reads, and it needs no alignment.
                let bytes = unsafe { _mm256_loadu_si256(half.as_ptr().cast::<__m256i>()) };
                let equal = _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, bytes), bytes);
                _mm256_movemask_epi8(equal) as u32
            });
            *mask = u64::from(high) << 32 | u64::from(low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_judged_as_the_portable_form_judges_it() {
        for byte in 0..=255u8 {
            for position in [0, 1, 31, 32, 63] {
                let mut window = [b'x'; WINDOW];
                window[position] = byte;
                let (mut found, mut expected) = ([0; 1], [0; 1]);
                separator_masks(&window, &mut found);
                portable(&[window], &mut expected);
                assert_eq!(found, expected, "byte {byte} at {position}");
            }
        }
    }

    #[test]
    fn past_the_end_there_is_white_space() {
        let mut masks = [0; 2];
        separator_masks(&[b'x'; 70], &mut masks);
        assert_eq!(masks, [0, u64::MAX << 6]);
        separator_masks(&[], &mut []);
    }
}
