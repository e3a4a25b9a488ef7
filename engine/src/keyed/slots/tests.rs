use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::keyed::packing::pack_bytes;
use crate::seed::Random;

type Strings = Slots<String, u64>;

/// Puts `key` as an operator does: packed, or hashed where it is long.
fn put(slots: &mut Strings, key: &str, make: impl FnOnce(Option<u64>) -> u64) {
    let mut group = Group::default();
    let packed = pack_bytes(key.as_bytes());
    slots.homes().expect(&mut group, 0, packed);
    if packed.is_exact() {
        let make = std::cell::Cell::new(Some(make));
        let once = |so_far, ()| make.take().expect("one value")(so_far);
        slots.put_all(&group, std::iter::once(()), once, &mut 0);
    } else {
        slots.put_one(&group, 0, |o| o == key, || key.to_owned(), make);
    }
}

fn entries(slots: &Strings) -> Vec<(String, u64)> {
    let key = |packed: Packed| match packed.is_exact() {
        true => {
            let (bytes, len) = packed.to_padded();
            String::from_utf8(bytes[..len].to_vec()).expect("they were put as text")
        }
        false => slots.long()[packed.number() as usize].clone(),
    };
    slots.entries().map(|(packed, value)| (key(packed), *value)).collect()
}

#[test]
fn it_is_a_map_that_remembers_the_order_of_short_keys_and_long() {
    let mut slots = Strings::default();
    for round in 0..3 {
        let (mut order, mut model) = (Vec::new(), HashMap::new());
        let mut random = Random::new(1);
        for _ in 0..20_000 {
            let number = random.below(1 << 13) as u64;
            let key = match number % 3 {
                0 => format!("a key that is too long for a slot {number}"),
                _ => number.to_string(),
            };
            put(&mut slots, &key, |so_far| so_far.unwrap_or(0) + number);
            *model.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                0
            }) += number;
        }
        assert_eq!(slots.len(), order.len());
        let expected: Vec<(String, u64)> =
            order.into_iter().map(|key| (key.clone(), model[&key])).collect();
        assert_eq!(entries(&slots), expected, "round {round}");
        slots.clear();
        assert_eq!((slots.len(), entries(&slots)), (0, Vec::new()));
    }
}

#[test]
fn the_empty_key_and_the_number_zero_are_keys() {
    let mut slots = Strings::default();
    put(&mut slots, "a", |_| 1);
    put(&mut slots, "", |so_far| so_far.unwrap_or(7));
    put(&mut slots, "", |so_far| so_far.unwrap_or(0) + 1);
    assert_eq!(entries(&slots), [("a".to_string(), 1), (String::new(), 8)]);
}

#[test]
fn a_panic_changes_nothing() {
    let mut slots = Strings::default();
    put(&mut slots, "there", |_| 5);
    for key in ["there", "new", "a new key that does not fit"] {
        let panicked =
            catch_unwind(AssertUnwindSafe(|| put(&mut slots, key, |_| panic!("in the function"))));
        assert!(panicked.is_err());
        assert_eq!(entries(&slots), [("there".to_string(), 5)]);
    }
}

#[test]
fn a_table_that_is_hardly_filled_gives_up_half_of_its_slots_at_a_time() {
    let mut slots = Strings::default();
    for n in 0..10_000 {
        put(&mut slots, &n.to_string(), |_| n);
    }
    let most = slots.slots.len();
    slots.clear();
    assert_eq!(slots.slots.len(), most);
    for _ in 0..40 {
        put(&mut slots, "one", |_| 1);
        assert_eq!(entries(&slots), [("one".to_string(), 1)]);
        slots.clear();
    }
    assert_eq!(slots.slots.len(), 1 << FIRST_LOG);
}
