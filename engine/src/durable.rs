//! What can outlive a batch: values that own all that they are made of, and can be written down.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value that can be kept from batch to batch, in a state or a window: it borrows nothing, and a
/// snapshot can hold it. Everything that is `Clone + Send + Sync + Serialize + DeserializeOwned`
/// and owns itself is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept from batch to batch",
    note = "what a state or a window keeps must be Clone, Send, Sync, serde's Serialize and Deserialize, and borrow nothing: turn `&str` into `String` first"
)]
pub trait Durable: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {}

impl<T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static> Durable for T {}

/// The value as bytes: MessagePack, with the names of fields, so that a struct may gain one.
pub(crate) fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, String> {
    rmp_serde::to_vec_named(value).map_err(|e| e.to_string())
}

/// What [`to_bytes`] has written.
pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    rmp_serde::from_slice(bytes).map_err(|e| e.to_string())
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

    #[test]
    fn whatever_serde_can_write_comes_back() {
        comes_back(((u128::MAX, i128::MIN), f64::INFINITY, 'é', "text".to_string(), ()));
        comes_back(vec![Some(Some(1u8)), None, Some(Some(2))]);
        comes_back(vec![Untagged::Number(-1), Untagged::Text("a".into())]);
        comes_back(std::collections::BTreeMap::from([((1, 2), vec![3u8])]));
    }
}
