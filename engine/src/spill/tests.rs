use std::io::ErrorKind;
use std::panic::AssertUnwindSafe;

use std::sync::atomic::Ordering;

use super::*;
use crate::block::{Block, Origin};
use crate::conf::{InvalidUtf8, LongLines};
use crate::disk::{Call, MemoryDisk};
use crate::error::Error;
use crate::framing::RecordLimit;
use crate::received::{Form, RecordPolicy};

fn block(text: &str) -> Arc<ReceivedBlock> {
    let limit = RecordLimit { max_bytes: 100, long_lines: LongLines::Skip };
    let policy = RecordPolicy { limit, form: Form::Text(InvalidUtf8::Replace) };
    let origin = Origin { source: 3, connection: 7, offset: 1000 };
    let block = Block::read_again(text.to_owned().into(), origin);
    Arc::new(ReceivedBlock::new(block, policy))
}

/// The blocks as they are on disk.
fn moved(
    blocks: &[Arc<ReceivedBlock>],
    files: &mut ScratchFiles,
) -> Result<Vec<Arc<ReceivedBlock>>> {
    Moved::to(files, blocks.to_vec()).map(|moved| moved.put_into(blocks))
}

fn files(disk: &MemoryDisk) -> ScratchFiles {
    ScratchFiles::open(Arc::new(disk.clone()), "/spill".into()).unwrap()
}

#[test]
fn what_was_moved_reads_as_before_and_is_counted_while_it_is_there() {
    let mut files = files(&MemoryDisk::default());
    let blocks = [block("one\ntwo\n"), block(""), block("three\n")];
    blocks[0].counts();
    let there = moved(&blocks, &mut files).unwrap();
    let on_disk = files.on_disk();
    assert_eq!(on_disk.load(Ordering::Relaxed), 14);
    for (was, is) in blocks.iter().zip(&there) {
        assert_eq!((was.text(), was.origin(), was.counts()), (is.text(), is.origin(), is.counts()));
        assert!(is.is_moved() && !was.is_moved());
    }
    drop(there);
    assert_eq!(on_disk.load(Ordering::Relaxed), 0);
}

#[test]
fn what_was_moved_takes_the_place_of_what_it_was_and_of_nothing_else() {
    let mut files = files(&MemoryDisk::default());
    let blocks = [block("one\n"), block("two\n"), block("three\n")];
    let some = Moved::to(&mut files, vec![blocks[0].clone(), blocks[2].clone()]).unwrap();
    let there = some.put_into(&blocks);
    assert_eq!([0, 1, 2].map(|i| there[i].is_moved()), [true, false, true]);
    assert!(Arc::ptr_eq(&there[1], &blocks[1]));
    let texts: String = there.iter().map(|block| block.text()).collect();
    assert_eq!(texts, "one\ntwo\nthree\n");
}

#[test]
fn a_large_block_is_moved_in_pieces_that_know_where_they_began() {
    let mut files = files(&MemoryDisk::default());
    let line = "x".repeat(63) + "\n";
    let text = line.repeat(PIECE_BYTES / 64 * 2 + 5);
    let there = moved(&[block(&text)], &mut files).unwrap();
    assert_eq!(there.len(), 3);
    let mut offset = 1000;
    for piece in &there {
        assert_eq!(piece.origin().offset, offset);
        offset += piece.raw_bytes() as u64;
    }
    let texts: String = there.iter().map(|piece| piece.text()).collect();
    assert!(texts == text);
}

#[test]
fn bytes_that_are_not_what_was_written_fail_the_task_that_reads_them() {
    let whole = block("one\n");
    let damaged = whole.moved_to("onf\n".into(), crc32fast::hash(b"one\n"));
    assert_eq!((damaged.whole(), damaged.counts().records), (None, 0));
    let read = std::panic::catch_unwind(AssertUnwindSafe(|| damaged.text().len()));
    let sentence = *read.unwrap_err().downcast::<String>().unwrap();
    assert!(sentence.contains("connection 7, from byte 1000"), "{sentence}");
}

#[test]
fn a_disk_without_room_takes_nothing_and_later_it_does() {
    let disk = MemoryDisk::default();
    let mut files = files(&disk);
    disk.interfere(|call, _| match call {
        Call::Write => Err(ErrorKind::StorageFull.into()),
        _ => Ok(()),
    });
    let refused = moved(&[block("one\n")], &mut files).err().unwrap();
    assert!(matches!(refused, Error::NoRoom { .. }), "{refused}");
    assert_eq!(files.on_disk().load(Ordering::Relaxed), 0);
    disk.interfere(|_, _| Ok(()));
    assert_eq!(moved(&[block("one\n")], &mut files).unwrap()[0].text(), "one\n");
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let disk = MemoryDisk::default();
    disk.interfere(|call, _| match call {
        Call::CreateDirectory => Err(ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    });
    let refused = ScratchFiles::open(Arc::new(disk), "/spill".into()).err().unwrap().to_string();
    assert!(refused.contains("/spill") && refused.contains("let this process write"), "{refused}");
}

#[test]
fn as_many_small_parcels_as_come_in_hours_may_be_on_disk_at_once() {
    let place = tempfile::tempdir().unwrap();
    let disk = Arc::new(crate::disk::RealDisk);
    let mut files = ScratchFiles::open(disk, place.path().to_owned()).unwrap();
    // More than a process may have mappings, where nobody has set another limit.
    let mut kept = Vec::new();
    for n in 0..100_000 {
        match files.put(&[b"a line\n"]) {
            Ok(bytes) => kept.push(bytes),
            Err(error) => {
                // Room for the sentence.
                kept.clear();
                panic!("parcel {n}: {error}");
            }
        }
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let inode_gone = maps.lines().filter(|line| line.contains("(deleted)")).count();
    assert!(inode_gone < 1000, "{inode_gone} mappings of files without a name");
    assert!(kept.iter().all(|bytes| &bytes[..] == b"a line\n"));
}
