//! Load for stream engines: seeded lines over TCP, on a schedule or as fast as the machine can, with
//! the lateness of every line, and a checker that proves that all of them arrived.
//!
//! A generator that is the bottleneck makes a benchmark lie. So this one renders its lines before
//! it sends the first, writes them straight from one shared buffer, and keeps an open loop: every
//! line has a moment at which it is due, whatever the reader does. If it falls behind, its summary
//! says so, by how much and whose fault it was.
//!
//! The parts:
//!
//! * [`Load`] is what a run is asked to do. [`Data`] says what its lines look like, or [`Replay`] in
//!   which file they are; [`Schedule`] says when each of them is due, [`Label`] what is written in
//!   front of them, and [`Faults`] what is to go wrong on the way.
//! * [`serve`] waits for clients on a socket from [`listen`], and [`send`] dials out. Both tell
//!   how they fare through [`Event`]s, end early when a [`Stop`] is pulled, and return a
//!   [`Summary`].
//! * [`Latency`] counts how late records were, corrected for coordinated omission and raw.
//!   An [`Objective`] is what is asked of such a [`Figure`].
//! * A [`Stamp`] makes a line say where it comes from and when it was due; a [`Checker`] of such
//!   lines finds what was lost, doubled, torn or invented.
//! * [`Text`] is the lines that are rendered beforehand: the same [`Data`] gives the same bytes, so a
//!   test can compute what a reader should have found in them.
//!
//! ```
//! use std::io;
//! use std::net::TcpStream;
//! use std::thread;
//!
//! use loadgen::{Data, Load, Stop, listen, serve};
//!
//! let data = Data { text_bytes: 1 << 20, ..Data::default() };
//! let load = Load { data, records: Some(1000), ..Load::default() };
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
pub mod time;
mod faults;
mod label;
mod latency;
mod hdr_log;
mod rate;
mod figure;
mod objective;
mod seed;
mod sender_name;
mod stop;
#[cfg(feature = "tls")]
mod tls;
mod token;
mod wall_clock;
mod wall_watch;
// Which lines, and when.
pub mod ysb;
mod stamp;
mod replay;
mod lines;
mod schedule;
// What is asked, told and found.
mod load;
mod progress;
mod summary;
// Sockets and threads.
mod sending;

pub use error::{Error, Result};
pub use faults::{End, Faults, Stall};
pub use figure::{Figure, Unit};
pub use hdr_log::HdrLog;
pub use label::Label;
pub use latency::{Latency, Percentiles};
pub use lines::{Data, Distribution, LineBytes, Preset, Text};
pub use load::Load;
pub use objective::{Met, Objective};
pub use progress::{Event, Progress};
pub use replay::Replay;
pub use schedule::{Arrivals, Pace, Schedule};
pub use sender_name::SenderName;
pub use sending::{listen, send, serve};
pub use stamp::{Checker, EndMark, Place, Stamp, StampedLine, Verdict, body_of};
pub use stop::Stop;
pub use summary::{Acknowledged, SCHEMA_VERSION, Summary, WarmUp};
#[cfg(feature = "tls")]
pub use tls::Tls;
pub use token::Token;
pub use wall_clock::WallClock;
pub use wall_watch::WallWatch;
