//! Millstream is a micro-batch stream engine for one machine: Spark Streaming's DStream model at
//! the speed of the memory bus. A mill takes the stream a bucket at a time; so does this engine.
//!
//! A [`StreamingContext`] cuts a batch every so often. Its *receivers* read sockets into *blocks*;
//! a batch is the blocks that arrived in its interval. A program describes *streams* ([`DStream`])
//! once, in a setup closure; then every batch runs through them. Operators between two shuffles are
//! fused into one loop, records borrow from the blocks that the kernel filled, and the compiler
//! proves that none of them escapes.
//!
//! ```
//! use millstream::{Conf, ManualClock, Queue, Stop, StreamingContext, Time, secs, testing::Collector};
//!
//! let clock = ManualClock::at(Time::default());
//! let ssc = StreamingContext::new(Conf::new("word count").clock(clock.clone()), secs(1))?;
//! let (input, counts) = (Queue::new(), Collector::new());
//! let (lines, out) = (input.clone(), counts.clone());
//! let running = ssc.start(move |s| {
//!     let words = s.queue_text_stream(&lines).words();
//!     let counts = words.map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
//!     counts.print();
//!     out.collect(&counts.map(|(word, n)| (word.to_owned(), n)));
//!     Ok(())
//! })?;
//!
//! input.push(vec!["to mill or not\nto mill\n".to_string()]);
//! clock.advance(secs(1));
//! running.wait_for_batch(clock.now(), secs(10))?;
//! running.stop(Stop::Graceful)?;
//! let (time, mut batch) = counts.take().remove(0);
//! batch.sort();
//! assert_eq!(time, Time::from_millis(1000));
//! assert_eq!(batch, [("mill".into(), 2), ("not".into(), 1), ("or".into(), 1), ("to".into(), 2)]);
//! # Ok::<(), millstream::Error>(())
//! ```
//!
//! # The parts
//!
//! - [`StreamingContext`], [`Conf`], [`Engine`]: settings, threads and memory; [`Running`] is a
//!   started context.
//! - [`Scope`]: where streams begin (sockets, files, queues, a [`Receiver`] of your own);
//!   [`Framing`]: where records of bytes end; [`DStream`]: operators and outputs; [`Rdd`]: one
//!   batch's dataset.
//! - [`Window`]: how long a window is and how often it comes; [`StateSpec`], [`KeyState`]: state by
//!   key; [`Snapshot`]: windows and states as data, to go on from elsewhere.
//! - [`Key`], [`Show`], [`Durable`], [`FromText`], [`FromFields`]: what a type must be able to do to
//!   be a key, to be printed, to be kept from batch to batch, and to be parsed from text and from
//!   columns of it.
//! - [`StorageLevel`]: where what is needed later is kept; [`rate`]: how much a second is let in;
//!   [`replica`]: a second copy of what must not be lost.
//! - [`Time`], [`Duration`], [`Clock`]: batches are labelled by the end of their interval, in whole
//!   milliseconds.
//! - [`progress`]: what the outside sees. [`testing`]: batches in, batches out. [`disk`]: the file
//!   system, behind a seam.
//! - [`spark`]: each operation of Spark Streaming, beside the one that is here. [`windows`]: what
//!   windows cost. [`overload`]: what happens when more comes than can be done.
//!
//! The modules are declared in the order of their layers: each uses only those above it, and a test
//! holds them to it.

#![cfg_attr(not(test), warn(clippy::unwrap_used))]

// words
#[cfg(test)]
#[path = "../tests/model/seed.rs"]
mod seed;
pub mod printable;
pub mod time;
mod error;
mod clock;
mod memory;
mod stderr;
mod threads;
mod punctual;
mod panics;
mod huge_pages;
mod backoff;
mod occasional;
mod random;
mod secret;
pub mod disk;
pub mod progress;
mod storage;
pub mod rate;
mod conf;
mod durable;
mod window;

// bytes
mod slabs;
mod framing;
mod block;
mod scan;
mod text;
mod received;
mod columns;

// files
mod frame;
mod directory;
mod log;
mod checkpoint;
mod spill;
pub mod replica;

// intake: received -> assigned -> done
mod intake;

// a batch
mod input;
mod spiller;
mod tally;
mod held;
mod batch;
mod keyed;
mod partition;
#[doc(hidden)]
pub mod pipe;
mod stage;

// streams
mod journal;
mod writer;
mod graph;
mod explain;
pub mod show;
mod rdd;
mod dstream;
mod scope;

// running
mod snapshot;
mod status;
mod engine;
mod early;
mod turn;
mod driver;
mod signals;
mod context;
pub mod testing;
#[doc = include_str!("../../docs/spark.md")]
pub mod spark {}
#[doc = include_str!("../../docs/windows.md")]
pub mod windows {}
#[doc = include_str!("../../docs/overload.md")]
pub mod overload {}
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;

pub use clock::{Clock, ManualClock};
pub use columns::parsing::{BadColumn, FromFields, FromText};
pub use columns::{Columns, Fields};
pub use conf::{Conf, InvalidUtf8, LongLines, Overrun, Unparsed};
#[cfg(feature = "tls")]
pub use conf::{TlsClient, TlsServer};
pub use context::{Running, StreamingContext};
pub use dstream::{DStream, WindowedWhole, WithState};
pub use durable::Durable;
pub use engine::Engine;
pub use error::{BoxError, Error, Result};
pub use framing::Framing;
pub use intake::custom::Receiver;
pub use intake::files::FileStream;
pub use intake::queue::Queue;
pub use intake::store::{NotKept, Refused, Store};
pub use keyed::key::Key;
pub use keyed::key_text::{KeyBytes, KeyText};
pub use pipe::{
    AsOf, AtSeparator, Boxed, ByFlattening, ByFlatteningValues, ByFullJoining, ByJoining,
    ByKeeping, ByLeftJoining, ByMapping, ByMappingValues, ByRightJoining, Containing, Field,
    Filter, FlatMap, Fused, Glom, InFields, Items, Lines, Map, MapBy, MapPartitions, OneColumn,
    Parse, Parser, Pipe, Product, ReadAs, Reading, Records, Replay, Split, Text, Union,
    UnionOfMany, Windowed, Words,
};
pub use rdd::{Distinct, Rdd};
pub use scope::Scope;
pub use show::Show;
pub use snapshot::Snapshot;
pub use stage::state::{KeyState, StateEdge, StateSpec};
pub use stage::{Cogrouped, Edge, Joined, Persisted, Side, Transformed};
pub use status::{State, Stop, Stopped};
pub use storage::StorageLevel;
pub use time::{Duration, Time, millis, mins, secs};
pub use window::Window;
