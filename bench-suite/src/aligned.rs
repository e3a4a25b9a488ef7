//! Tables whose columns line up.

/// The rows under their head, the first column to the left and all others to the right.
pub(crate) fn aligned<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let rows: Vec<Vec<String>> = rows.into_iter().map(Vec::from).collect();
    aligned_rows(head.map(String::from).to_vec(), &rows, 1)
}

/// The same of rows that have as many cells as their head, so many columns to the left.
pub(crate) fn aligned_rows(head: Vec<String>, rows: &[Vec<String>], to_the_left: usize) -> String {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| &row[at]).chain([&head[at]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(at, (cell, width))| {
            if at < to_the_left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        cells.collect::<Vec<_>>().join("  ") + "\n"
    };
    let rule = "-".repeat(widths.iter().sum::<usize>() + 2 * head.len().saturating_sub(1));
    line(&head) + &rule + "\n" + &rows.iter().map(line).collect::<String>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_as_long_as_the_longest_cells_together() {
        let text = aligned(["a", "bb"], [["word".into(), "1".into()], ["x".into(), "1000".into()]]);
        assert_eq!(text, "a       bb\n----------\nword     1\nx     1000\n");
        let rows = [vec!["é".into(), "b".into(), "c".into()]];
        let text = aligned_rows(["x", "yy", "zz"].map(String::from).to_vec(), &rows, 2);
        assert_eq!(text, "x  yy  zz\n---------\né  b    c\n");
    }
}
