//! Which values can be kept when the block that they came from is gone.

/// Whether values of type `V` certainly own all that they are made of.
///
/// A value may be of any type, and `&'b str` is one; nothing in the language tells at run time
/// whether a type mentions `'b`. So this names the types that do not, and says no to all others,
/// whose blocks then stay until their batch is over. It is exact for a type that it names: two
/// types of which neither mentions a lifetime are the same or are not.
pub(crate) fn owns_itself<V>() -> bool {
    let this = typeid::of::<V>();
    macro_rules! is_one_of {
        ($($owned:ty),*) => { [$(typeid::of::<$owned>()),*].contains(&this) };
    }
    is_one_of!(
        (),
        bool,
        char,
        u8,
        u16,
        u32,
        u64,
        u128,
        usize,
        i8,
        i16,
        i32,
        i64,
        i128,
        isize,
        f32,
        f64,
        String,
        (u64, u64),
        (i64, i64),
        (f64, f64),
        (f64, u64),
        (i64, u64),
        Vec<u8>
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_own_themselves_and_what_borrows_does_not() {
        assert!(owns_itself::<u64>() && owns_itself::<String>());
        assert!(
            !owns_itself::<&'static str>()
                && !owns_itself::<Vec<&'static str>>()
                && !owns_itself::<Option<u8>>()
        );
    }
}
