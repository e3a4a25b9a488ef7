//! Where a series is kept: in a folder of its own among all results, or in one that was named.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::store::Series;
use crate::machine::Machine;
use crate::outcome::refuse;
use crate::results::new_dated_folder;

/// The flags that say it.
#[derive(Args, Clone, Debug)]
pub struct Place {
    /// Where the result's folder is made
    #[arg(long, value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
    /// The folder to make, instead of one with a name of its own
    #[arg(long, value_name = "DIR")]
    pub into: Option<PathBuf>,
}

impl Place {
    /// Refuses a folder in which no series can begin, before anything runs.
    pub(crate) fn check(&self) {
        if let Some(into) = &self.into {
            Series::can_begin_in(into).unwrap_or_else(|reason| refuse(reason));
        }
    }

    /// The folder that was named, or one for a result of today that was not there.
    pub(crate) fn folder(&self, machine: &Machine, name: &str) -> Result<PathBuf> {
        match &self.into {
            Some(into) => Ok(into.clone()),
            None => new_dated_folder(&self.results, machine, name),
        }
    }

    /// The folder of results that it is one of, where no other one was named.
    pub(crate) fn among(&self) -> Option<&Path> {
        self.into.is_none().then_some(&self.results)
    }
}
