//! Replays from outside: what arrives of a file's lines, when they are due, and what is said of files
//! that cannot be replayed.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod files;
#[cfg(test)]
mod harness;
#[cfg(test)]
#[path = "../readers/mod.rs"]
mod readers;
#[cfg(test)]
mod speed;
