//! Lines that are acknowledged once they cannot be lost any more: the engine's side of
//! `docs/line-protocol.md`, without its sockets.
//!
//! A [`Reception`](reception::Reception) is told what happens on connections and what has become
//! durable, and says what is to be read, taken in, answered and closed. Whoever has the sockets and
//! the log does it:
//!
//! ```text
//! connects ──▶ greets ──▶ waits until what was taken in under its name is durable ──▶ sends lines
//! ```
//!
//! What keeps its promises:
//!
//! * Numbers are given to lines in one place, [`take_in`](reception::Reception::take_in), and only
//!   to lines of the one connection that speaks for their name.
//! * Nothing is said that a crash could make untrue: the numbers of `RESUME` and `ACK` are those of
//!   [`make_durable`](reception::Reception::make_durable), and no others. They outlive the process
//!   in [`Senders`].
//! * A line counts when its newline has come, whatever becomes of it. So whoever reads counts the
//!   newlines among the bytes as they arrive, and not the records that are left of them; and what a
//!   connection has left without a newline at its end is dropped, not taken for a last line.

mod answers;
mod greeting;
#[cfg(test)]
mod model;
mod reached;
mod reception;
mod senders;
mod talks;

pub(crate) use reached::Reached;
pub(in crate::intake) use reached::{Logged, reach};
pub(in crate::intake) use senders::SenderName;
pub(crate) use senders::Senders;
pub(in crate::intake) use talks::{Round, Talks};
