//! The generator from outside: its text, what arrives over real loopback sockets, and the program.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod checked;
#[cfg(test)]
mod course;
#[cfg(test)]
mod endings;
#[cfg(test)]
#[path = "../engine/mod.rs"]
mod engine;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod missing_client;
#[cfg(test)]
mod outputs;
#[cfg(test)]
mod papers;
#[cfg(test)]
mod process;
#[cfg(test)]
mod program;
#[cfg(test)]
#[path = "../readers/mod.rs"]
mod readers;
#[cfg(test)]
mod same_bytes;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod short_connections;
#[cfg(test)]
mod sink;
#[cfg(test)]
mod stalled_reader;
#[cfg(test)]
mod text;
#[cfg(test)]
mod troubles;
#[cfg(test)]
mod whose_fault;
