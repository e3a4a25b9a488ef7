//! What kernels make of a text that is read in pieces.

use std::io::{self, Read};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use super::lines::{self, Lines};
use super::odd_text::odd_texts;
use super::receive::{BUFFER, Discard, Kernel, Share, read_all};
use super::word_count::Counter;

fn read<K: Kernel + Default>(source: impl Read) -> io::Result<Share<K>> {
    let share = Mutex::new(Share { kernel: K::default(), bytes: 0 });
    read_all(source, &share, &AtomicBool::new(false))?;
    Ok(share.into_inner().unwrap())
}

#[test]
fn a_text_cut_anywhere_is_the_same_text() {
    for text in odd_texts().filter(|text| text.len() < 500) {
        let mut whole = Counter::default();
        whole.feed(&text);
        for cut in 0..=text.len() {
            let (front, back) = text.split_at(cut);
            let share = read::<Counter>(front.chain(back)).unwrap();
            assert_eq!(share.bytes, text.len() as u64);
            assert_eq!(share.kernel.answer(), whole.answer());
            assert_eq!(share.kernel.lines(), lines::count(&text));
        }
    }
}

#[test]
fn only_a_kernel_that_wants_lines_refuses_one_that_fills_the_buffer() {
    let endless = || io::repeat(b'x').take(2 * BUFFER as u64);
    assert_eq!(read::<Discard>(endless()).unwrap().bytes, 2 * BUFFER as u64);
    let error = read::<Lines>(endless()).err().map(|error| error.kind());
    assert_eq!(error, Some(io::ErrorKind::InvalidData));
}
