//! The index page over a folder of results: a pure function of their READMEs and of which files there are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::civil::{Date, DateTime};

use crate::markdown::{escaped, path, plain, rows};
use crate::outcome::Outcome;
use crate::{stderr, stdout, whole_file};

/// The page's name, among the folders.
const PAGE: &str = "README.md";

/// How a page begins that this program may write over.
const MARK: &str = "<!-- Written by bench-suite index, from the folders beside it. -->";

const INTRODUCTION: &str = "\
# Results

Runs that matter, the newest first. Each has a folder: its README tells the command, the machine, the state
that it was in and the version; `summary.txt` is what was printed; the raw data are all that was measured.
Every benchmark adds a folder, never over another, and a row here. Figures of different days differ with the
machine's mood: compare what ran in turns, within one result.

| date | what | headline | machine | version | files |
|---|---|---|---|---|---|
";

/// What else there may be in a folder, with its name in the table.
const FILES: [(&str, &str); 5] = [
    ("summary", "summary.txt"),
    ("raw data", "raw.json"),
    ("raw data", "runs.ndjson"),
    ("state", "doctor.json"),
    ("report", "report.html"),
];

/// The flags of `index`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The folder of results
    #[arg(value_name = "DIR", default_value = "results")]
    pub results: PathBuf,
}

/// Writes the page, and tells how many results it lists.
pub fn run(options: &Options) -> Result<Outcome> {
    let listed = refresh(&options.results)?;
    stdout::print(format_args!("{} lists {listed} results", options.results.join(PAGE).display()))?;
    Ok(Outcome::Good)
}

/// Writes the page of a folder of results, and gives how many it lists. A page that this program has not
/// written is left as it is, which is an error.
pub fn refresh(results: &Path) -> Result<usize> {
    let page = results.join(PAGE);
    match fs::read_to_string(&page) {
        Ok(text) if !text.starts_with(MARK) => bail!(
            "{} is not a page that this program has written, and is left as it is: move it away, or keep \
             results in another folder",
            page.display()
        ),
        Err(e) if e.kind() != io::ErrorKind::NotFound => {
            return Err(e).with_context(|| format!("{} could not be read", page.display()));
        }
        Ok(_) | Err(_) => {}
    }
    let entries = entries(results)?;
    whole_file::write(&page, written(&entries))?;
    Ok(entries.len())
}

/// The folder of results whose page lists a folder that was named: the one that it lies in, where that has
/// a page of this program's, or is where results are kept. Nothing where it lies elsewhere.
pub fn that_lists(folder: &Path, results: &Path) -> Option<PathBuf> {
    let parent = folder.canonicalize().ok()?.parent()?.to_path_buf();
    let is_results = results.canonicalize().is_ok_and(|results| results == parent);
    let has_page =
        || fs::read_to_string(parent.join(PAGE)).is_ok_and(|text| text.starts_with(MARK));
    (is_results || has_page()).then_some(parent)
}

/// Refreshes the page beside a result that is kept: what goes wrong with it is told, and no more.
pub fn refresh_or_tell(results: &Path) {
    if let Err(e) = refresh(results) {
        stderr::tell(format_args!("the index of results was not refreshed: {e:#}"));
    }
}

/// The page of a folder of results.
pub fn page(results: &Path) -> Result<String> {
    entries(results).map(|entries| written(&entries))
}

fn written(entries: &[Entry]) -> String {
    let rows: String = entries.iter().map(Entry::row).collect();
    format!("{MARK}\n\n{INTRODUCTION}{rows}")
}

/// A result, as its README tells of it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    /// As in `2026-11-26 10:00`, or without a time, or nothing where none is to be found.
    date: String,
    folder: String,
    what: String,
    headline: String,
    machine: String,
    version: String,
    files: Vec<(&'static str, &'static str)>,
}

/// Of all folders that have a README, the newest first.
fn entries(results: &Path) -> Result<Vec<Entry>> {
    let could_not = || format!("{} could not be read", results.display());
    let mut found = Vec::new();
    for folder in fs::read_dir(results).with_context(could_not)? {
        let folder = folder.with_context(could_not)?.path();
        let readme = folder.join("README.md");
        if !readme.is_file() {
            continue;
        }
        let text = fs::read_to_string(&readme)
            .with_context(|| format!("{} could not be read", readme.display()))?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_there = |(_, file): &(_, &str)| folder.join(file).is_file();
        found.push(Entry::of(name, &text, FILES.into_iter().filter(is_there).collect()));
    }
    found.sort_by(|a, b| b.cmp(a));
    Ok(found)
}

impl Entry {
    fn of(folder: String, readme: &str, files: Vec<(&'static str, &'static str)>) -> Self {
        let title = readme.lines().find_map(|line| line.strip_prefix("# ")).unwrap_or(&folder);
        let (what, date) = match title.rsplit_once(", ") {
            Some((what, date)) if is_moment(date) => (what, date.trim_end_matches(" UTC")),
            _ => (title, folder.get(..10).filter(|date| is_date(date)).unwrap_or_default()),
        };
        let rows = rows(readme);
        let cell = |name: &str| {
            let row = rows.iter().find(|(cell, _)| cell == name);
            row.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        Entry {
            date: date.into(),
            what: plain(what),
            headline: cell("headline"),
            machine: cell("machine"),
            version: cell("version"),
            files,
            folder,
        }
    }

    fn row(&self) -> String {
        let Entry { date, folder, what, headline, machine, version, files } = self;
        let link = |name: &str, file: &str| format!("[{}]({}/{file})", escaped(name), path(folder));
        let files: Vec<String> = files.iter().map(|(name, file)| link(name, file)).collect();
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            escaped(date),
            link(what, "README.md"),
            escaped(headline),
            escaped(machine),
            escaped(version),
            files.join(", ")
        )
    }
}

