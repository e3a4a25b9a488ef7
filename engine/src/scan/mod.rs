//! Text looked at many bytes at once: by the widest instructions that the machine has, chosen at run time. Each file has
//! a portable form, which is the meaning, and the others are held against it.

pub(crate) mod ascii;
pub(crate) mod separators;
pub(crate) mod edges;
pub(crate) mod cuts;
pub(crate) mod words;
pub(crate) mod digits;
