//! A control group with a limit of memory, of either version of the interface.
//!
//! In the second version a group that hands a controller on to the groups below it has no processes of its own, but
//! for the root. So a group for one's part is made where memory is handed on already: below the group that this
//! process is in, or beside it; or where it can be handed on: below the root, or once this process, if it is alone
//! in its group, has moved aside.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::stderr;

/// Where control groups are.
const ROOT: &str = "/sys/fs/cgroup";

/// Whoever has just ended may be in a group a little longer.
const TO_BE_EMPTY: Duration = Duration::from_millis(500);

/// How often it is looked whether a group is empty.
const LOOKED_EVERY: Duration = Duration::from_millis(10);

/// What a group hands on to those below it, in the second version.
const HANDED_ON: &str = "cgroup.subtree_control";

/// Who is in a group.
const MEMBERS: &str = "cgroup.procs";

/// A group that nobody else is in, which goes when this is dropped.
#[derive(Debug)]
pub(super) struct MemoryGroup {
    directory: PathBuf,
    files: &'static Files,
    /// Where this process has moved aside for it.
    aside: Option<Aside>,
}

/// What the files of a group are called.
#[derive(Debug)]
struct Files {
    limit: &'static str,
    peak: &'static str,
    /// The limit of memory and swap together, or of swap alone.
    swap: Swap,
    /// Where it is told how many processes the limit has ended.
    events: &'static str,
}

/// How it is said that nothing is to be swapped.
#[derive(Debug)]
enum Swap {
    /// The limit of both together.
    AndMemory(&'static str),
    /// The limit of swap.
    Alone(&'static str),
}

const FIRST: Files = Files {
    limit: "memory.limit_in_bytes",
    peak: "memory.max_usage_in_bytes",
    swap: Swap::AndMemory("memory.memsw.limit_in_bytes"),
    events: "memory.oom_control",
};
const SECOND: Files = Files {
    limit: "memory.max",
    peak: "memory.peak",
    swap: Swap::Alone("memory.swap.max"),
    events: "memory.events",
};

impl MemoryGroup {
    /// A new group of this limit, without swap. It takes the right to make one.
    pub(super) fn make(limit_bytes: u64) -> Result<Self> {
        let own = fs::read_to_string("/proc/self/cgroup").context("this process's group")?;
        MemoryGroup::make_in(Path::new(ROOT), &own, limit_bytes)
    }

    /// The same where groups are in `root`, and this process is in those of `own`, which has the form of
    /// `/proc/self/cgroup`.
    fn make_in(root: &Path, own: &str, limit_bytes: u64) -> Result<Self> {
        let name = format!("bench-suite-{}", std::process::id());
        let group = match place_of(root, own) {
            Place::First(own) => MemoryGroup::below(&own, &name, &FIRST, None)?,
            Place::Second { root, own } => in_second(&root, &own, &name)?,
        };
        group.write(group.files.limit, &limit_bytes.to_string())?;
        let (file, swap) = match group.files.swap {
            Swap::AndMemory(file) => (file, limit_bytes.to_string()),
            Swap::Alone(file) => (file, "0".to_owned()),
        };
        match group.write(file, &swap) {
            // A system that does not count swap by group has no such file.
            Err(_) if !group.directory.join(file).exists() => {}
            written => written?,
        }
        Ok(group)
    }

    fn below(
        parent: &Path,
        name: &str,
        files: &'static Files,
        aside: Option<Aside>,
    ) -> Result<Self> {
        let directory = parent.join(name);
        fs::create_dir(&directory).with_context(|| directory.display().to_string())?;
        Ok(MemoryGroup { directory, files, aside })
    }

    /// Where it is.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file to which a process writes its id to be in it.
    pub(super) fn members(&self) -> PathBuf {
        self.directory.join(MEMBERS)
    }

    /// The most memory that it ever had, with what the kernel keeps of files and takes back; nothing where the
    /// system does not keep that.
    pub(super) fn peak_bytes(&self) -> Option<u64> {
        self.read(self.files.peak)?.trim().parse().ok()
    }

    /// How many of its processes were ended because it had reached its limit; nothing where the system does not
    /// count them.
    pub(super) fn killed(&self) -> Option<u64> {
        let events = self.read(self.files.events)?;
        events.lines().find_map(|line| line.strip_prefix("oom_kill "))?.trim().parse().ok()
    }

    fn read(&self, file: &str) -> Option<String> {
        fs::read_to_string(self.directory.join(file)).ok()
    }

    fn write(&self, file: &str, value: &str) -> Result<()> {
        write(&self.directory.join(file), value)
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        if let Err(e) = removed(&self.directory) {
            stderr::tell(format_args!("{} is left over: {e}", self.directory.display()));
        }
        drop(self.aside.take());
    }
}

/// This process in a group below its own, where it moves back to when this is dropped.
#[derive(Debug)]
struct Aside {
    own: PathBuf,
    directory: PathBuf,
}

impl Aside {
    /// Moves there, if nobody else is in this process's group, and has that hand memory on.
    fn step(own: &Path, name: &str) -> Result<Self> {
        let members = own.join(MEMBERS);
        let text = fs::read_to_string(&members).with_context(|| members.display().to_string())?;
        let this = std::process::id().to_string();
        if text.lines().any(|member| member.trim() != this) {
            bail!("others are in {} too", own.display());
        }
        let directory = own.join(format!("{name}-aside"));
        fs::create_dir(&directory).with_context(|| directory.display().to_string())?;
        let aside = Aside { own: own.to_path_buf(), directory };
        write(&aside.directory.join(MEMBERS), &this)?;
        write(&own.join(HANDED_ON), "+memory")?;
        Ok(aside)
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let back = write(&self.own.join(HANDED_ON), "-memory")
            .and_then(|()| write(&self.own.join(MEMBERS), &std::process::id().to_string()))
            .and_then(|()| Ok(removed(&self.directory)?));
        if let Err(e) = back {
            stderr::tell(format_args!("{} is left over: {e:#}", self.directory.display()));
        }
    }
}

/// The group of this process that limits memory.
enum Place {
    First(PathBuf),
    Second { root: PathBuf, own: PathBuf },
}

/// The group that this process is in, or the root where that is not to be seen from here.
fn place_of(root: &Path, own: &str) -> Place {
    let first = own.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|controller| controller == "memory").then_some(path)
    });
    let within = |root: &Path, path: &str| {
        let group = root.join(path.trim_start_matches('/'));
        if group.is_dir() { group } else { root.to_path_buf() }
    };
    match first {
        Some(path) => Place::First(within(&root.join("memory"), path)),
        None => {
            let path = own.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
            Place::Second { root: root.to_path_buf(), own: within(root, path) }
        }
    }
}

