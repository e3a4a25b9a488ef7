//! What can outlive a batch: values that own all that they are made of, and can be written down.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::panics::{drop_with_care, message_of};

/// A value that can be kept from batch to batch, in a state or a window: it borrows nothing, and a
/// snapshot can hold it. Everything that is `Clone + Send + Sync + Serialize + DeserializeOwned`
/// and owns itself is.
///
/// It is written as MessagePack, with the names of fields. That has one way to write nothing: a
/// `Some` of what is nothing itself, as `Some(None)` or `Some(())`, comes back as `None`. Say it
/// with an enum of your own where it matters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept from batch to batch",
    note = "what a state or a window keeps must be Clone, Send, Sync, serde's Serialize and Deserialize, and borrow nothing: turn `&str` into `String` first"
)]
pub trait Durable: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Durable for T {}

/// The value as bytes: MessagePack, with the names of fields, so that a struct may gain one. Users'
/// code that panics while it writes is an error like any other.
pub(crate) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, String> {
    caught(|| rmp_serde::to_vec_named(value).map_err(|e| e.to_string()))
}

/// What [`to_bytes`] has written.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    caught(|| rmp_serde::from_slice(bytes).map_err(|e| e.to_string()))
}

/// Writes a value behind others.
pub(crate) fn append_bytes(bytes: &mut Vec<u8>, value: &impl Serialize) -> Result<(), String> {
    caught(|| rmp_serde::encode::write_named(bytes, value).map_err(|e| e.to_string()))
}

/// The first of the values that [`append_bytes`] has written; `bytes` has the others then.
pub(crate) fn read_first<T: DeserializeOwned>(bytes: &mut &[u8]) -> Result<T, String> {
    caught(|| rmp_serde::from_read(bytes).map_err(|e| e.to_string()))
}

fn caught<T>(serde: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(serde)).unwrap_or_else(|panic| {
        let reason = format!("its serde implementation panicked: {}", message_of(&*panic));
        Err(drop_with_care(panic, reason))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::fmt::Debug;

    #[track_caller]
    fn comes_back<T: Durable + PartialEq + Debug>(value: T) {
        assert_eq!(from_bytes::<T>(&to_bytes(&value).unwrap()).unwrap(), value);
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(i64),
        Text(String),
    }

    struct Speechless;

    impl Serialize for Speechless {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            panic!("no words")
        }
    }

    #[test]
    fn a_serde_implementation_that_panics_is_an_error() {
        assert!(to_bytes(&Speechless).unwrap_err().contains("panicked: no words"));
    }

    #[test]
    fn what_serde_can_write_comes_back() {
        comes_back(((u128::MAX, i128::MIN), f64::INFINITY, 'é', "text".to_string(), ()));
        comes_back(vec![Some(Some(1u8)), None, Some(Some(2))]);
        comes_back(vec![Untagged::Number(-1), Untagged::Text("a".into())]);
        comes_back(std::collections::BTreeMap::from([((1, 2), vec![3u8])]));
    }
}
