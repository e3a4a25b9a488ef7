//! The report as one page of HTML, which needs nothing else: no script, no network, no font of its own.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use millstream::printable::printable_lines;

use super::chapter::Chapter;
use super::environment::{environment, findings, unlike};
use super::plots::{Figures, figures};
use super::table::table;
use super::verdict::verdicts;

const STYLE: &str = include_str!("style.css");

pub(super) fn page(chapters: &[Chapter<'_>]) -> String {
    let drawn: Vec<Vec<Figures>> = chapters.iter().map(figures).collect();
    let plots: usize = drawn.iter().flatten().map(|figures| figures.pictures.len()).sum();
    let title = match chapters {
        [one] => one.title(),
        many => format!("{} series", many.len()),
    };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body data-plots=(plots) {
                @if chapters.len() > 1 { (contents(&title, chapters)) }
                @for (number, (chapter, drawn)) in chapters.iter().zip(&drawn).enumerate() {
                    (chapter_of(number, chapter, drawn))
                }
            }
        }
    };
    printable_lines(&page.into_string()).into_owned()
}

fn contents(title: &str, chapters: &[Chapter<'_>]) -> Markup {
    html! {
        header {
            h1 { (title) }
            @if let Some(said) = unlike(chapters) { p.warning { (said) } }
            ol {
                @for (number, chapter) in chapters.iter().enumerate() {
                    li { a href=(format!("#series-{number}")) { (chapter.title()) } " " code { (chapter.name) } }
                }
            }
        }
    }
}

fn chapter_of(number: usize, chapter: &Chapter<'_>, drawn: &[Figures]) -> Markup {
    html! {
        main id=(format!("series-{number}")) {
            h1 { (chapter.title()) }
            p.faint { code { (chapter.name) } ", begun at " (chapter.kept.begun.at) }
            @for (is_warning, sentence) in findings(chapter) {
                @if is_warning { p.warning { strong { "Warning. " } (sentence) } }
            }
            (verdict(chapter))
            @for figures in drawn { (figures_of(figures)) }
            (all_points(chapter))
            (surroundings(chapter))
        }
    }
}

fn verdict(chapter: &Chapter<'_>) -> Markup {
    html! {
        section.verdict {
            h2 { "Verdict" }
            @for verdict in verdicts(chapter) {
                @if !verdict.subject.is_empty() { h3 { (verdict.subject) } }
                dl {
                    @for said in verdict.findings.chunk_by(|a, b| a.0 == b.0) {
                        div {
                            dt { (said[0].0.name()) }
                            dd { @for (_, sentence) in said { p { (with_code(sentence)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn figures_of(Figures { title, note, legend, pictures }: &Figures) -> Markup {
    html! {
        section {
            h2 { (title) }
            p.note { (note) }
            @if !legend.is_empty() {
                ul.legend {
                    @for (sample, meaning) in legend { li { (PreEscaped(sample)) (meaning) } }
                }
            }
            div.plots {
                @for picture in pictures {
                    @if picture.begins_row { div.row {} }
                    figure.plot {
                        @if !picture.caption.is_empty() { figcaption { (picture.caption) } }
                        (PreEscaped(&picture.svg))
                    }
                }
            }
        }
    }
}

fn all_points(chapter: &Chapter<'_>) -> Markup {
    let table = table(chapter);
    html! {
        section {
            h2 { "All points" }
            p.note {
                "Medians of all runs, and in brackets the least and the greatest. "
                @if !table.common.is_empty() { "The same everywhere: " (table.common) "." }
            }
            div.wide {
                table {
                    thead { tr { @for head in &table.heads { th scope="col" { (head) } } } }
                    tbody {
                        @for row in &table.rows {
                            tr.behind[!row.holds] { @for cell in &row.cells { td { (cell) } } }
                        }
                    }
                }
            }
        }
    }
}

fn surroundings(chapter: &Chapter<'_>) -> Markup {
    html! {
        section {
            h2 { "Environment" }
            table.names {
                @for (name, value) in environment(chapter) {
                    tr { th scope="row" { (name) } td { (with_code(&value)) } }
                }
                @for (is_warning, sentence) in findings(chapter) {
                    tr {
                        th scope="row" { @if is_warning { "warning" } @else { "note" } }
                        td { (sentence) }
                    }
                }
            }
        }
    }
}

/// A sentence in which what stands between backticks is code.
fn with_code(sentence: &str) -> Markup {
    html! {
        @for (n, part) in sentence.split('`').enumerate() {
            @if n % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn a_page_says_how_many_plots_it_has() {
        let (asked, runs) = comparison(8, 1.0);
        let kept = kept(asked, runs);
        let page = page(&[Chapter::new(Path::new("s"), &kept)]);
        let said: usize =
            page.split("data-plots=\"").nth(1).unwrap().split('"').next().unwrap().parse().unwrap();
        assert_eq!((said, page.matches("<figure class=\"plot\">").count()), (2, 2));
    }

    #[test]
    fn several_series_have_a_list() {
        let point = Point::default();
        let kept = kept(sweep(vec![]), vec![ran(&point, 0, |_| ())]);
        let chapter = |name| Chapter::new(Path::new(name), &kept);
        let page = page(&[chapter("one"), chapter("two")]);
        assert!(page.contains("<a href=\"#series-1\">Sweep of word-count</a>"), "{page}");
        assert!(page.contains("<title>2 series</title>"));
    }

    #[test]
    fn code_stands_between_backticks_and_is_no_markup() {
        let markup = with_code("so `--batch <b>`.").into_string();
        assert_eq!(markup, "so <code>--batch &lt;b&gt;</code>.");
    }
}
