//! The generator from outside: its text, what arrives over real loopback sockets, and the program.

#[cfg(test)]
mod bytes;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod missing_client;
#[cfg(test)]
mod program;
#[cfg(test)]
mod schedule;
#[cfg(test)]
mod text;
#[cfg(test)]
mod course;
#[cfg(test)]
mod endings;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod same_bytes;
#[cfg(test)]
mod short_connections;
#[cfg(test)]
mod stalled_reader;
