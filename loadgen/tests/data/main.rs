//! The lines as data: which keys are in them, how often, and how long they are.

#[cfg(test)]
mod chi_square;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod lengths;
#[cfg(test)]
mod lines;
#[cfg(test)]
mod orders;
