//! Keys that borrow: looked up as they are, owned when they are first seen, lent again when they
//! come out.

use std::hash::Hash;

use super::key_text::{KeyBytes, KeyText};
use super::packed::Packed;
use super::packing::{pack_all, pack_bytes};
use super::table::hash_of;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The key of a keyed operator. A key may borrow from its batch's blocks, as `&'b str` does; what
/// an operator keeps of it is its owned form, and results borrow from that.
///
/// It is implemented for `&str`, `&[u8]`, `String`, integers, `bool`, `char`, `()` and tuples of keys.
/// Implement it for a key of your own:
///
/// ```
/// use millstream::Key;
/// #[derive(Clone, PartialEq, Eq, Hash)]
/// struct Host<'b>(&'b str);
///
/// impl<'b> Key<'b> for Host<'b> {
///     type Owned = String;
///     fn own(&self) -> String {
///         self.0.to_owned()
///     }
///     fn is(&self, owned: &String) -> bool {
///         self.0 == owned
///     }
///     fn lend(owned: &'b String) -> Self {
///         Host(owned)
///     }
/// }
/// ```
///
/// `is` must agree with `Eq` (`a.is(&b.own())` exactly where `a == b`) and `lend` must undo `own`.
/// A key that breaks this gives wrong results, never undefined behaviour.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a key",
    note = "keys are `&str`, `&[u8]`, `String`, integers, `bool`, `char`, tuples of keys, and types that implement `millstream::Key`",
    note = "floating-point numbers are no keys, because a NaN is not equal to itself"
)]
pub trait Key<'b>: Clone + Eq + Hash + Send + Sync + 'b {
    /// What is kept of it when its batch is over.
    type Owned: Serialize + DeserializeOwned + Clone + Send + Sync + 'static;

    /// The owned form. Called once for a key that an operator has not seen.
    fn own(&self) -> Self::Owned;

    /// Whether `owned` is this key.
    fn is(&self, owned: &Self::Owned) -> bool;

    /// The key that `owned` is the owned form of.
    fn lend(owned: &'b Self::Owned) -> Self;

    /// The key as it lies in a table: itself, if it fits, or its hash.
    #[doc(hidden)]
    #[inline]
    fn pack(&self) -> Packed {
        Packed::hashed(hash_of(self))
    }

    /// Gives `sink` each of the keys, packed, with its number; says whether all fit.
    #[doc(hidden)]
    #[inline]
    fn pack_all(keys: &[Self], mut sink: impl FnMut(usize, Packed)) -> bool {
        let mut all_fit = true;
        for (number, key) in keys.iter().enumerate() {
            let packed = key.pack();
            all_fit &= packed.is_exact();
            sink(number, packed);
        }
        all_fit
    }

    /// The owned form of a key that fits.
    #[doc(hidden)]
    #[inline]
    fn unpack(packed: Packed) -> Option<Self::Owned> {
        debug_assert!(!packed.is_exact(), "a key that can be packed can be unpacked");
        None
    }
}

macro_rules! borrowed_keys {
    ($($key:ty, $owned:ty, $bytes:expr;)*) => {$(
        impl<'b> Key<'b> for &'b $key {
            type Owned = $owned;

            #[inline]
            fn own(&self) -> $owned {
                (*self).into()
            }

            #[inline]
            fn is(&self, owned: &$owned) -> bool {
                **self == **owned
            }

            #[inline]
            fn lend(owned: &'b $owned) -> Self {
                owned
            }

            #[inline]
            fn pack(&self) -> Packed {
                pack_bytes($bytes(self))
            }

            #[inline]
            fn pack_all(keys: &[Self], sink: impl FnMut(usize, Packed)) -> bool {
                pack_all(keys, |key| $bytes(key), sink)
            }

            #[inline]
            fn unpack(packed: Packed) -> Option<$owned> {
                <$owned>::of_packed(packed)
            }
        }
    )*};
}

borrowed_keys!(
    str, KeyText, str::as_bytes;
    [u8], KeyBytes, |bytes| bytes;
);

/// Keys that own themselves. A number that fits is packed; what it is then is its business.
macro_rules! owned_keys {
    ($($key:ty $(, $pack:expr, $unpack:expr)?;)*) => {$(
        impl<'b> Key<'b> for $key {
            type Owned = $key;

            #[inline]
            fn own(&self) -> $key {
                self.clone()
            }

            #[inline]
            fn is(&self, owned: &$key) -> bool {
                self == owned
            }

            #[inline]
            fn lend(owned: &'b $key) -> $key {
                owned.clone()
            }

            $(
                #[inline]
                fn pack(&self) -> Packed {
                    Packed::of_number($pack(*self))
                }

                #[inline]
                fn unpack(packed: Packed) -> Option<$key> {
                    packed.to_number().map($unpack)
                }
            )?
        }
    )*};
}

owned_keys!(
    u8, |n| n as u64, |n| n as u8;
    u16, |n| n as u64, |n| n as u16;
    u32, |n| n as u64, |n| n as u32;
    u64, |n| n, |n| n;
    usize, |n| n as u64, |n| n as usize;
    i8, |n| n as u64, |n| n as i8;
    i16, |n| n as u64, |n| n as i16;
    i32, |n| n as u64, |n| n as i32;
    i64, |n| n as u64, |n| n as i64;
    isize, |n| n as u64, |n| n as isize;
    u128;
    i128;
    bool;
    char;
    ();
);

impl<'b> Key<'b> for String {
    type Owned = String;

    fn own(&self) -> String {
        self.clone()
    }

    fn is(&self, owned: &String) -> bool {
        self == owned
    }

    fn lend(owned: &'b String) -> String {
        owned.clone()
    }

    fn pack(&self) -> Packed {
        pack_bytes(self.as_bytes())
    }

    fn pack_all(keys: &[String], sink: impl FnMut(usize, Packed)) -> bool {
        pack_all(keys, String::as_bytes, sink)
    }

    fn unpack(packed: Packed) -> Option<String> {
        KeyText::of_packed(packed).map(|text| text.to_string())
    }
}

macro_rules! tuple_keys {
    ($($name:ident $index:tt),*) => {
        impl<'b, $($name: Key<'b>),*> Key<'b> for ($($name,)*) {
            type Owned = ($($name::Owned,)*);

            #[inline]
            fn own(&self) -> Self::Owned {
                ($(self.$index.own(),)*)
            }

            #[inline]
            fn is(&self, owned: &Self::Owned) -> bool {
                $(self.$index.is(&owned.$index))&&*
            }

            #[inline]
            fn lend(owned: &'b Self::Owned) -> Self {
                ($($name::lend(&owned.$index),)*)
            }
        }
    };
}

tuple_keys!(A 0);
tuple_keys!(A 0, B 1);
tuple_keys!(A 0, B 1, C 2);
tuple_keys!(A 0, B 1, C 2, D 3);
