//! Brings a job's directory and the replica's together: what one lacks comes from the other.
//!
//! First it is found out what is to be done, and only where nothing speaks against it anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;

use super::broken::Broken;
use super::lives::{History, history};
use super::ours::{DIRECTORIES, begin_of, files_in};
use super::session::Held;
use super::sides::{Act, Apart, Sides};
use super::unite::{United, flaw_in, unite};
use crate::directory::{IDENTITY, LIVES, Life};
use crate::disk::TEMPORARY;
use crate::error::{Error, Result};
use crate::frame::{Begin, Misfit};

/// What the job has done with its files while it runs.
pub(super) struct Doing<'a> {
    /// The files that are open, by their numbers: their paths.
    pub(super) open: &'a BTreeMap<u64, String>,
    /// What was removed, and is not known to be gone for good there.
    pub(super) removed: &'a BTreeSet<String>,
    /// The start that this is, once it has noted itself.
    pub(super) life: Option<Life>,
}

impl Sides<'_> {
    /// At a start, when nobody has read or written anything yet. Answers what was found, in sentences.
    pub(super) fn at_start(mut self) -> Result<Vec<String>, Apart> {
        let (ours, theirs) = (files_in(self.disk, self.directory)?, self.list()?);
        let number = self.number(&ours, &theirs)?;
        let of_lives = self.lives_at_start(&ours, &theirs, number)?;
        let is_new_here = ours.is_empty();
        let doubtful = last_of_each_log(&theirs);
        let mut acts = Vec::new();
        for path in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            let act = match (ours.contains_key(path), theirs.get(path)) {
                _ if path == LIVES => None,
                (true, None) => Some(Act::Send { keep: 0, open: None }),
                (false, held) => Some(Act::Fetch { bytes: held.map_or(0, |held| held.bytes) }),
                (true, Some(held)) => self.compare(path, *held, number, doubtful.contains(path))?,
            };
            acts.extend(act.map(|act| (path.clone(), act)));
        }
        acts.extend(of_lives.map(|act| (LIVES.to_owned(), act)));
        let warnings = self.told(&acts, is_new_here);
        self.carry_out(acts)?;
        Ok(warnings)
    }

    /// While the job runs: only the replica's copy is changed.
    pub(super) fn while_running(mut self, doing: &Doing<'_>) -> Result<(), Apart> {
        let (ours, theirs) = (files_in(self.disk, self.directory)?, self.list()?);
        let number = self.number(&ours, &theirs)?;
        let of_lives = self.lives_while_running(&ours, &theirs, number, doing)?;
        let doubtful = last_of_each_log(&theirs);
        let open: BTreeMap<&str, u64> =
            doing.open.iter().map(|(number, path)| (path.as_str(), *number)).collect();
        let mut acts = Vec::new();
        for path in ours.keys().filter(|path| *path != LIVES) {
            let open = open.get(path.as_str()).copied();
            let act = match theirs.get(path) {
                None => Some(Act::Send { keep: 0, open }),
                Some(held) => {
                    let is_doubtful = open.is_some() || doubtful.contains(path);
                    match self.compare(path, *held, number, is_doubtful)? {
                        Some(Act::Send { keep, .. }) => Some(Act::Send { keep, open }),
                        Some(Act::Replace { here: true, .. }) => {
                            return Err(self.damaged(path).into());
                        }
                        Some(Act::Replace { .. }) if open.is_some() => {
                            Some(Act::Send { keep: 0, open })
                        }
                        other => other,
                    }
                }
            };
            acts.extend(act.map(|act| (path.clone(), act)));
        }
        // What is being written has no name yet.
        for (&number, path) in doing.open {
            if path.ends_with(TEMPORARY) {
                acts.push((path.clone(), Act::Send { keep: 0, open: Some(number) }));
            }
        }
        // What nothing needs any more goes once what needs it no more is there.
        let is_gone = |path: &&String| !ours.contains_key(*path) && doing.removed.contains(*path);
        acts.extend(theirs.keys().filter(is_gone).map(|path| (path.clone(), Act::Remove)));
        acts.extend(of_lives.map(|act| (LIVES.to_owned(), act)));
        self.carry_out(acts)
    }

    /// What is to be done with the lists of starts, of which one must be a beginning of the other: then whatever the
    /// shorter one's copy has, the longer one's has gone on from.
    fn lives_at_start(
        &mut self,
        ours: &BTreeMap<String, u64>,
        theirs: &BTreeMap<String, Held>,
        number: u64,
    ) -> Result<Option<Act>, Apart> {
        match (ours.contains_key(LIVES), theirs.contains_key(LIVES)) {
            (false, false) => return Ok(None),
            (true, false) => return Ok(Some(Act::Send { keep: 0, open: None })),
            (false, true) => return Ok(Some(Act::Fetch { bytes: theirs[LIVES].bytes })),
            (true, true) => {}
        }
        let (is_here, bytes) = (ours.contains_key(LIVES), theirs[LIVES].bytes);
        let (content, theirs, history) = self.histories(is_here, bytes, number)?;
        match history {
            History::One { united, is_whole_there, .. } => {
                let (here, there) = (united != content, united != theirs);
                Ok(match (here, there) {
                    (false, false) => None,
                    (false, true) if is_whole_there => Some(Act::Send { keep: 0, open: None }),
                    _ => Some(Act::Replace { content: united, here, there }),
                })
            }
            History::Damaged => Ok(None),
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

    /// The same while the job runs, whose copy has all starts: the replica's has another one only where somebody has
    /// gone on from it.
    fn lives_while_running(
        &mut self,
        ours: &BTreeMap<String, u64>,
        theirs: &BTreeMap<String, Held>,
        number: u64,
        doing: &Doing<'_>,
    ) -> Result<Option<Act>, Apart> {
        let is_list = |(_, path): &(&u64, &String)| path.as_str() == LIVES;
        let open = doing.open.iter().find(is_list).map(|(number, _)| *number);
        let send = Some(Act::Send { keep: 0, open });
        match (ours.contains_key(LIVES), theirs.contains_key(LIVES)) {
            (_, false) if ours.contains_key(LIVES) => return Ok(send),
            (_, false) => return Ok(None),
            (false, true) if doing.life.is_none() => return Err(self.gone_on().into()),
            _ => {}
        }
        let (is_here, bytes) = (ours.contains_key(LIVES), theirs[LIVES].bytes);
        let (content, theirs, history) = self.histories(is_here, bytes, number)?;
        match history {
            History::Apart { .. } => Err(self.gone_on().into()),
            History::One { last_there, .. }
                if doing.life.is_some_and(|life| last_there > Some(life.number)) =>
            {
                Err(self.gone_on().into())
            }
            History::One { united, is_whole_here: true, .. } if united != content => {
                Err(self.gone_on().into())
            }
            History::One { united, .. } if united != content => Err(self.damaged(LIVES).into()),
            History::One { united, .. } => Ok(send.filter(|_| united != theirs || open.is_some())),
            History::Damaged => Ok(None),
        }
    }

    /// The lists there and, where there is one, here, and what they come to.
    fn histories(
        &mut self,
        is_here: bool,
        bytes_there: u64,
        number: u64,
    ) -> Result<(Bytes, Bytes, History), Apart> {
        let expected = begin_of(LIVES, self.job, number).expect("it is a durable file");
        let ours = match is_here {
            true => Bytes::from(self.with_file(LIVES, |content| content)?),
            false => Bytes::new(),
        };
        let theirs = Bytes::from(self.session.read(LIVES, bytes_there, self.given_up)?);
        match history(&ours, &theirs, &expected) {
            Ok(history) => Ok((ours, theirs, history)),
            Err(misfit) => Err(self.foreign(LIVES, misfit).into()),
        }
    }

    pub(super) fn gone_on(&self) -> Error {
        Error::GoneOnElsewhere { copy: self.there.to_owned() }
    }

    fn list(&mut self) -> Result<BTreeMap<String, Held>, Broken> {
        let mut held = self.session.list(self.given_up)?;
        held.retain(|path, _| begin_of(path, self.job, 0).is_some());
        Ok(held)
    }

    /// The number of the directory, which both must have, where either has any. A damaged identity serves nobody,
    /// and is taken for one that is not there where the other side has it.
    fn number(
        &mut self,
        ours: &BTreeMap<String, u64>,
        theirs: &BTreeMap<String, Held>,
    ) -> Result<u64, Apart> {
        let place = self.directory.join(IDENTITY);
        let here = match ours.contains_key(IDENTITY) {
            true => Some(self.with_file(IDENTITY, |content| content)?),
            false => None,
        };
        let there = match theirs.get(IDENTITY) {
            Some(held) => Some(self.session.read(IDENTITY, held.bytes, self.given_up)?),
            None => None,
        };
        let here = here.map(|bytes| self.identity(bytes, &place.display().to_string()));
        let there = there.map(|bytes| self.identity(bytes, &format!("{}/{IDENTITY}", self.there)));
        match (here.transpose()?.flatten(), there.transpose()?.flatten()) {
            (Some(here), Some(there)) if here != there => Err(Apart::Here(Error::Foreign {
                file: self.directory.display().to_string(),
                reason: format!(
                    "and {} are directories of two jobs of the name {:?}",
                    self.there, self.job
                ),
                cure: "move the one away that does not count, or give the job another name",
            })),
            (Some(number), _) | (None, Some(number)) => Ok(number),
            // Nothing of either can be held against the other: whoever reads them says what is wrong.
            (None, None) if ours.is_empty() || theirs.is_empty() => Ok(0),
            (None, None) => Err(Apart::Here(Error::Foreign {
                file: self.directory.display().to_string(),
                reason: format!("and {} have files, and no {IDENTITY:?} that is whole", self.there),
                cure: "bring one back, or move both away to begin anew",
            })),
        }
    }

    /// The number in an identity; none where that is damaged.
    fn identity(&self, bytes: Vec<u8>, file: &str) -> Result<Option<u64>, Apart> {
        let expect = |found: &Begin| {
            let expected = begin_of(IDENTITY, self.job, found.directory);
            expected.map_or(Ok(()), |expected| found.expect(&expected))
        };
        match Begin::read(&bytes.into()).and_then(|found| expect(&found.begin).map(|()| found)) {
            Ok(found) => Ok(Some(found.begin.directory)),
            Err(Misfit::Damaged(_)) => Ok(None),
            Err(foreign) => Err(foreign.of(Path::new(file), "").into()),
        }
    }

    /// What is to be done with a file that both have.
    fn compare(
        &mut self,
        path: &str,
        held: Held,
        number: u64,
        is_doubtful: bool,
    ) -> Result<Option<Act>, Apart> {
        let expected = begin_of(path, self.job, number).expect("only such files are listed");
        let (content, is_longer) = self.with_file(path, |content| {
            let content = Bytes::from(content);
            let is_longer = is_begun(&content, held, &expected);
            (content, is_longer)
        })?;
        if let Some(is_longer) = is_longer.map_err(|misfit| self.foreign(path, misfit))? {
            let send = Act::Send { keep: held.bytes, open: None };
            return Ok((is_longer || is_doubtful).then_some(send));
        }
        let theirs = Bytes::from(self.session.read(path, held.bytes, self.given_up)?);
        match self.at_it(|| unite(&content, &theirs, &expected))? {
            Ok(United::Whole(united)) => {
                let (here, there) = (united != content, united != theirs);
                Ok(Some(Act::Replace { content: united, here, there }))
            }
            Ok(United::Damaged { united, here, there }) => {
                Ok((here || there).then_some(Act::Replace { content: united, here, there }))
            }
            Ok(United::Apart { offset }) => Err(Apart::Here(Error::Foreign {
                file: self.directory.join(path).display().to_string(),
                reason: format!(
                    "and {}/{path} are different from byte {offset} on: each was gone on with without the other",
                    self.there
                ),
                cure: "move the directory away that does not count",
            })),
            Err(misfit) => Err(self.foreign(path, misfit).into()),
        }
    }

    fn foreign(&self, path: &str, misfit: Misfit) -> Error {
        misfit.of(&self.directory.join(path), "")
    }

    fn damaged(&self, path: &str) -> Error {
        Error::Damaged {
            file: self.directory.join(path).display().to_string(),
            offset: 0,
            found: format!("it is not what was written, and {}/{path} is", self.there),
            cure: "start the job again, which takes it from there".to_owned(),
        }
    }

    /// What is worth saying of what is to be done.
    fn told(&self, acts: &[(String, Act)], is_new_here: bool) -> Vec<String> {
        let (here, there) = (self.directory.display(), self.there);
        let fetched: Vec<&str> = acts
            .iter()
            .filter(|(_, act)| matches!(act, Act::Fetch { .. }))
            .map(|(path, _)| path.as_str())
            .collect();
        let mut told = Vec::new();
        match (fetched.first(), is_new_here) {
            (Some(_), true) => told.push(format!(
                "{here} is empty, and its {} files are taken from the copy in {there}",
                fetched.len()
            )),
            (Some(first), false) => told.push(format!(
                "{here} lacks {} files ({first} is the first), which are taken from the copy in {there}",
                fetched.len()
            )),
            (None, _) => {}
        }
        for (path, act) in acts {
            if let Act::Replace { here: is_here, there: is_there, .. } = act {
                let which = match (is_here, is_there) {
                    (true, true) => format!(
                        "{here}/{path} and {there}/{path} are damaged, or end early, at different places"
                    ),
                    (true, false) => format!(
                        "{here}/{path} is damaged, ends early, or has an end that was never durable"
                    ),
                    (false, _) => {
                        format!("{there}/{path} is damaged, or has an end that was never durable")
                    }
                };
                told.push(format!(
                    "{which}; it is replaced by what is whole in both copies together"
                ));
            }
        }
        told
    }
}

/// Whether the replica has a beginning of a file, and what comes behind that is whole: then whether anything comes.
fn is_begun(content: &Bytes, held: Held, expected: &Begin) -> Result<Option<bool>, Misfit> {
    let begins = usize::try_from(held.bytes).ok().and_then(|bytes| content.get(..bytes));
    if begins.is_none_or(|begins| blake3::hash(begins) != held.hash) {
        return Ok(None);
    }
    let is_longer = content.len() as u64 > held.bytes;
    Ok((!is_longer || flaw_in(content, expected)?.is_none()).then_some(is_longer))
}

/// The last file of each log: nobody has said yet that all that is in it is durable.
fn last_of_each_log(files: &BTreeMap<String, Held>) -> BTreeSet<String> {
    let last =
        |log: &&str| files.keys().rfind(|path| path.starts_with(&format!("{log}/"))).cloned();
    DIRECTORIES.iter().filter_map(last).collect()
}
