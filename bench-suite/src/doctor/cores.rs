//! The cores that this process may use, and which of them are threads of one.

use std::collections::BTreeSet;
use std::thread::available_parallelism;

use super::Read;

/// The cores that this process may use. A quota is no part of it: under one, threads run on all of these,
/// and are stopped.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cores {
    /// These, by the system's numbers.
    Listed(BTreeSet<usize>),
    /// So many; the system does not say which.
    Unlisted(usize),
}

impl Cores {
    /// Of this process.
    pub(super) fn here(read: Read<'_>) -> Self {
        let status = read("/proc/self/status");
        let list = status.as_deref().and_then(|status| {
            status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        });
        let listed = list.and_then(Cores::listed);
        listed.unwrap_or_else(|| Cores::Unlisted(available_parallelism().map_or(1, usize::from)))
    }

    /// From the kernel's form, as in `0-3,8`.
    pub(super) fn listed(list: &str) -> Option<Self> {
        numbers(list).filter(|cores| !cores.is_empty()).map(Cores::Listed)
    }

    pub(super) fn count(&self) -> usize {
        match self {
            Cores::Listed(cores) => cores.len(),
            Cores::Unlisted(count) => *count,
        }
    }

    pub(super) fn has(&self, core: usize) -> bool {
        match self {
            Cores::Listed(cores) => cores.contains(&core),
            Cores::Unlisted(_) => true,
        }
    }

    /// Their numbers, or those that there would be.
    fn numbers(&self) -> Vec<usize> {
        match self {
            Cores::Listed(cores) => cores.iter().copied().collect(),
            Cores::Unlisted(count) => (0..*count).collect(),
        }
    }

    /// How many are one of several threads of a core, whoever may use the others.
    pub(super) fn siblings(&self, read: Read<'_>) -> Option<usize> {
        let lists = self.numbers().into_iter().filter_map(|core| {
            let file = "topology/thread_siblings_list";
            numbers(&read(&format!("/sys/devices/system/cpu/cpu{core}/{file}"))?)
        });
        let threads: Vec<usize> = lists.map(|list| list.len()).collect();
        (!threads.is_empty()).then(|| threads.into_iter().filter(|threads| *threads > 1).count())
    }

    /// Who sets their clock rates: one name, or several where they differ.
    pub(super) fn governor(&self, read: Read<'_>) -> Option<String> {
        let governors: BTreeSet<String> = self
            .numbers()
            .into_iter()
            .filter_map(|core| {
                read(&format!("/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor"))
            })
            .map(|governor| governor.trim().to_string())
            .collect();
        let names: Vec<String> = governors.into_iter().collect();
        (!names.is_empty()).then(|| names.join(", "))
    }
}

fn numbers(list: &str) -> Option<BTreeSet<usize>> {
    let mut numbers = BTreeSet::new();
    for part in list.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        numbers.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::super::tests::machine;
    use super::*;

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        let listed = |list| Cores::listed(list).map(|cores| cores.numbers());
        assert_eq!(listed("\t0-3,8\n"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(listed("5"), Some(vec![5]));
        assert_eq!((listed(""), listed("a-b"), listed("1-x")), (None, None, None));
    }

    #[test]
    fn the_cores_are_those_that_this_process_may_use() {
        let texts = [("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t2-3\n")];
        assert_eq!(Cores::here(&machine(&texts)), Cores::listed("2-3").unwrap());
        assert!(matches!(Cores::here(&machine(&[])), Cores::Unlisted(1..)));
    }

    #[test]
    fn a_list_of_one_is_a_core_of_its_own_and_a_range_is_two_threads() {
        let siblings = |lists: [&str; 2]| {
            let path =
                |core| format!("/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list");
            let paths = [path(0), path(1)];
            Cores::Unlisted(2).siblings(&machine(&[(&paths[0], lists[0]), (&paths[1], lists[1])]))
        };
        assert_eq!(siblings(["0\n", "1\n"]), Some(0));
        assert_eq!(siblings(["0-1\n", "0-1\n"]), Some(2));
        assert_eq!(siblings(["0,64\n", "1\n"]), Some(1));
        assert_eq!(Cores::Unlisted(2).siblings(&machine(&[])), None);
    }

    #[test]
    fn governors_that_differ_are_all_named() {
        let path = |core| format!("/sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor");
        let paths = [path(0), path(1)];
        let governor = |names: [&str; 2]| {
            Cores::Unlisted(2).governor(&machine(&[(&paths[0], names[0]), (&paths[1], names[1])]))
        };
        assert_eq!(governor(["powersave\n"; 2]).as_deref(), Some("powersave"));
        assert_eq!(
            governor(["powersave", "performance"]).as_deref(),
            Some("performance, powersave")
        );
        assert_eq!(Cores::Unlisted(2).governor(&machine(&[])), None);
    }
}
