//! What is to be done with the lists of starts of both copies, of which one must be a beginning of the other.

use std::cmp::Ordering;

use bytes::Bytes;

use super::doing::Doing;
use super::lives::{History, history};
use super::ours::begin_of;
use super::session::Held;
use super::sides::{Act, Apart, Sent, Sides, Why};
use crate::directory::{LIVES, Life};
use crate::error::Error;

/// Which copy was gone on with later: it has all the starts of the other, and more.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lead {
    Here,
    There,
}

impl Sides<'_> {
    /// At a start: whatever the copy with the shorter list has, the other one has gone on from.
    pub(super) fn lives_at_start(
        &mut self,
        is_here: bool,
        held: Option<&Held>,
        number: u64,
    ) -> Result<(Option<Act>, Option<Lead>), Apart> {
        let held = match (is_here, held) {
            (false, None) => return Ok((None, None)),
            (true, None) => return Ok((Some(Act::Send(Sent::default())), None)),
            (false, Some(held)) => {
                let fetch = Act::Fetch { bytes: held.bytes, why: Why::Lacking };
                return Ok((Some(fetch), None));
            }
            (true, Some(held)) => *held,
        };
        let (content, theirs, history) = self.histories(true, held, number)?;
        match history {
            History::One { united, is_whole_there, last_here, last_there } => {
                let (here, there) = (united != content, united != theirs);
                let act = match (here, there) {
                    (false, false) => None,
                    (false, true) if is_whole_there => Some(Act::Send(Sent::default())),
                    _ => Some(Act::Replace { content: united, here, there }),
                };
                let lasts = last_here.zip(last_there).map(|(h, t)| (h.number, t.number));
                let lead = lasts.and_then(|(here, there)| match here.cmp(&there) {
                    Ordering::Less => Some(Lead::There),
                    Ordering::Equal => None,
                    Ordering::Greater => Some(Lead::Here),
                });
                Ok((act, lead))
            }
            History::Damaged => Ok((None, None)),
            History::Apart { number } => Err(Apart::Here(Error::Foreign {
                file: self.directory.join(LIVES).display().to_string(),
                reason: format!(
                    "and {}/{LIVES} have other starts from number {number} on: each copy was gone on with without \
                     the other",
                    self.there
                ),
                cure: "move the directory away that does not count",
            })),
        }
    }

    /// While the job runs its copy has all starts: the replica's has another one only where somebody has gone on from
    /// it.
    pub(super) fn lives_while_running(
        &mut self,
        is_here: bool,
        held: Option<&Held>,
        number: u64,
        doing: &Doing,
    ) -> Result<Option<Act>, Apart> {
        let sent = doing.sent(LIVES, self.job, number);
        let is_open = sent.open.is_some();
        let Some(held) = held else { return Ok(is_here.then_some(Act::Send(sent))) };
        let (content, theirs, history) = self.histories(is_here, *held, number)?;
        let (united, last_here, last_there) = match history {
            History::One { united, last_here, last_there, .. } => (united, last_here, last_there),
            History::Apart { .. } => return Err(self.gone_on()),
            History::Damaged => return Ok(None),
        };
        // This start is the last one, whether it stands in the list already or not.
        if is_gone_on(last_there, doing.life.or(last_here)) {
            return Err(self.gone_on());
        }
        if united != content {
            let found = format!("it is not what was written, and {}/{LIVES} is", self.there);
            return Err(self.damaged(LIVES, 0, found).into());
        }
        Ok((united != theirs || is_open).then_some(Act::Send(sent)))
    }

    /// The lists there and, where there is one, here, and what they come to. One that cannot be read says nothing.
    fn histories(
        &mut self,
        is_here: bool,
        held: Held,
        number: u64,
    ) -> Result<(Bytes, Bytes, History), Apart> {
        let expected = begin_of(LIVES, self.job, number).expect("it is a durable file");
        let ours = match is_here {
            true => self.undamaged(LIVES)?.unwrap_or_default(),
            false => Bytes::new(),
        };
        let theirs = match held.hash {
            Some(_) => Bytes::from(self.session.read(LIVES, held.bytes, self.given_up)?),
            None => Bytes::new(),
        };
        match history(&ours, &theirs, &expected) {
            Ok(history) => Ok((ours, theirs, history)),
            Err(misfit) => Err(self.foreign(LIVES, misfit).into()),
        }
    }

    fn gone_on(&self) -> Apart {
        Apart::Here(Error::GoneOnElsewhere { copy: self.there.to_owned() })
    }
}

/// Whether the last start `there` is another one than the last that is known, in its place or behind it.
fn is_gone_on(there: Option<Life>, last: Option<Life>) -> bool {
    there.is_some_and(|there| {
        last.is_none_or(|last| match there.number.cmp(&last.number) {
            Ordering::Less => false,
            Ordering::Equal => there.id != last.id,
            Ordering::Greater => true,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_gone_on_with_where_its_last_start_is_another_one() {
        let life = |number, id| Some(Life { number, id: [id; 16] });
        assert!(!is_gone_on(None, None) && !is_gone_on(None, life(3, 3)));
        assert!(is_gone_on(life(0, 1), None), "nobody here has noted it");
        assert!(!is_gone_on(life(2, 2), life(3, 3)), "it is not there yet");
        assert!(!is_gone_on(life(3, 3), life(3, 3)));
        assert!(is_gone_on(life(3, 9), life(3, 3)));
        assert!(is_gone_on(life(4, 9), life(3, 3)));
    }
}
