//! Where a run's lines come from.

use std::sync::Arc;

use super::recipe::{self, Moment, Recipe};
use super::{Data, Text};
use crate::error::Result;
use crate::replay::{Chunk, Recording};
use crate::seed::{self, Purpose};

/// The lines of a run, shared by all its connections.
pub(crate) struct Source(Made);

enum Made {
    /// Rendered before the first is sent.
    Before(Arc<Text>),
    /// Written when they are due.
    WhenDue { recipe: Box<Recipe>, seed: u64 },
    /// Not made at all: those of a file.
    Recorded(Recording),
}

/// Which line is asked for. What it looks like depends on these and on the seed or the file alone,
/// so that it can be asked for again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Its number in the schedule, which deals lines to connections; it means nothing where there is
    /// no end of them.
    pub(crate) number: u64,
    /// The connection that it goes to, counted from 0.
    pub(crate) connection: u64,
    /// Its number there, from 0.
    pub(crate) sequence: u64,
    /// When it is due, in milliseconds since the epoch.
    pub(crate) due_ms: u64,
}

/// What a line is in while it is sent, and others after it.
#[derive(Default)]
pub(crate) struct Hand {
    written: Vec<u8>,
    chunk: Option<Arc<Chunk>>,
}

impl Hand {
    /// Lets go of what connections share.
    pub(crate) fn put_down(&mut self) {
        self.chunk = None;
    }
}

impl Source {
    /// Renders what can be rendered beforehand.
    pub(crate) fn of(data: &Data) -> Result<Self> {
        data.check()?;
        Ok(if recipe::is_written_when_due(data) {
            Self(Made::WhenDue { recipe: Box::new(Recipe::of(data)), seed: data.seed })
        } else {
            Self(Made::Before(Arc::new(Text::render(data)?)))
        })
    }

    /// The lines of a file.
    pub(crate) fn replaying(recording: Recording) -> Self {
        Self(Made::Recorded(recording))
    }

    /// The text, if the lines are rendered already.
    pub(crate) fn text(&self) -> Option<&Arc<Text>> {
        match &self.0 {
            Made::Before(text) => Some(text),
            Made::WhenDue { .. } | Made::Recorded(_) => None,
        }
    }

    /// The file, if the lines are those of one.
    pub(crate) fn recording(&self) -> Option<&Recording> {
        match &self.0 {
            Made::Recorded(recording) => Some(recording),
            Made::Before(_) | Made::WhenDue { .. } => None,
        }
    }

    /// Whether the line with this number in the schedule can be had without letting go of what is in
    /// the hand.
    pub(crate) fn is_near(&self, number: u64, hand: &Hand) -> bool {
        hand.chunk.as_ref().is_none_or(|chunk| chunk.line(number).is_some())
    }

    /// The line, with what ends it. Fails if it is that of a file which cannot be read any more.
    pub(crate) fn line<'a>(&'a self, place: Place, hand: &'a mut Hand) -> Result<&'a [u8]> {
        Ok(match &self.0 {
            Made::Before(text) => {
                let first = text.first_line(place.connection) as u64;
                text.line(((first + place.sequence) % text.lines() as u64) as usize)
            }
            Made::WhenDue { recipe, seed } => {
                hand.written.clear();
                let connection = seed::derive(*seed, Purpose::Line, place.connection);
                let mut random = seed::generator(connection, Purpose::Line, place.sequence);
                let moment =
                    Moment { position: place.sequence, time_ms: place.due_ms, carried_bytes: 0 };
                recipe.write(&mut random, moment, &mut hand.written);
                &hand.written
            }
            Made::Recorded(recording) => {
                if !self.is_near(place.number, hand) {
                    hand.chunk = None;
                }
                let chunk = match &mut hand.chunk {
                    Some(chunk) => chunk,
                    none => none.insert(recording.chunk_with(place.number)?),
                };
                chunk.line(place.number).expect("a chunk that was asked for with a line has it")
            }
        })
    }
}
