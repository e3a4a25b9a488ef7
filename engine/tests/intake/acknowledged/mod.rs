//! Lines that are acknowledged: a sender over loopback, an engine whose disk is in memory, and the lives of both.

mod deaths;
mod exposure;
mod hostile;
mod life;
mod rates;
mod sender;
mod sessions;
mod starting;
