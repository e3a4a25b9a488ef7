//! What lists and tables take in memory: their room, used or not, at the size of their elements. What an
//! element owns elsewhere, as a `String` does, is not counted.

/// Bytes of a list.
pub(crate) fn bytes_of<T>(list: &Vec<T>) -> u64 {
    (list.capacity() * size_of::<T>()) as u64
}

/// Gives back most of the room of a list that uses less than a quarter of it: what has grown once need not stay
/// so for ever.
pub(crate) fn give_back_room<T>(list: &mut Vec<T>) {
    if list.len() < list.capacity() / 4 {
        list.shrink_to(2 * list.len());
    }
}

/// Bytes of a dataset by partition.
pub(crate) fn bytes_of_all<T>(lists: &[Vec<T>]) -> u64 {
    lists.iter().map(bytes_of).sum()
}
