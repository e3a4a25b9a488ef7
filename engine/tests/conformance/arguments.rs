//! What libtest's own flags ask for, where the runner's library knows less: any number of filters,
//! and flags by their newer names.

use std::ffi::OsString;

use libtest_mimic::Arguments;

/// Flags that are followed by a value.
const WITH_A_VALUE: [&str; 6] =
    ["--test-threads", "--skip", "--format", "--color", "--logfile", "-Z"];

pub(crate) struct Asked {
    pub(crate) arguments: Arguments,
    filters: Vec<String>,
}

impl Asked {
    pub(crate) fn of(command: impl IntoIterator<Item = OsString>) -> Asked {
        let mut command = command.into_iter();
        let mut flags: Vec<OsString> = command.next().into_iter().collect();
        let mut filters = Vec::new();
        while let Some(argument) = command.next() {
            match argument.to_str() {
                Some("--no-capture") => flags.push("--nocapture".into()),
                Some(flag) if WITH_A_VALUE.contains(&flag) => {
                    flags.push(argument);
                    flags.extend(command.next());
                }
                Some(filter) if !filter.starts_with('-') => filters.push(filter.to_owned()),
                _ => flags.push(argument),
            }
        }
        Asked { arguments: Arguments::from_iter(flags), filters }
    }

    /// Whether a filter lets a test of this name through; all do where there is no filter.
    pub(crate) fn lets_through(&self, name: &str) -> bool {
        let through = |filter: &String| match self.arguments.exact {
            true => name == filter,
            false => name.contains(filter.as_str()),
        };
        self.filters.is_empty() || self.filters.iter().any(through)
    }
}