/// As a title has it.
fn is_moment(text: &str) -> bool {
    DateTime::strptime("%Y-%m-%d %H:%M UTC", text).is_ok()
}

fn is_date(text: &str) -> bool {
    Date::strptime("%Y-%m-%d", text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keep(results: &Path, folder: &str, readme: &str, files: &[&str]) {
        let folder = results.join(folder);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("README.md"), readme).unwrap();
        files.iter().for_each(|file| fs::write(folder.join(file), "").unwrap());
    }

    fn rows_of(page: &str) -> Vec<&str> {
        page.lines().filter(|line| line.starts_with("| ")).skip(1).collect()
    }

    #[test]
    fn results_are_listed_the_newest_first_with_what_there_is() {
        let home = tempfile::tempdir().unwrap();
        let table = "| | |\n|---|---|\n| headline | fast |\n| machine | M |\n| version | 1 |\n";
        let readme = |title: &str| format!("# {title}\n\n{table}\nText.\n");
        let single = ["raw.json", "summary.txt", "doctor.json"];
        keep(home.path(), "one", &readme("Quick benchmark, 2026-11-20 14:01 UTC"), &single);
        let series = ["series.json", "runs.ndjson", "report.html"];
        keep(home.path(), "two", &readme("Sweep, by rate, 2026-11-20 14:02 UTC"), &series);
        fs::create_dir(home.path().join("not-done-yet")).unwrap();
        let page = page(home.path()).unwrap();
        assert_eq!(
            rows_of(&page),
            [
                "| 2026-11-20 14:02 | [Sweep, by rate](two/README.md) | fast | M | 1 | [raw \
                 data](two/runs.ndjson), [report](two/report.html) |",
                "| 2026-11-20 14:01 | [Quick benchmark](one/README.md) | fast | M | 1 | \
                 [summary](one/summary.txt), [raw data](one/raw.json), [state](one/doctor.json) |",
            ]
        );
    }

    #[test]
    fn a_readme_of_another_form_is_listed_as_far_as_it_tells() {
        let home = tempfile::tempdir().unwrap();
        keep(home.path(), "2026-01-02-x", "Nothing.", &[]);
        keep(home.path(), "some day", "# By hand, in autumn\n", &[]);
        let page = page(home.path()).unwrap();
        assert_eq!(
            rows_of(&page),
            [
                "| 2026-01-02 | [2026-01-02-x](2026-01-02-x/README.md) |  |  |  |  |",
                "|  | [By hand, in autumn](some%20day/README.md) |  |  |  |  |",
            ]
        );
    }

    #[test]
    fn what_comes_from_files_is_text_and_nothing_else() {
        let home = tempfile::tempdir().unwrap();
        let readme = "# A [b](c) \\*d\\*, 2026-01-02 03:04 UTC\n\n| machine | <b> \\| `c` |\n";
        keep(home.path(), "a](b)|", readme, &[]);
        let page = page(home.path()).unwrap();
        assert_eq!(
            rows_of(&page),
            [
                "| 2026-01-02 03:04 | [A \\[b\\](c) \\*d\\*](a%5D%28b%29%7C/README.md) |  | \\<b\\> \\| \
              \\`c\\` |  |  |"
            ]
        );
    }

    #[test]
    fn a_folder_that_was_named_is_listed_where_results_are_kept() {
        let home = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let results = home.path().canonicalize().unwrap();
        let one = results.join("one");
        fs::create_dir(&one).unwrap();
        assert_eq!(that_lists(&one, elsewhere.path()), None, "there is no page");
        assert_eq!(that_lists(&one, &results), Some(results.clone()));
        fs::write(results.join(PAGE), "# A project\n").unwrap();
        assert_eq!(that_lists(&one, elsewhere.path()), None, "it is somebody else's");
        fs::remove_file(results.join(PAGE)).unwrap();
        refresh(&results).unwrap();
        assert_eq!(that_lists(&one, elsewhere.path()), Some(results));
    }

    #[test]
    fn a_page_of_somebody_else_is_never_written_over() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(refresh(home.path()).unwrap(), 0);
        keep(home.path(), "one", "# One", &[]);
        assert_eq!(refresh(home.path()).unwrap(), 1);
        let readme = home.path().join(PAGE);
        assert_eq!(fs::read_to_string(&readme).unwrap(), page(home.path()).unwrap());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 2, "nothing is left beside it");
        fs::write(&readme, "# A project\n").unwrap();
        let refused = format!("{:#}", refresh(home.path()).unwrap_err());
        assert!(refused.contains("left as it is: move it away"), "{refused}");
        assert_eq!(fs::read_to_string(&readme).unwrap(), "# A project\n");
        let absent = format!("{:#}", refresh(&home.path().join("absent")).unwrap_err());
        assert!(absent.contains("absent could not be read"), "{absent}");
    }
}
