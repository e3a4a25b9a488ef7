//! A checker finds every kind of fault that is planted into a run, wherever it is, and agrees with
//! an obvious checker on random ones.

#[cfg(test)]
mod lines;
#[cfg(test)]
mod model;
#[cfg(test)]
mod planted;
