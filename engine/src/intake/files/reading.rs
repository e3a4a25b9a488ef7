//! From the bytes of a file to blocks of whole records.

use std::sync::Arc;

use bytes::Bytes;

use crate::block::Block;
use crate::progress::LineCounts;
use crate::received::{ReceivedBlock, RecordPolicy};

/// About how long a block is: long enough to be worth a task's while, short enough that a large file
/// gives every task some.
const BLOCK_BYTES: usize = 1 << 20;

/// The blocks of a file of lines. Its last line is one with or without a line end; it is counted
/// where it has none.
pub(super) fn lines(
    mut bytes: Vec<u8>,
    policy: RecordPolicy,
    framing: &mut LineCounts,
) -> Vec<Arc<ReceivedBlock>> {
    if bytes.last().is_some_and(|&last| last != b'\n') {
        bytes.push(b'\n');
        framing.unterminated += 1;
    }
    blocks(bytes, policy)
}

/// The blocks of a file of whole records.
pub(super) fn blocks(bytes: Vec<u8>, policy: RecordPolicy) -> Vec<Arc<ReceivedBlock>> {
    if bytes.is_empty() {
        return Vec::new();
    }
    let mut blocks = Vec::with_capacity(bytes.len() / BLOCK_BYTES + 1);
    let mut rest = Block::of_bytes(Bytes::from(bytes));
    while let Some((first, others)) = rest.split(BLOCK_BYTES, policy.framing()) {
        blocks.push(Arc::new(ReceivedBlock::new(first, policy)));
        rest = others;
    }
    blocks.push(Arc::new(ReceivedBlock::new(rest, policy)));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::{InvalidUtf8, LongLines};
    use crate::framing::{Framing, RecordLimit};
    use crate::received::Form;

    fn read(bytes: &[u8]) -> (Vec<String>, u64) {
        let limit = RecordLimit { max_bytes: 1 << 20, long_lines: LongLines::Skip };
        let policy = RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) };
        let mut framing = LineCounts::default();
        let blocks = lines(bytes.to_vec(), policy, &mut framing);
        (blocks.iter().map(|block| block.text().to_string()).collect(), framing.unterminated)
    }

    #[test]
    fn a_last_line_needs_no_line_end_and_an_empty_file_has_no_block() {
        assert_eq!(read(b"a\nb\n"), (vec!["a\nb\n".into()], 0));
        assert_eq!(read(b"a\nb"), (vec!["a\nb\n".into()], 1));
        assert_eq!(read(b"\n"), (vec!["\n".into()], 0));
        assert_eq!(read(b""), (vec![], 0));
    }

    #[test]
    fn a_large_file_of_records_is_cut_between_them() {
        let limit = RecordLimit { max_bytes: 1 << 20, long_lines: LongLines::Skip };
        let policy = RecordPolicy { limit, form: Form::Bytes(Framing::Fixed(1000)) };
        let blocks = blocks(vec![b'\n'; 3_000_000], policy);
        let lengths: Vec<_> = blocks.iter().map(|block| block.raw_bytes()).collect();
        assert_eq!(lengths, [1_048_000, 1_048_000, 904_000]);
    }

    #[test]
    fn a_large_file_is_cut_between_lines() {
        let line = format!("{}\n", "x".repeat(999));
        let text = line.repeat(3000);
        let (blocks, _) = read(text.as_bytes());
        assert_eq!(blocks.len(), 3);
        assert!(blocks.iter().all(|block| block.ends_with('\n') && block.len() <= BLOCK_BYTES));
        assert_eq!(blocks.concat(), text);
    }
}
