//! The report as Markdown: its words and its tables, for where there are no pictures.

use millstream::printable::printable_lines;

use super::chapter::Chapter;
use super::environment::{environment, findings, unlike};
use super::table::table;
use super::verdict::verdicts;
use crate::markdown::{code, escaped, sentence};

pub(super) fn markdown(chapters: &[Chapter<'_>]) -> String {
    let mut text = String::new();
    if let Some(said) = unlike(chapters) {
        text += &format!("> {}\n\n", escaped(&said));
    }
    for chapter in chapters {
        chapter_of(&mut text, chapter);
    }
    printable_lines(&text).into_owned()
}

fn chapter_of(text: &mut String, chapter: &Chapter<'_>) {
    *text += &format!("# {}\n\n{}\n\n", escaped(&chapter.title()), code(&chapter.name));
    for (is_warning, said) in findings(chapter) {
        if is_warning {
            *text += &format!("> Warning: {}\n\n", escaped(said));
        }
    }
    *text += "## Verdict\n\n";
    for verdict in verdicts(chapter) {
        if !verdict.subject.is_empty() {
            *text += &format!("### {}\n\n", escaped(&verdict.subject));
        }
        for (topic, said) in verdict.findings {
            *text += &format!("- **{}**: {}\n", topic.name(), sentence(&said));
        }
        *text += "\n";
    }
    let table = table(chapter);
    *text += "## All points\n\nMedians of all runs, and in brackets the least and the greatest.";
    *text += &format!(" The same everywhere: {}.\n\n", escaped(&table.common));
    row(text, &table.heads);
    row(text, &vec!["---".to_string(); table.heads.len()]);
    for each in &table.rows {
        let cells: Vec<String> = each.cells.iter().map(|cell| escaped(cell)).collect();
        row(text, &cells);
    }
    *text += "\n## Environment\n\n| | |\n|---|---|\n";
    for (name, value) in environment(chapter) {
        row(text, &[name.to_string(), escaped(&value)]);
    }
    for (is_warning, said) in findings(chapter) {
        let kind = if is_warning { "warning" } else { "note" };
        row(text, &[kind.to_string(), escaped(said)]);
    }
    *text += "\n";
}

fn row(text: &mut String, cells: &[String]) {
    *text += &format!("| {} |\n", cells.join(" | "));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{kept, ran, sweep};
    use crate::series::Point;

    #[test]
    fn verdict_table_and_environment_are_there_and_nothing_becomes_markup() {
        let point = Point::default();
        let mut kept = kept(sweep(vec![point.clone()]), vec![ran(&point, 0, |_| ())]);
        kept.begun.machine.processor = "<b>|odd|\u{1b}[1m\nprocessor".into();
        let text = markdown(&[Chapter::new(Path::new("a/series"), &kept)]);
        for part in
            ["# Sweep of word-count\n", "`series`", "- **Holds**: It holds", "## All points"]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("| machine | \\<b\\>\\|odd\\| \\[1m processor, 2 cores"), "{text}");
        let table = text.lines().filter(|line| line.starts_with("| 1 |")).count();
        assert_eq!(table, 1, "{text}");
    }
}
