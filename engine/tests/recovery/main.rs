//! A job that keeps states and windows and writes files, on a disk in memory that fails in every way,
//! and gone on with: nothing is lost, nothing is there twice, and all that is kept is right.

mod bad_directory;
mod clock;
mod damage;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../intake/ear.rs"]
mod ear;
mod faults;
mod full;
mod given_again;
mod going_on;
mod job;
mod log_off;
mod oracle;
mod patience;
mod power;
mod restored;
#[path = "../model/seed.rs"]
mod seed;
