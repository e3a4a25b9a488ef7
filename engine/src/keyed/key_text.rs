//! Text and bytes that are kept as keys: short ones in place, without an allocation.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::packed::{LONGEST, Packed};

/// Bytes that are kept as a key: the owned form of `&[u8]`. Up to 16 bytes lie in place; a longer key
/// costs an allocation. 24 bytes in itself.
#[derive(Clone)]
pub struct KeyBytes(Form);

#[derive(Clone)]
enum Form {
    Short { len: u8, padded: [u8; LONGEST] },
    Long(Box<[u8]>),
}

/// Text that is kept as a key: the owned form of `&str`, to which it dereferences. Up to 16 bytes lie in
/// place; a longer key costs an allocation. 24 bytes in itself.
///
/// ```
/// let key = millstream::KeyText::from("millstream");
/// assert_eq!((key.len(), &*key), (10, "millstream"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(KeyBytes);

impl KeyBytes {
    /// A key that fits into a slot.
    #[inline]
    pub(crate) fn of_packed(packed: Packed) -> Option<Self> {
        packed.is_exact().then(|| {
            let (padded, len) = packed.to_padded();
            KeyBytes(Form::Short { len: len as u8, padded })
        })
    }
}

impl KeyText {
    /// A key of text that fits into a slot.
    #[inline]
    pub(crate) fn of_packed(packed: Packed) -> Option<Self> {
        KeyBytes::of_packed(packed).map(KeyText)
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::Short { len, padded } => &padded[..usize::from(*len)],
            Form::Long(bytes) => bytes,
        }
    }
}

impl Deref for KeyText {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        str::from_utf8(&self.0).expect("it was made of text")
    }
}

impl From<&[u8]> for KeyBytes {
    #[inline]
    fn from(bytes: &[u8]) -> Self {
        let mut padded = [0; LONGEST];
        match padded.get_mut(..bytes.len()) {
            Some(short) => {
                short.copy_from_slice(bytes);
                KeyBytes(Form::Short { len: bytes.len() as u8, padded })
            }
            None => KeyBytes(Form::Long(bytes.into())),
        }
    }
}

impl From<Vec<u8>> for KeyBytes {
    fn from(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}

impl From<&str> for KeyText {
    #[inline]
    fn from(text: &str) -> Self {
        KeyText(text.as_bytes().into())
    }
}

impl From<String> for KeyText {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl PartialEq for KeyBytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for KeyBytes {}

impl Hash for KeyBytes {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Hash for KeyText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl Borrow<[u8]> for KeyBytes {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl Borrow<str> for KeyText {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

impl fmt::Display for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl Serialize for KeyBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self)
    }
}

impl<'de> Deserialize<'de> for KeyBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = KeyBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<KeyBytes, E> {
        Ok(bytes.into())
    }

    /// Where a format has no bytes, they are a list of numbers.
    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<KeyBytes, A::Error> {
        let mut bytes = Vec::new();
        while let Some(byte) = numbers.next_element::<u8>()? {
            bytes.push(byte);
        }
        Ok(bytes.into())
    }
}

impl Serialize for KeyText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = KeyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E>(self, text: &str) -> Result<KeyText, E> {
        Ok(text.into())
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<KeyText, E> {
        str::from_utf8(bytes).map(KeyText::from).map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::durable::{from_bytes, to_bytes};

    #[test]
    fn keys_of_every_length_come_back_from_a_snapshot() {
        for len in 0..40 {
            let text =
                "é0123456789abcdefghijklmnopqrstuvwxyz0123".chars().take(len).collect::<String>();
            let key = KeyText::from(text.clone());
            assert_eq!(*key, *text);
            let written = to_bytes(&key).unwrap();
            assert_eq!(from_bytes::<KeyText>(&written).unwrap(), key);
            assert_eq!(written, to_bytes(&text).unwrap(), "it is written as text is");
            let bytes = KeyBytes::from(text.as_bytes());
            assert_eq!(from_bytes::<KeyBytes>(&to_bytes(&bytes).unwrap()).unwrap(), bytes);
        }
    }

    #[test]
    fn a_key_has_24_bytes() {
        assert_eq!((size_of::<KeyText>(), size_of::<KeyBytes>()), (24, 24));
    }
}
