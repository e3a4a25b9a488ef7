//! The lines: what is in them, rendered before the first is sent.

mod text;
mod vocabulary;

pub use text::{Text, TextOptions};
