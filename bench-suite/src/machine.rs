//! What a figure was measured on.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The machine and the versions, as far as they tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// The kernel.
    pub kernel: String,
    /// The version of this program.
    pub version: String,
    /// The commit that this program was built from, with `+` where there were changes; `unknown` where it
    /// was built outside a checkout.
    pub commit: String,
}

impl Machine {
    /// This one.
    pub fn here() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let value = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'));
            value.map(|value| value.trim().to_string()).unwrap_or_default()
        };
        let memory_kib =
            field(&read("/proc/meminfo"), "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
        let processor = match field(&read("/proc/cpuinfo"), "model name") {
            name if name.is_empty() => std::env::consts::ARCH.to_string(),
            name => name,
        };
        Machine {
            processor,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory_kib / 1024,
            kernel: format!(
                "{} {}",
                std::env::consts::OS,
                read("/proc/sys/kernel/osrelease").trim()
            ),
            version: env!("CARGO_PKG_VERSION").to_string(),
            commit: env!("BENCH_SUITE_COMMIT").to_string(),
        }
    }

    /// What about another one makes figures of both hard to compare, in words; nothing where they are
    /// alike. Versions and commits are not looked at.
    pub fn unlike(&self, other: &Machine) -> Option<String> {
        told(&[
            ("processor", self.processor.clone(), other.processor.clone()),
            ("cores", self.cores.to_string(), other.cores.to_string()),
            ("memory", format!("{} MiB", self.memory_mib), format!("{} MiB", other.memory_mib)),
            ("kernel", self.kernel.clone(), other.kernel.clone()),
        ])
    }

    /// The commit for readers. Results may have been kept without one.
    pub fn told_commit(&self) -> &str {
        if self.commit.is_empty() { "unknown" } else { &self.commit }
    }

    /// A short name for folders, of letters, digits and dashes: the processor and the number of
    /// cores.
    pub fn short_name(&self) -> String {
        let mut name = String::new();
        for c in self.processor.chars().take(24) {
            if c.is_ascii_alphanumeric() {
                name.push(c.to_ascii_lowercase());
            } else if !name.ends_with('-') && !name.is_empty() {
                name.push('-');
            }
        }
        format!("{}-{}core", name.trim_end_matches('-'), self.cores)
    }
}

/// A checksum of a program's file, which tells builds apart that call themselves the same.
pub fn checksum(program: &Path) -> Result<String> {
    let bytes =
        fs::read(program).with_context(|| format!("{} could not be read", program.display()))?;
    Ok(format!("{:08x}", crc32fast::hash(&bytes)))
}

/// Those of these pairs that differ, in words.
fn told(pairs: &[(&str, String, String)]) -> Option<String> {
    let differ = pairs.iter().filter(|(_, ours, theirs)| ours != theirs);
    let told: Vec<String> =
        differ.map(|(what, ours, theirs)| format!("{what} {ours} and {theirs}")).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_is_fit_for_a_folder() {
        let machine =
            Machine { processor: "AMD EPYC (TM) 9R14".into(), cores: 2, ..Machine::here() };
        assert_eq!(machine.short_name(), "amd-epyc-tm-9r14-2core");
    }

    #[test]
    fn what_is_unlike_is_told_with_both_values() {
        let here = Machine::here();
        assert_eq!(here.unlike(&here), None);
        let other = Machine { cores: 96, ..here.clone() };
        let cores = format!("cores {} and 96", here.cores);
        assert_eq!(here.unlike(&other), Some(cores));
        let built = Machine { commit: "abc".into(), ..here.clone() };
        assert_eq!(here.unlike(&built), None);
    }

    #[test]
    fn another_program_has_another_checksum() {
        let home = tempfile::tempdir().unwrap();
        let sums = ["one", "two", "one"].map(|text| {
            let path = home.path().join("program");
            fs::write(&path, text).unwrap();
            checksum(&path).unwrap()
        });
        assert!(sums[0] == sums[2] && sums[0] != sums[1], "{sums:?}");
        assert!(checksum(&home.path().join("none")).is_err());
    }

    #[test]
    fn this_machine_has_cores_and_a_processor() {
        let here = Machine::here();
        assert!(here.cores >= 1 && !here.processor.is_empty() && !here.commit.is_empty());
        assert_eq!(Machine { commit: String::new(), ..here }.told_commit(), "unknown");
    }
}
