//! Users' closures that panic at random: a panic that passes changes no result, and one that stays fails
//! its batch, of which nothing is in any state, window or later result, also where a job dies and goes on.

mod dice;
mod going_on;
mod job;
mod lasting;
mod oracle;
mod passing;
#[path = "../model/seed.rs"]
mod seed;
