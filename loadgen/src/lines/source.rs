//! Where a run's lines come from.

use super::recipe::{self, Moment, Recipe};
use super::{Data, Text};
use crate::error::Result;
use crate::seed::{self, Purpose};

/// The lines of a run, shared by all its connections.
pub(crate) struct Source(Made);

enum Made {
    /// Rendered before the first is sent.
    Before(Text),
    /// Written when they are due.
    WhenDue { recipe: Box<Recipe>, seed: u64 },
}

/// Which line is asked for. What it looks like depends on these and on the seed alone, so that it
/// can be asked for again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// The connection that it goes to, counted from 0.
    pub(crate) connection: u64,
    /// Its number there, from 0.
    pub(crate) sequence: u64,
    /// When it is due, in milliseconds since the epoch.
    pub(crate) due_ms: u64,
}

impl Source {
    /// Renders what can be rendered beforehand.
    pub(crate) fn of(data: &Data) -> Result<Self> {
        data.check()?;
        Ok(if recipe::is_written_when_due(data) {
            Self(Made::WhenDue { recipe: Box::new(Recipe::of(data)), seed: data.seed })
        } else {
            Self(Made::Before(Text::render(data)?))
        })
    }

    /// The text, if the lines are rendered already.
    pub(crate) fn text(&self) -> Option<&Text> {
        match &self.0 {
            Made::Before(text) => Some(text),
            Made::WhenDue { .. } => None,
        }
    }

    /// The line, with what ends it; in `scratch` unless it is there already.
    pub(crate) fn line<'a>(&'a self, place: Place, scratch: &'a mut Vec<u8>) -> &'a [u8] {
        match &self.0 {
            Made::Before(text) => {
                let first = text.first_line(place.connection) as u64;
                text.line(((first + place.sequence) % text.lines() as u64) as usize)
            }
            Made::WhenDue { recipe, seed } => {
                scratch.clear();
                let connection = seed::derive(*seed, Purpose::Line, place.connection);
                let mut random = seed::generator(connection, Purpose::Line, place.sequence);
                let moment =
                    Moment { position: place.sequence, time_ms: place.due_ms, carried_bytes: 0 };
                recipe.write(&mut random, moment, scratch);
                scratch
            }
        }
    }
}
