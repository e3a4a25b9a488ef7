//! Load for stream engines: seeded lines of text over TCP, at a rate or as fast as the machine can,
//! with the lag behind its schedule.
//!
//! A generator that is the bottleneck makes a benchmark lie. So this one renders its lines before
//! it sends the first, writes them straight from one shared buffer, and keeps a schedule that does
//! not wait for the reader: if it falls behind, its summary says so and by how much.
//!
//! The parts:
//!
//! * [`Text`] is the lines: words under Zipf's law, of a given mean length, some with the word
//!   `error`. The same [`TextOptions`] give the same bytes, so a test can compute what a reader
//!   should have found in them.
//! * [`Load`] is what a run is asked to do: which text, at which [`Rate`], how many records or for
//!   how long, over how many connections.
//! * [`serve`] waits for clients on a socket from [`listen`], and [`send`] dials out. Both tell
//!   how they fare through [`Event`]s, end early when a [`Stop`] is pulled, and return a
//!   [`Summary`].
//!
//! Inside, a *dealer* gives the lines that the schedule says are due to the connections in turns,
//! and a few *lanes*, each a thread with an event loop, write what their connections are owed.
//!
//! ```
//! use std::io;
//! use std::net::TcpStream;
//! use std::thread;
//!
//! use loadgen::{Load, Stop, TextOptions, listen, serve};
//!
//! let text = TextOptions { text_bytes: 1 << 20, ..TextOptions::default() };
//! let load = Load { text, records: Some(1000), ..Load::default() };
//!
//! let listener = listen("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! let reader = thread::spawn(move || io::read_to_string(TcpStream::connect(address)?));
//! let summary = serve(listener, &load, &Stop::new(), |_event| {})?;
//!
//! assert_eq!(summary.records, 1000);
//! assert_eq!(reader.join().unwrap()?.lines().count(), 1000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

// The words.
mod error;
mod rate;
mod seed;
mod stop;
// Which lines, and when.
mod lines;
mod schedule;
mod stamp;
// What is asked, told and found.
mod load;
mod progress;
mod summary;
// Sockets and threads.
mod sending;

pub use error::{Error, Result};
pub use lines::{Text, TextOptions};
pub use load::Load;
pub use progress::{Event, Progress};
pub use rate::Rate;
pub use sending::{listen, send, serve};
pub use stamp::{Checker, EndMark, Place, Stamp, StampedLine, Verdict, body_of};
pub use stop::Stop;
pub use summary::{LagMs, SCHEMA_VERSION, Summary};
