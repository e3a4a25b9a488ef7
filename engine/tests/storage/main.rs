//! Storage levels: received data that memory has no room for, and what becomes of it.

mod budget;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../intake/ear.rs"]
mod ear;
mod levels;
mod persisted;
mod rig;
mod trouble;
mod windows;
