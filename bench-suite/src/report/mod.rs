//! What a series found, as a page, as Markdown, or as rows: a pure function of what is kept, so old ones
//! can be drawn again.

mod figure;
mod spot;
mod chapter;
mod tries;
mod pairs;
mod verdict;
mod plots;
mod table;
mod environment;
mod text;
mod page;
mod pictures;
mod markdown;
mod csv;
#[cfg(test)]
mod made;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;

use self::chapter::Chapter;
use crate::outcome::Outcome;
use crate::results::index;
use crate::series::{Kept, Series};
use crate::{stderr, stdout, whole_file};

/// The page's name in a series' folder, where nothing else is asked for.
const PAGE: &str = "report.html";

/// What stands under the help.
pub(crate) const EXAMPLES: &str = "\
Examples:
  A page in the series' own folder, to open in a browser:
    bench-suite report results/2026-11-26-amd-epyc-2core-sweep

  Two series in one page, and their words as Markdown for a pull request:
    bench-suite report results/before results/after --html both.html --markdown both.md

  Each picture as a file, for a page that is written elsewhere:
    bench-suite report results/before --pictures docs/pictures

  Every run as a row, for another program:
    bench-suite report results/before --csv -

Exit codes:
  0  written    1  a series could not be read, or a file not be written    2  wrong usage";

/// The flags of `report`.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Folders of series, a chapter each
    #[arg(value_name = "DIR", required = true)]
    pub folders: Vec<PathBuf>,
    /// Write a page with pictures to this file; `-` is stdout [default, where nothing else is asked for:
    /// report.html in the first folder]
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write each picture as a file of its own, in SVG, into this folder
    #[arg(long, value_name = "DIR")]
    pub pictures: Option<PathBuf>,
    /// Write words and tables as Markdown
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write a row for each run
    #[arg(long, value_name = "FILE")]
    pub csv: Option<PathBuf>,
}

/// A series for a terminal, and in a line.
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) headline: String,
}

/// What a series says so far.
pub(crate) fn told(series: &Series) -> Told {
    let chapter = Chapter::new(series.folder(), series.kept());
    Told { text: text::text(&chapter), headline: text::headline(&chapter) }
}

/// Keeps all that is to be read of a series that is done in its folder: what was printed, a README with a
/// line that says what came out, and the page; and refreshes the index of results that the folder lies
/// among, where one is named. The runs are there already, also where this fails.
pub(crate) fn keep(
    series: &Series,
    headline: &str,
    summary: &str,
    results: Option<&Path>,
) -> Result<()> {
    let folder = series.folder();
    let page = page::page(&[Chapter::new(folder, series.kept())]);
    whole_file::write(&folder.join(PAGE), page)
        .and_then(|()| series.keep_page(headline, summary))
        .with_context(|| {
            let shown = folder.display();
            format!(
                "the runs are kept in {shown}, but not all that is to be read of them; make room, and \
                 have the page written by: bench-suite report {shown}"
            )
        })?;
    results.into_iter().for_each(index::refresh_or_tell);
    Ok(())
}

/// Reads the series, and writes what was asked for.
pub fn run(options: &Options) -> Result<Outcome> {
    let kept: Vec<Kept> =
        options.folders.iter().map(|folder| read(folder)).collect::<Result<_>>()?;
    let chapters: Vec<Chapter<'_>> = options
        .folders
        .iter()
        .zip(&kept)
        .map(|(folder, kept)| Chapter::new(folder, kept))
        .collect();
    let Options { folders, html, pictures, markdown, csv } = options;
    let html = match (html, pictures, markdown, csv) {
        (None, None, None, None) => folders.first().map(|folder| folder.join(PAGE)),
        _ => html.clone(),
    };
    if let Some(path) = html {
        write(&path, &page::page(&chapters))?;
    }
    if let Some(folder) = pictures {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} could not be made", folder.display()))?;
        for file in pictures::pictures(&chapters) {
            write(&folder.join(file.name), &file.svg)?;
        }
    }
    if let Some(path) = markdown {
        write(path, &markdown::markdown(&chapters))?;
    }
    if let Some(path) = csv {
        write(path, &csv::csv(&chapters)?)?;
    }
    Ok(Outcome::Good)
}

fn read(folder: &Path) -> Result<Kept> {
    let kept = Kept::read(folder)?;
    if kept.runs.is_empty() {
        bail!("{} has no run yet: there is nothing to report", folder.display());
    }
    Ok(kept)
}

fn write(path: &Path, text: &str) -> Result<()> {
    if path == Path::new("-") {
        return stdout::print(text.trim_end_matches('\n'));
    }
    whole_file::write(path, text).context("name another place, or - for stdout")?;
    stderr::tell(format_args!("written to {}", path.display()));
    Ok(())
}
