//! The workloads of `bench-suite job`: what each finds in every single batch, against the obvious
//! version of it over the lines of that batch.

mod fed;
mod joined;
mod keyed;
mod usage;
mod words;
mod ysb;