/// A group of the second version, where memory is handed on or can be.
fn in_second(root: &Path, own: &Path, name: &str) -> Result<MemoryGroup> {
    let hands_on = |group: &Path| {
        let handed_on = fs::read_to_string(group.join(HANDED_ON)).unwrap_or_default();
        handed_on.split_whitespace().any(|controller| controller == "memory")
    };
    let around = own.parent().filter(|_| own != root);
    let mut in_vain = Vec::new();
    for parent in [Some(own), around].into_iter().flatten().filter(|group| hands_on(group)) {
        match MemoryGroup::below(parent, name, &SECOND, None) {
            Ok(group) => return Ok(group),
            Err(e) => in_vain.push(format!("{e:#}")),
        }
    }
    // The root, which alone may have processes beside.
    match write(&own.join(HANDED_ON), "+memory") {
        Ok(()) if hands_on(own) => return MemoryGroup::below(own, name, &SECOND, None),
        Ok(()) => {}
        Err(e) => in_vain.push(format!("{e:#}")),
    }
    match Aside::step(own, name) {
        Ok(aside) => MemoryGroup::below(own, name, &SECOND, Some(aside)),
        Err(e) => {
            in_vain.push(format!("{e:#}"));
            Err(anyhow!(in_vain.join("; ")))
        }
    }
}

fn write(path: &Path, value: &str) -> Result<()> {
    fs::write(path, value).with_context(|| path.display().to_string())
}

