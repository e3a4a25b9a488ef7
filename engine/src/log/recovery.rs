//! What a log holds when it is opened, whatever has happened to its files.
//!
//! Of each segment the frames are read up to the first of the next segment, or, of the last, up to
//! one that is bad. What that means is decided by who knows that it was durable: a later segment, a
//! later frame of the same one, the caller. If nobody does it is what no sync had answered for.

use std::collections::VecDeque;

use super::Segment;
use super::place::Place;
use crate::directory::Found;
use crate::error::{Error, Result};
use crate::frame::{Begin, Beginning, Flaw, Frame, Frames, Misfit};

pub(super) struct Recovered {
    pub(super) segments: VecDeque<Segment>,
    /// Of the next segment.
    pub(super) number: u64,
    /// The sequence behind the last frame.
    pub(super) next: u64,
    /// All frames below are durable.
    pub(super) durable: u64,
    /// The others: they may be in the memory of the system only.
    pub(super) doubtful: Vec<Frame>,
    pub(super) warnings: Vec<String>,
}

/// How a segment begins.
struct Head {
    number: u64,
    begins: Result<Beginning, Flaw>,
}

/// Reads the log at `place`, and calls `visit` with its frames from the sequence `from` on.
pub(super) fn recover(
    place: &Place,
    from: u64,
    visit: impl FnMut(Frame) -> Result<()>,
) -> Result<Recovered> {
    let Found { numbers, next: number } = place.find()?;
    let heads = numbers.into_iter().map(|number| Head::read(place, number));
    let heads: Vec<Head> = heads.collect::<Result<_>>()?;
    let mut log = Recovery {
        place,
        from,
        visit,
        next: 0,
        durable: 0,
        doubtful: Vec::new(),
        warnings: Vec::new(),
    };
    // What is before the last segment that begins early enough is not needed.
    match heads.iter().rposition(|head| head.first().is_some_and(|first| first <= from)) {
        Some(needed) => log.read(&heads[needed..])?,
        None if from == 0 && heads.iter().all(|head| head.first().is_none()) => {
            log.find_nothing_in(&heads)?;
        }
        None => return Err(lacks(place, from, &heads)),
    }
    let Recovery { next, durable, doubtful, warnings, .. } = log;
    let segments = with_first_sequences(&heads, next);
    Ok(Recovered { segments, number, next, durable, doubtful, warnings })
}

impl Head {
    fn read(place: &Place, number: u64) -> Result<Head> {
        let fits = Begin::read(&place.read_beginning(number)?).and_then(|beginning| {
            beginning.begin.expect(&place.begin(number))?;
            Ok(beginning)
        });
        match fits {
            Ok(beginning) => Ok(Head { number, begins: Ok(beginning) }),
            Err(Misfit::Damaged(flaw)) => Ok(Head { number, begins: Err(flaw) }),
            Err(foreign) => Err(foreign.of(&place.path(number), "")),
        }
    }

    /// The sequence of its first frame, if it begins whole.
    fn first(&self) -> Option<u64> {
        self.begins.as_ref().ok().map(|begins| begins.sequence)
    }
}

/// One that does not begin whole has no frames: its first would be that of the next one.
fn with_first_sequences(heads: &[Head], next: u64) -> VecDeque<Segment> {
    let mut segments = VecDeque::with_capacity(heads.len());
    let mut first = next;
    for head in heads.iter().rev() {
        first = head.first().unwrap_or(first);
        segments.push_front(Segment { number: head.number, first });
    }
    segments
}

/// Why frames from the sequence `from` on are not there.
fn lacks(place: &Place, from: u64, heads: &[Head]) -> Error {
    let missing = match heads.first() {
        Some(Head { number, begins: Err(flaw) }) => {
            return damaged(place, *number, 0, flaw.to_string(), None);
        }
        Some(head @ Head { number, .. }) => format!(
            "{} begins with frame {}, and those from {from} on are needed",
            place.path(*number).display(),
            head.first().unwrap_or_default()
        ),
        None => format!("frames from {from} on are needed, and there is none"),
    };
    Error::LacksFile { directory: place.directory().display().to_string(), missing }
}

/// `cut_at` is where to cut the segment to go on without what is behind, if that is possible.
fn damaged(place: &Place, number: u64, offset: u64, found: String, cut_at: Option<u64>) -> Error {
    let file = place.path(number).display().to_string();
    let cure = match cut_at {
        Some(bytes) => format!(
            "bring back a copy of it; or, to go on without what is behind, cut it \
             (truncate -s {bytes} {file}) and move the files of higher numbers away"
        ),
        None => "bring back a copy of it, or give the job another directory to begin anew".into(),
    };
    Error::Damaged { file, offset, found, cure }
}

struct Recovery<'a, V> {
    place: &'a Place,
    from: u64,
    visit: V,
    next: u64,
    durable: u64,
    doubtful: Vec<Frame>,
    warnings: Vec<String>,
}

