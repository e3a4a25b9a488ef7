//! The README of a result's folder, with the files that every result has.

use std::path::Path;

use anyhow::Result;
use jiff::Timestamp;

use crate::doctor::Checkup;
use crate::machine::Machine;
use crate::markdown::{code, escaped, row};
use crate::whole_file;

/// What is told of a result, whatever its raw data are.
pub struct Page<'a> {
    /// What was done, as in `Quick benchmark`.
    pub title: &'a str,
    /// When.
    pub at: Timestamp,
    /// What was run, as it would be run again.
    pub command: &'a str,
    /// Where.
    pub machine: &'a Machine,
    /// In what state that was, before anything was measured.
    pub checkup: &'a Checkup,
    /// What came out, in a line.
    pub headline: &'a str,
    /// Which files have the raw data, in Markdown, as in "`raw.json` all that it measured".
    pub data: &'a str,
    /// What a reader must know of how it was measured, in a sentence or two of Markdown.
    pub how: &'a str,
    /// What was printed.
    pub summary: &'a str,
}

impl Page<'_> {
    /// Writes `doctor.json`, `summary.txt` and `README.md` into a folder that is there, over those that
    /// may be.
    pub fn write_into(&self, folder: &Path) -> Result<()> {
        let checkup = serde_json::to_string_pretty(self.checkup)? + "\n";
        whole_file::write(&folder.join("doctor.json"), checkup)?;
        whole_file::write(&folder.join("summary.txt"), format!("{}\n", self.summary))?;
        // It comes last: where it is, all is.
        whole_file::write(&folder.join("README.md"), self.readme())
    }

    fn readme(&self) -> String {
        let Machine { processor, cores, memory_mib, kernel, version, .. } = self.machine;
        let commit = self.machine.told_commit();
        let warnings: Vec<&str> = self.checkup.warnings().collect();
        let state = match &warnings[..] {
            [] => "nothing speaks against its figures".into(),
            warnings => warnings.join(" "),
        };
        let machine = format!("{processor}, {cores} cores, {memory_mib} MiB, {kernel}");
        let rows = [
            row("headline", &escaped(self.headline)),
            row("command", &code(self.command)),
            row("machine", &escaped(&machine)),
            row("state", &escaped(&state)),
            row("version", &escaped(&format!("{version}, commit {commit}"))),
        ];
        format!(
            "# {}, {}\n\n| | |\n|---|---|\n{}\n\
             `summary.txt` is what the command printed, {}, `doctor.json` the state of the machine \
             before. {}\n",
            escaped(self.title),
            self.at.strftime("%Y-%m-%d %H:%M UTC"),
            rows.concat(),
            self.data,
            self.how,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::markdown::rows;

    #[test]
    fn a_page_takes_names_as_they_are_and_has_the_warnings() {
        let machine = Machine {
            processor: "A|B_C".into(),
            cores: 2,
            memory_mib: 5,
            kernel: "linux".into(),
            version: "0.1.0".into(),
            commit: String::new(),
        };
        let page = Page {
            title: "Sweep",
            at: "2026-11-26T10:00:59Z".parse().unwrap(),
            command: "sweep --rate 1|2",
            machine: &machine,
            checkup: &Checkup::warning("Others are busy."),
            headline: "1 * 2",
            data: "`runs.ndjson` a line for each run",
            how: "In turns.",
            summary: "table",
        };
        let home = tempfile::tempdir().unwrap();
        page.write_into(home.path()).unwrap();
        page.write_into(home.path()).unwrap();
        let readme = fs::read_to_string(home.path().join("README.md")).unwrap();
        assert!(readme.starts_with("# Sweep, 2026-11-26 10:00 UTC\n\n| | |\n"), "{readme}");
        let told = [
            ("headline", "1 * 2"),
            ("command", "`sweep --rate 1|2`"),
            ("machine", "A|B_C, 2 cores, 5 MiB, linux"),
            ("state", "Others are busy."),
            ("version", "0.1.0, commit unknown"),
        ];
        assert_eq!(rows(&readme)[2..], told.map(|(a, b)| (a.to_string(), b.to_string())));
        assert!(readme.ends_with("machine before. In turns.\n"), "{readme}");
    }
}
