//! Values by key: what a key is, how many are packed at once, and the tables that they lie in. `slots` is for a batch's
//! aggregations, `table` for what outlives a batch.

pub(crate) mod table;
pub(crate) mod packed;
pub(crate) mod packing;
pub(crate) mod key_text;
pub(crate) mod key;
pub(crate) mod prefetch;
pub(crate) mod slots;
