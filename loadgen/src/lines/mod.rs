//! The lines: what is in them, and where they come from.
//!
//! [`Data`] is what people ask for. Where each line is drawn like every other, a [`Text`] is
//! rendered before the first is sent, and goes out as it is, over and over. Lines that depend on
//! their number or on the moment are written when they are due, and those of a [`Recording`] are read.
//!
//! [`Recording`]: crate::replay::Recording

mod access_log;
mod binary;
mod data;
mod key_value;
mod keys;
mod line_bytes;
mod moment;
mod recipe;
mod source;
mod text;
mod vocabulary;
mod words;

pub use data::{Data, Preset};
pub use keys::Distribution;
pub use line_bytes::LineBytes;
pub(crate) use source::{Hand, Place, Source};
pub use text::Text;
