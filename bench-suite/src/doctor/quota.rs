//! How much time a control group allows, of either version of control groups: the group that this process
//! is in and all above it, as far as they are to be seen from here.

use std::path::{Path, PathBuf};

use super::Read;

/// The least that a group allows, in cores. Nothing where none does, or none is to be seen.
pub(super) fn quota_cores(read: Read<'_>) -> Option<f64> {
    let (groups, mounts) = (read("/proc/self/cgroup")?, read("/proc/self/mountinfo")?);
    let quotas = mounts.lines().filter_map(Mount::of).flat_map(|mount| {
        let allowed = mount.groups(&groups);
        allowed.into_iter().filter_map(move |group| mount.version.allows(&group, read))
    });
    quotas.min_by(f64::total_cmp)
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    One,
    Two,
}

impl Version {
    fn allows(self, group: &Path, read: Read<'_>) -> Option<f64> {
        let numbers = |file: &str| -> Option<Vec<f64>> {
            let text = read(group.join(file).to_str()?)?;
            text.split_ascii_whitespace().map(|number| number.parse().ok()).collect()
        };
        // A group without a limit has `max` in its file, or -1.
        let (quota, period) = match self {
            Version::Two => match numbers("cpu.max")?[..] {
                [quota, period] => (quota, period),
                _ => return None,
            },
            Version::One => {
                (*numbers("cpu.cfs_quota_us")?.first()?, *numbers("cpu.cfs_period_us")?.first()?)
            }
        };
        (quota > 0.0 && period > 0.0).then(|| quota / period)
    }
}

/// Where groups that have to do with processor time are mounted.
struct Mount {
    version: Version,
    /// The group whose files lie in the mount point: not the topmost one in many containers.
    root: PathBuf,
    point: PathBuf,
}

impl Mount {
    /// From a line of `/proc/self/mountinfo`: the root and the mount point are its fourth and fifth word,
    /// and behind a lone dash come the kind, the source, and the options of the file system.
    fn of(line: &str) -> Option<Self> {
        let (mount, system) = line.split_once(" - ")?;
        let mut mount = mount.split_ascii_whitespace().skip(3);
        let mut system = system.split_ascii_whitespace();
        let version = match (system.next()?, system.nth(1)) {
            ("cgroup2", _) => Version::Two,
            ("cgroup", Some(options)) if has_cpu(options) => Version::One,
            _ => return None,
        };
        Some(Mount { version, root: mount.next()?.into(), point: mount.next()?.into() })
    }

    /// The folders of the group that `/proc/self/cgroup` names, and of those above it.
    fn groups(&self, groups: &str) -> Vec<PathBuf> {
        // `ID:CONTROLLERS:PATH`, with 0 and no controllers in version 2.
        let own = groups.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':');
            let (id, controllers, path) = (parts.next()?, parts.next()?, parts.next()?);
            let is_it = match self.version {
                Version::One => has_cpu(controllers),
                Version::Two => id == "0" && controllers.is_empty(),
            };
            is_it.then(|| Path::new(path))
        });
        // A path that does not lead into the mount is one outside the container: its root is all that
        // is to be seen.
        let below = own.and_then(|own| own.strip_prefix(&self.root).ok()).unwrap_or(Path::new(""));
        below.ancestors().map(|group| self.point.join(group)).collect()
    }
}

fn has_cpu(list: &str) -> bool {
    list.split(',').any(|name| name == "cpu")
}

#[cfg(test)]
mod tests {
    use super::super::tests::machine;
    use super::*;

    const MOUNTS_1: &str = "\
        31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n\
        33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n\
        32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n";
    const MOUNTS_2: &str =
        "30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    fn quota(groups: &str, mounts: &str, files: &[(&str, &str)]) -> Option<f64> {
        let of_process = [("/proc/self/cgroup", groups), ("/proc/self/mountinfo", mounts)];
        quota_cores(&machine(&[&of_process, files].concat()))
    }

    #[test]
    fn in_version_2_the_least_of_the_own_group_and_those_above_counts() {
        let own = ("/sys/fs/cgroup/a.slice/b/cpu.max", "300000 100000\n");
        let above = ("/sys/fs/cgroup/a.slice/cpu.max", "150000 100000\n");
        let other = ("/sys/fs/cgroup/c/cpu.max", "1000 100000\n");
        let none = ("/sys/fs/cgroup/a.slice/b/cpu.max", "max 100000\n");
        let quota = |files: &[_]| quota("0::/a.slice/b\n", MOUNTS_2, files);
        assert_eq!(quota(&[own, above, other]), Some(1.5));
        assert_eq!(quota(&[own]), Some(3.0));
        assert_eq!(quota(&[none, above]), Some(1.5));
        assert_eq!(quota(&[none]), None);
        assert_eq!(quota(&[]), None);
    }

    #[test]
    fn in_version_1_it_is_the_group_of_the_processor_controller() {
        let file = |group: &str, name: &str| format!("/sys/fs/cgroup/cpu{group}/cpu.cfs_{name}_us");
        let names =
            [file("/x", "quota"), file("/x", "period"), file("", "quota"), file("", "period")];
        let quota = |own: &str, root: &str| {
            let texts = [own, "100000\n", root, "100000\n"];
            let files: Vec<_> = names.iter().map(String::as_str).zip(texts).collect();
            quota("4:memory:/m\n2:cpuacct:/\n1:cpu,x:/x\n0::/\n", MOUNTS_1, &files)
        };
        assert_eq!(quota("50000\n", "-1\n"), Some(0.5));
        assert_eq!(quota("-1\n", "250000\n"), Some(2.5));
        assert_eq!(quota("-1\n", "-1\n"), None);
    }

    #[test]
    fn in_a_container_the_mount_shows_a_part_of_the_tree() {
        let file = [("/sys/fs/cgroup/cpu.max", "200000 100000\n")];
        let mounts = MOUNTS_2.replace(" / ", " /docker/abc ");
        assert_eq!(quota("0::/docker/abc\n", &mounts, &file), Some(2.0));
        assert_eq!(quota("0::/elsewhere\n", &mounts, &file), Some(2.0));
        let deeper = [("/sys/fs/cgroup/job/cpu.max", "100000 100000\n"), file[0]];
        assert_eq!(quota("0::/docker/abc/job\n", &mounts, &deeper), Some(1.0));
    }

    #[test]
    fn texts_that_are_no_tables_of_groups_say_nothing() {
        let file = [("/sys/fs/cgroup/cpu.max", "much\n")];
        for (groups, mounts) in [("", ""), ("0\n1:\n", "a - b\n - cgroup2\n"), ("0::/\n", MOUNTS_2)]
        {
            assert_eq!(quota(groups, mounts, &file), None, "{groups} {mounts}");
        }
        assert_eq!(quota_cores(&machine(&[])), None);
    }
}
