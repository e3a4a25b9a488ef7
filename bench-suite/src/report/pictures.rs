//! The pictures of a report as files of their own, for pages that are written elsewhere.

use millstream::printable::printable_lines;

use super::chapter::Chapter;
use super::plots::figures;

/// What makes a picture stand alone: how its parts look, and a page behind it.
const STYLE: &str = include_str!("style.css");

/// A file's name, and what is in it.
#[derive(Debug, PartialEq)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) svg: String,
}

/// All pictures of these chapters, named after what they show.
pub(super) fn pictures(chapters: &[Chapter<'_>]) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for figures in chapters.iter().flat_map(figures) {
        for picture in &figures.pictures {
            let name = file_name(&format!("{} {}", figures.title, picture.caption));
            // Two chapters may have the same to show.
            let alike = files.iter().filter(|file| file.name.starts_with(&name)).count();
            let number = if alike == 0 { String::new() } else { format!("-{}", alike + 1) };
            files.push(File { name: format!("{name}{number}.svg"), svg: alone(&picture.svg) });
        }
    }
    files
}

/// A picture that needs no page.
fn alone(svg: &str) -> String {
    let (head, body) = svg.split_once('>').unwrap_or((svg, ""));
    let head = head.replacen("<svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", 1);
    let page = "<rect width=\"100%\" height=\"100%\" style=\"fill:var(--page)\"/>";
    printable_lines(&format!("{head}>\n<style>\n{STYLE}</style>\n{page}{body}")).into_owned()
}

/// Letters, digits and dashes.
fn file_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.trim_end_matches('-').into()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::report::made::{comparison, kept};

    #[test]
    fn a_picture_needs_no_page() {
        let (asked, runs) = comparison(8, 1.0);
        let kept = kept(asked, runs);
        let chapters = [Chapter::new(Path::new("s"), &kept), Chapter::new(Path::new("s"), &kept)];
        let files = pictures(&chapters);
        let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(names.len(), 4, "{names:?}");
        assert!(names[2].ends_with("-2.svg") && names[2].starts_with(&names[0][..5]), "{names:?}");
        let svg = &files[0].svg;
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="), "{svg}");
        assert!(svg.contains("--page: #ffffff") && svg.ends_with("</svg>\n"), "{svg}");
    }

    #[test]
    fn names_are_fit_for_files() {
        assert_eq!(file_name("2 tasks are 1.3 times: <ideal>/.."), "2-tasks-are-1-3-times-ideal");
    }
}
