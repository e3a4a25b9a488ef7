//! What may be named at a replica: the directory of a job, and what lies in it.

use std::fmt::Write;

use crate::disk::TEMPORARY;

/// How many bytes the name of a directory may have.
pub(super) const MOST_DIRECTORY_BYTES: usize = 200;

/// How many bytes a name within it may have.
const MOST_NAME_BYTES: usize = 64;

/// How many files a directory may have.
pub(super) const MOST_FILES: usize = 65_536;

/// What holds a directory, and is nobody's to name.
pub(super) const LOCK: &str = "lock";

/// The directory of a job: its name, in which what could mean something to a file system is written in hex.
/// None for a name that is too long.
pub(super) fn directory_of(job: &str) -> Option<String> {
    let mut name = String::with_capacity(job.len());
    for byte in job.bytes() {
        match is_plain(byte) {
            true => name.push(char::from(byte)),
            false => write!(name, "%{byte:02X}").expect("a text takes what is written to it"),
        }
    }
    is_directory(&name).then_some(name)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// Whether a directory may have this name: it is no way to anywhere else.
pub(super) fn is_directory(name: &str) -> bool {
    (1..=MOST_DIRECTORY_BYTES).contains(&name.len())
        && name.bytes().all(|byte| is_plain(byte) || byte == b'%')
}

/// Whether a file or a directory within a job's may have this path: one or two plain names.
pub(super) fn is_path(path: &str) -> bool {
    let mut names = path.split('/');
    let first = names.next().is_some_and(is_name);
    let second = names.next().is_none_or(is_name);
    first && second && names.next().is_none() && path != LOCK
}

fn is_name(name: &str) -> bool {
    let is_fit = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    (1..=MOST_NAME_BYTES).contains(&name.len())
        && !name.starts_with('.')
        && !name.strip_suffix(TEMPORARY).is_some_and(|name| name.ends_with(TEMPORARY))
        && name.bytes().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_one_directory_and_it_is_a_plain_name() {
        assert_eq!(directory_of("word count"), Some("word%20count".to_owned()));
        assert_eq!(directory_of("../etc"), Some("%2E%2E%2Fetc".to_owned()));
        assert_eq!(directory_of("ü"), Some("%C3%BC".to_owned()));
        assert_eq!((directory_of(""), directory_of(&"x".repeat(201))), (None, None));
        assert!(["..", ".", "a/b", "", "a\0", "a b"].iter().all(|name| !is_directory(name)));
    }

    #[test]
    fn paths_lead_to_files_of_the_directory_and_nowhere_else() {
        let good = ["identity", "blocks/0000000000.log", "checkpoint-0000000001.tmp", "blocks"];
        assert!(good.iter().all(|path| is_path(path)));
        let bad = [
            "",
            "/",
            "/etc",
            "..",
            "../x",
            "blocks/..",
            "blocks/../x",
            "a/b/c",
            "a//b",
            "a/",
            "lock",
            ".hidden",
            "blocks/.x",
            "A",
            "a\\b",
            "a\0",
            "é",
            "a.tmp.tmp",
            "blocks/a.tmp.tmp",
            &"x".repeat(65),
        ];
        assert_eq!(bad.iter().find(|path| is_path(path)), None);
    }
}
