//! Keys that borrow: looked up as they are, owned when they are first seen, lent again when they
//! come out.

use std::hash::Hash;

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
}

impl<'b> Key<'b> for &'b str {
    type Owned = String;

    #[inline]
    fn own(&self) -> String {
        (*self).to_owned()
    }

    #[inline]
    fn is(&self, owned: &String) -> bool {
        self == owned
    }

    #[inline]
    fn lend(owned: &'b String) -> Self {
        owned
    }
}

impl<'b> Key<'b> for &'b [u8] {
    type Owned = Vec<u8>;

    #[inline]
    fn own(&self) -> Vec<u8> {
        (*self).to_owned()
    }

    #[inline]
    fn is(&self, owned: &Vec<u8>) -> bool {
        self == owned
    }

    #[inline]
    fn lend(owned: &'b Vec<u8>) -> Self {
        owned
    }
}

macro_rules! owned_keys {
    ($($key:ty),*) => {$(
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
        }
    )*};
}

owned_keys!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, bool, char, (), String);

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
