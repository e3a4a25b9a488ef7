//! Storage levels: received data that memory has no room for, and what becomes of it.

mod budget;
mod levels;
mod persisted;
mod rig;
mod trouble;
mod windows;
