//! Windows that keep results instead of records.
//!
//! Each batch leaves a *slice*: a partial result for each key. A window that slides takes in the
//! slices that enter and takes out those that leave; how it does that is a [`Fold`]. So a slide
//! costs what enters and leaves, whatever the window's length, and the result of every key is at
//! hand when it is asked for. A key is looked up when it enters; beside the slice lies its number,
//! with which it leaves. Without an inverse, what it leaves behind lies there too: slices are turned
//! over before they leave.
//!
//! The slices are the truth: what a window keeps beside them can be made of them again, which is
//! how it begins, how it goes on after a batch that failed, and how windows that are over are read.

mod changes;
mod fold;
mod groups;
#[cfg(test)]
mod holds;
mod keyed;
mod part;
mod running;
mod slices;
mod stacks;
mod turn_over;

pub(crate) use fold::Fold;
pub(crate) use groups::Groups;
pub(crate) use keyed::KeyedWindow;
pub(crate) use running::Running;
pub(crate) use slices::{Fill, Slices, SlicesNode};
pub(crate) use stacks::Stacks;