/// Removes a group once nobody is in it.
fn removed(directory: &Path) -> io::Result<()> {
    let mut waited = Duration::ZERO;
    loop {
        match fs::remove_dir(directory) {
            Err(e) if e.kind() == io::ErrorKind::ResourceBusy && waited < TO_BE_EMPTY => {
                sleep(LOOKED_EVERY);
                waited += LOOKED_EVERY;
            }
            removed => return removed,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const LIMIT: u64 = 1000;

    /// A folder that looks like groups: each with what is in its files.
    fn groups(of: &[(&str, &[(&str, &str)])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (group, files) in of {
            let directory = root.path().join(group);
            fs::create_dir_all(&directory).unwrap();
            for (file, text) in *files {
                fs::write(directory.join(file), text).unwrap();
            }
        }
        root
    }

    fn this() -> String {
        std::process::id().to_string()
    }

    fn name() -> String {
        format!("bench-suite-{}", std::process::id())
    }

    /// What is written in a group, whose files then go, as the system's do with a group.
    fn emptied(directory: &Path) -> BTreeMap<String, String> {
        let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
        let files = entries.filter(|entry| entry.metadata().unwrap().is_file());
        let of = |entry: fs::DirEntry| {
            let text = fs::read_to_string(entry.path()).unwrap();
            fs::remove_file(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        };
        files.map(of).collect()
    }

    fn is_limited(directory: &Path) {
        let files = emptied(directory);
        let of = |file: &str| files.get(file).map(String::as_str);
        assert_eq!((of("memory.max"), of("memory.swap.max")), (Some("1000"), Some("0")));
    }

    #[test]
    fn in_the_first_version_it_lies_below_and_swap_counts_as_memory() {
        let root = groups(&[("memory/a/b", &[])]);
        let own = "5:cpu:/x\n4:cpuset,memory:/a/b\n0::/\n";
        let group = MemoryGroup::make_in(root.path(), own, LIMIT).unwrap();
        assert_eq!(group.directory(), root.path().join("memory/a/b").join(name()));
        fs::write(group.directory().join("memory.oom_control"), "under_oom 0\noom_kill 2\n")
            .unwrap();
        fs::write(group.directory().join("memory.max_usage_in_bytes"), "900\n").unwrap();
        assert_eq!((group.killed(), group.peak_bytes()), (Some(2), Some(900)));
        let files = emptied(group.directory());
        let limits = ["memory.limit_in_bytes", "memory.memsw.limit_in_bytes"];
        assert!(limits.iter().all(|file| files[*file] == "1000"), "{files:?}");
        let directory = group.directory().to_path_buf();
        drop(group);
        assert!(!directory.exists());
    }

    #[test]
    fn in_the_second_it_lies_below_or_beside_where_memory_is_handed_on() {
        let handing_on: &[(&str, &str)] = &[(HANDED_ON, "cpu memory\n")];
        let not: &[(&str, &str)] = &[(HANDED_ON, "cpu\n")];
        for (around, own, expected) in [(not, handing_on, "a/b"), (handing_on, not, "a")] {
            let root = groups(&[("a", around), ("a/b", own)]);
            let group = MemoryGroup::make_in(root.path(), "0::/a/b\n", LIMIT).unwrap();
            assert_eq!(group.directory(), root.path().join(expected).join(name()));
            assert_eq!((group.killed(), group.peak_bytes()), (None, None));
            is_limited(group.directory());
        }
    }

    #[test]
    fn where_it_is_not_handed_on_a_process_that_is_alone_moves_aside_and_back() {
        let members = format!("{}\n", this());
        let root = groups(&[("a/b", &[(HANDED_ON, ""), (MEMBERS, &members)])]);
        let own = root.path().join("a/b");
        let group = MemoryGroup::make_in(root.path(), "0::/a/b\n", LIMIT).unwrap();
        let aside = own.join(name() + "-aside");
        assert_eq!(fs::read_to_string(own.join(HANDED_ON)).unwrap(), "+memory");
        assert_eq!(emptied(&aside)[MEMBERS], this());
        is_limited(group.directory());
        drop(group);
        assert_eq!(fs::read_to_string(own.join(HANDED_ON)).unwrap(), "-memory");
        assert_eq!(fs::read_to_string(own.join(MEMBERS)).unwrap(), this());
        assert!(!aside.exists() && !own.join(name()).exists());
    }

    #[test]
    fn a_group_that_others_are_in_too_is_left_as_it_is() {
        let root = groups(&[("a/b", &[(HANDED_ON, ""), (MEMBERS, "1\n2\n")])]);
        let e = MemoryGroup::make_in(root.path(), "0::/a/b\n", LIMIT).unwrap_err();
        assert!(format!("{e:#}").contains("others are in"), "{e:#}");
        assert_eq!(fs::read_dir(root.path().join("a/b")).unwrap().count(), 2);
    }
}
