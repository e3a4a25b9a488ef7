//! Brings a job's directory and the replica's together: what one lacks comes from the other.
//!
//! First it is found out what is to be done, and only where nothing speaks against it anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bytes::Bytes;

use super::broken::Broken;
use super::doing::Doing;
use super::ours::{DIRECTORIES, begin_of, files_in};
use super::session::Held;
use super::sides::{Act, Apart, Sent, Sides, Why};
use super::starts::Lead;
use super::unite::{United, flaw_in, unite};
use crate::directory::{IDENTITY, LIVES};
use crate::error::{Error, Result};
use crate::frame::{Begin, Misfit};

impl Sides<'_> {
    /// At a start, when nobody has read or written anything yet. Answers what was found, in sentences.
    pub(super) fn at_start(mut self) -> Result<Vec<String>, Apart> {
        let (ours, theirs) = (files_in(self.disk, self.directory)?, self.list()?);
        let number = self.number(&ours, &theirs)?;
        let has_list = ours.contains_key(LIVES);
        let (of_lives, lead) = self.lives_at_start(has_list, theirs.get(LIVES), number)?;
        let is_new_here = ours.is_empty();
        let doubtful = last_of_each_log(&theirs);
        let mut acts = Vec::new();
        for path in ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>() {
            let act = match (ours.contains_key(path), theirs.get(path)) {
                _ if path == LIVES => None,
                (true, None) => Some(Act::Send(Sent::default())),
                (false, held) => {
                    let bytes = held.map_or(0, |held| held.bytes);
                    Some(Act::Fetch { bytes, why: Why::Lacking })
                }
                (true, Some(held)) => match self.undamaged(path)? {
                    Some(content) => {
                        let is_doubtful = doubtful.contains(path);
                        self.compare(path, &content, *held, number, is_doubtful, lead)?
                    }
                    None => Some(Act::Fetch { bytes: held.bytes, why: Why::Unreadable }),
                },
            };
            acts.extend(act.map(|act| (path.clone(), act)));
        }
        acts.extend(of_lives.map(|act| (LIVES.to_owned(), act)));
        let warnings = self.told(&acts, is_new_here);
        self.carry_out(acts)?;
        Ok(warnings)
    }

    /// While the job runs: only the replica's copy is changed. Answers what was found, in sentences.
    pub(super) fn while_running(mut self, doing: &Doing) -> Result<Vec<String>, Apart> {
        let (ours, theirs) = (files_in(self.disk, self.directory)?, self.list()?);
        let number = self.number(&ours, &theirs)?;
        let has_list = ours.contains_key(LIVES);
        let of_lives = self.lives_while_running(has_list, theirs.get(LIVES), number, doing)?;
        let doubtful = last_of_each_log(&theirs);
        let mut acts = Vec::new();
        for path in ours.keys().filter(|path| *path != LIVES) {
            let sent = doing.sent(path, self.job, number);
            // All that this start has written is answered for from then on.
            let content = self.content_of(path, sent.written.as_ref())?;
            let act = match theirs.get(path) {
                None => Some(Act::Send(sent)),
                Some(held) => {
                    let is_doubtful = sent.open.is_some() || doubtful.contains(path);
                    match self.compare(path, &content, *held, number, is_doubtful, None)? {
                        Some(Act::Send(Sent { keep, why, .. })) => {
                            Some(Act::Send(Sent { keep, why, ..sent }))
                        }
                        Some(Act::Replace { here: true, .. }) => {
                            let found =
                                format!("it is not what was written, and {}/{path} is", self.there);
                            return Err(self.damaged(path, 0, found).into());
                        }
                        Some(Act::Replace { .. }) if sent.open.is_some() => Some(Act::Send(sent)),
                        // Nothing more may be appended here alone.
                        None if sent.open.is_some() => {
                            let found =
                                format!("it is whole here no more than in {}/{path}", self.there);
                            return Err(self.damaged(path, 0, found).into());
                        }
                        other => other,
                    }
                }
            };
            acts.extend(act.map(|act| (path.clone(), act)));
        }
        for path in doing.without_a_name() {
            acts.push((path.to_owned(), Act::Send(doing.sent(path, self.job, number))));
        }
        // What nothing needs any more goes once what needs it no more is there.
        let is_gone = |path: &&String| !ours.contains_key(*path) && doing.has_removed(path);
        acts.extend(theirs.keys().filter(is_gone).map(|path| (path.clone(), Act::Remove)));
        acts.extend(of_lives.map(|act| (LIVES.to_owned(), act)));
        let warnings = self.told(&acts, false);
        self.carry_out(acts)?;
        Ok(warnings)
    }

    fn list(&mut self) -> Result<BTreeMap<String, Held>, Broken> {
        let mut held = self.session.list(self.given_up)?;
        held.retain(|path, _| begin_of(path, self.job, 0).is_some());
        self.progress.there_was_nothing |= held.is_empty();
        Ok(held)
    }

    /// The number of the directory, which both must have, where either has any. An identity that is damaged, or cannot
    /// be read, serves nobody, and is taken for one that is not there where the other side has it.
    fn number(
        &mut self,
        ours: &BTreeMap<String, u64>,
        theirs: &BTreeMap<String, Held>,
    ) -> Result<u64, Apart> {
        let place = self.directory.join(IDENTITY);
        let here = match ours.contains_key(IDENTITY) {
            true => self.undamaged(IDENTITY)?,
            false => None,
        };
        let there = match theirs.get(IDENTITY) {
            Some(Held { bytes, hash: Some(_) }) => {
                Some(self.session.read(IDENTITY, *bytes, self.given_up)?.into())
            }
            _ => None,
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
    fn identity(&self, bytes: Bytes, file: &str) -> Result<Option<u64>, Apart> {
        let expect = |found: &Begin| {
            let expected = begin_of(IDENTITY, self.job, found.directory);
            expected.map_or(Ok(()), |expected| found.expect(&expected))
        };
        match Begin::read(&bytes).and_then(|found| expect(&found.begin).map(|()| found)) {
            Ok(found) => Ok(Some(found.begin.directory)),
            Err(Misfit::Damaged(_)) => Ok(None),
            Err(foreign) => Err(foreign.of(Path::new(file), "").into()),
        }
    }

    /// What is to be done with a file that both have.
    fn compare(
        &mut self,
        path: &str,
        content: &Bytes,
        held: Held,
        number: u64,
        is_doubtful: bool,
        lead: Option<Lead>,
    ) -> Result<Option<Act>, Apart> {
        if held.hash.is_none() {
            return Ok(Some(Act::Send(Sent { why: Why::Unreadable, ..Sent::default() })));
        }
        let expected = begin_of(path, self.job, number).expect("only such files are listed");
        let is_longer = self.at_it(|| is_begun(content, held, &expected))?;
        if let Some(is_longer) = is_longer.map_err(|misfit| self.foreign(path, misfit))? {
            let send = Act::Send(Sent { keep: Some(held), ..Sent::default() });
            return Ok((is_longer || is_doubtful).then_some(send));
        }
        let theirs = Bytes::from(self.session.read(path, held.bytes, self.given_up)?);
        match self.at_it(|| unite(content, &theirs, &expected))? {
            Ok(United::Whole(united)) => {
                let (here, there) = (united != *content, united != theirs);
                Ok(Some(Act::Replace { content: united, here, there }))
            }
            Ok(United::Damaged { united, here, there }) => {
                Ok((here || there).then_some(Act::Replace { content: united, here, there }))
            }
            // What the other one has at this place it has alone, so that nobody was answered for it.
            Ok(United::Apart { offset }) => match lead {
                Some(Lead::Here) => {
                    Ok(Some(Act::Send(Sent { why: Why::GoneOn, ..Sent::default() })))
                }
                Some(Lead::There) => Ok(Some(Act::Fetch { bytes: held.bytes, why: Why::GoneOn })),
                None => Err(Apart::Here(Error::Foreign {
                    file: self.directory.join(path).display().to_string(),
                    reason: format!(
                        "and {}/{path} are different from byte {offset} on: each was gone on with without the other",
                        self.there
                    ),
                    cure: "move the directory away that does not count",
                })),
            },
            Err(misfit) => Err(self.foreign(path, misfit).into()),
        }
    }

    pub(super) fn foreign(&self, path: &str, misfit: Misfit) -> Error {
        misfit.of(&self.directory.join(path), "")
    }

    /// What is worth saying of what is to be done.
    fn told(&self, acts: &[(String, Act)], is_new_here: bool) -> Vec<String> {
        let (here, there) = (self.directory.display(), self.there);
        let fetched: Vec<&str> = acts
            .iter()
            .filter(|(_, act)| matches!(act, Act::Fetch { why: Why::Lacking, .. }))
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
            let (ours, theirs) = (format!("{here}/{path}"), format!("{there}/{path}"));
            let replaced = |why, file, by| match why {
                Why::Lacking => None,
                Why::Unreadable => Some(format!("{file} cannot be read, and is replaced by {by}")),
                Why::GoneOn => Some(format!(
                    "{file} is another one than {by}, which was gone on with later, and is replaced by it"
                )),
            };
            told.extend(match act {
                Act::Fetch { why, .. } => replaced(*why, &ours, &theirs),
                Act::Send(sent) => replaced(sent.why, &theirs, &ours),
                Act::Replace { here, there, .. } => {
                    let which = match (here, there) {
                        // Most likely the starts went on from one copy alone.
                        (true, false) if path == LIVES => format!("{ours} lacks starts that {theirs} has"),
                        (false, _) if path == LIVES => format!("{theirs} lacks starts that {ours} has"),
                        (true, true) => {
                            format!("{ours} and {theirs} are damaged, or end early, at different places")
                        }
                        (true, false) => {
                            format!("{ours} is damaged, ends early, or has an end that was never durable")
                        }
                        (false, _) => {
                            format!("{theirs} is damaged, or has an end that was never durable")
                        }
                    };
                    Some(format!(
                        "{which}; it is replaced by what is whole in both copies together"
                    ))
                }
                Act::Remove => None,
            });
        }
        told
    }
}

/// Whether the replica has a beginning of a file, and what comes behind that is whole: then whether anything comes.
fn is_begun(content: &Bytes, held: Held, expected: &Begin) -> Result<Option<bool>, Misfit> {
    if !held.begins(content) {
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
