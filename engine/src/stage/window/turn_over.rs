//! Slices turned over: beside each entry, what its key is left with when the slice goes.

/// Slices that were turned over.
pub(super) struct Turned<V> {
    /// By slice, oldest first, and entry: the result of the key in the slices that come after.
    pub(super) later: Vec<Vec<Option<V>>>,
    /// By number of the key: the result of all slices.
    pub(super) fronts: Vec<Option<V>>,
}

/// Turns over slices, oldest first, of which each is the numbers of its keys, which are below `keys`,
/// and their values. One walk, from the newest slice to the oldest, with a call of `f` at most for
/// each entry.
pub(super) fn turn_over<'a, V: Clone + 'a>(
    f: impl Fn(V, V) -> V,
    keys: usize,
    slices: impl DoubleEndedIterator<Item = (&'a [u32], &'a [V])>,
) -> Turned<V> {
    let mut fronts: Vec<Option<V>> = vec![None; keys];
    let walk = slices.rev().map(|(numbers, values)| {
        let entries = numbers.iter().zip(values);
        let later = entries.map(|(&number, value)| {
            let front = &mut fronts[number as usize];
            let later = front.take();
            *front = Some(match later.clone() {
                Some(later) => f(value.clone(), later),
                None => value.clone(),
            });
            later
        });
        later.collect()
    });
    let mut later: Vec<Vec<Option<V>>> = walk.collect();
    later.reverse();
    Turned { later, fronts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entry_has_the_slices_after_it_and_each_key_all_of_them() {
        let slices: [(&[u32], &[&str]); 4] =
            [(&[0, 2], &["a", "b"]), (&[2], &["c"]), (&[], &[]), (&[1, 2], &["d", "e"])];
        let owned = slices.map(|(numbers, values)| {
            (numbers, values.iter().map(|value| value.to_string()).collect::<Vec<_>>())
        });
        let slices = owned.iter().map(|(numbers, values)| (*numbers, &values[..]));
        let turned = turn_over(|older, newer| older + &newer, 4, slices);
        let texts = |of: &[Option<String>]| -> Vec<String> {
            of.iter().map(|text| text.clone().unwrap_or("-".into())).collect()
        };
        let later: Vec<Vec<String>> = turned.later.iter().map(|later| texts(later)).collect();
        assert_eq!(later, [vec!["-", "ce"], vec!["e"], vec![], vec!["-", "-"]]);
        assert_eq!(texts(&turned.fronts), ["a", "d", "bce", "-"]);
    }
}
