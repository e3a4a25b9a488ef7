//! Lines that are sent until they are acknowledged: the sender's side of `docs/line-protocol.md`.
//!
//! Each connection is a *sender*, which outlives its breaks: it dials again, hears how far the other
//! side has come, and goes on from there. Nothing is kept for that. Which of the schedule's lines are
//! a sender's is its *share*, whatever happens; so any of its lines can be made again from its number.
//! What numbers may be said, and what was sent, again or not, is the sender's *account*. Senders are
//! looked after by *lanes*, and these *meet* to agree on the time: the schedule starts when every
//! sender has been answered, where the lines begin that are missing.

mod account;
mod answers;
mod dialling;
mod lane;
mod link;
mod meeting;
mod news;
mod run;
mod sender;
mod share;

pub(super) use run::run;
