//! Which side runs first in a turn.

use clap::ValueEnum;
use serde::Serialize;

/// Which side runs first in a turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// A B A B: always the same
    #[default]
    Alternating,
    /// A B B A: every second turn the other way round, so that a machine that slows down steadily
    /// favours nobody
    Mirrored,
}

impl Order {
    /// The sides of a turn, in order. Turns are counted from 0.
    pub(super) fn of_turn(self, turn: usize, sides: usize) -> impl Iterator<Item = usize> {
        let is_backwards = self == Order::Mirrored && turn % 2 == 1;
        (0..sides).map(move |at| if is_backwards { sides - 1 - at } else { at })
    }
}