impl<V: FnMut(Frame) -> Result<()>> Recovery<'_, V> {
    /// Reads the segments from one that begins whole on.
    fn read(&mut self, mut heads: &[Head]) -> Result<()> {
        while let [head, behind @ ..] = heads {
            let headless = behind.iter().take_while(|head| head.first().is_none()).count();
            let (headless, whole) = behind.split_at(headless);
            match whole.first().and_then(Head::first) {
                Some(until) => self.read_followed(head, headless, until)?,
                None => {
                    self.read_last(head)?;
                    self.find_nothing_in(headless)?;
                }
            }
            heads = whole;
        }
        Ok(())
    }

    /// Reads a segment whose frames go on to those of another one, which begin with `until`.
    fn read_followed(&mut self, head: &Head, headless: &[Head], until: u64) -> Result<()> {
        let (frames, flaw) = self.read_segment(head, until)?;
        if frames.sequence() == until {
            return Ok(());
        }
        let (number, offset, found) = match (flaw, headless.first()) {
            (Some(flaw), _) => (head.number, frames.offset(), flaw.to_string()),
            (None, Some(Head { number, begins: Err(flaw) })) => (*number, 0, flaw.to_string()),
            (None, _) => {
                let found = format!(
                    "the next file begins with frame {until}, and this one ends before frame {}",
                    frames.sequence()
                );
                (head.number, frames.offset(), found)
            }
        };
        Err(damaged(self.place, number, offset, found, Some(offset)))
    }

    /// Reads the last segment, whose end may be something that was never durable.
    fn read_last(&mut self, head: &Head) -> Result<()> {
        let (frames, flaw) = self.read_segment(head, u64::MAX)?;
        let (next, offset) = (frames.sequence(), frames.offset());
        let found = flaw.map_or("the file ends".to_owned(), |flaw| flaw.to_string());
        let damaged = |witness: String, cut_at| {
            let found = format!("{found}, and {witness}");
            Err(damaged(self.place, head.number, offset, found, cut_at))
        };
        if self.from > next {
            return damaged(format!("frames up to {} were durable", self.from - 1), None);
        }
        if self.durable > next {
            let last = self.durable - 1;
            return damaged(format!("it had frames up to {last} when it got its name"), Some(0));
        }
        if flaw.is_some() {
            if let Some((at, later)) = frames.further_on().find(|(_, later)| later.synced > next) {
                let Frame { sequence, synced, .. } = later;
                let witness =
                    format!("frame {sequence} at byte {at} says that {synced} were durable");
                return damaged(witness, Some(offset));
            }
            self.warnings.push(format!(
                "{}: what is behind byte {offset} had not been synced, and is left out: {found}",
                self.place.path(head.number).display()
            ));
        }
        self.next = next;
        self.durable = self.durable.max(self.from);
        self.doubtful.retain(|frame| frame.sequence >= self.from);
        Ok(())
    }

    /// Reads the frames of a segment up to `until`, or up to where there is no whole one.
    fn read_segment(&mut self, head: &Head, until: u64) -> Result<(Frames, Option<Flaw>)> {
        let Head { number, begins } = head;
        let file = self.place.read(*number)?;
        let mut frames = Frames::of(file, &self.place.begin(*number))
            .map_err(|misfit| misfit.of(&self.place.path(*number), "start again"))?;
        self.durable = begins.as_ref().map_or(0, |begins| begins.synced);
        self.doubtful.clear();
        while frames.sequence() < until {
            match frames.next() {
                Ok(Some(frame)) => self.take(frame)?,
                Ok(None) => break,
                Err(flaw) => return Ok((frames, Some(flaw))),
            }
        }
        Ok((frames, None))
    }

    fn take(&mut self, frame: Frame) -> Result<()> {
        if frame.synced > self.durable {
            self.durable = frame.synced;
            self.doubtful.retain(|earlier| earlier.sequence >= frame.synced);
        }
        if frame.sequence >= self.durable {
            self.doubtful.push(frame.clone());
        }
        if frame.sequence >= self.from { (self.visit)(frame) } else { Ok(()) }
    }

    /// Makes sure that segments that do not begin whole have no frames.
    fn find_nothing_in(&mut self, headless: &[Head]) -> Result<()> {
        for Head { number, begins } in headless {
            let Err(flaw) = begins else { continue };
            let file = self.place.read(*number)?;
            let frames = Frames::of_headless(file, &self.place.begin(*number));
            if let Some((at, Frame { sequence, .. })) = frames.further_on().next() {
                let found = format!("{flaw}, and frame {sequence} at byte {at} is whole");
                return Err(damaged(self.place, *number, 0, found, Some(0)));
            }
            let file = self.place.path(*number);
            self.warnings.push(format!("{} has no frames, for: {flaw}", file.display()));
        }
        Ok(())
    }
}
