//! How many records a second may come in: an estimate of what batches can process, and a limit that holds it.
//!
//! Both are pure: they are told the time, and know neither sources nor threads.
//! [`Conf::backpressure`](crate::Conf::backpressure) and [`Conf::max_rate`](crate::Conf::max_rate) put them to
//! use.

mod estimator;
mod limiter;
mod pid;

pub use estimator::RateEstimator;
pub use limiter::RateLimiter;
pub use pid::Pid;
