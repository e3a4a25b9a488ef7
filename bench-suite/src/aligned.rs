//! Tables whose columns line up.

/// The rows under their head, the first column to the left and all others to the right.
pub(crate) fn aligned<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut all = vec![head.map(String::from)];
    all.extend(rows);
    let widths: [usize; N] =
        std::array::from_fn(|i| all.iter().map(|row| row[i].len()).max().unwrap_or(0));
    let mut text = String::new();
    for (number, row) in all.iter().enumerate() {
        text.push_str(&format!("{:<width$}", row[0], width = widths[0]));
        for (cell, width) in row.iter().zip(&widths).skip(1) {
            text.push_str(&format!("  {cell:>width$}"));
        }
        text.push('\n');
        if number == 0 {
            text.push_str(&"-".repeat(widths.iter().sum::<usize>() + 2 * (N - 1)));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_as_long_as_the_longest_cells_together() {
        let text = aligned(["a", "bb"], [["word".into(), "1".into()], ["x".into(), "1000".into()]]);
        assert_eq!(text, "a       bb\n----------\nword     1\nx     1000\n");
    }
}
