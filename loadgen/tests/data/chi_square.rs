//! How far counts are from what was expected of them: Pearson's test.

/// The test's approximation asks for cells of which at least so many are expected.
const LEAST_EXPECTED: f64 = 5.0;

/// What a fit comes to.
pub(crate) struct Fit {
    chi_square: f64,
    freedom: f64,
}

impl Fit {
    /// Holds counts against as many probabilities, which add up to 1. Rare cells are pooled.
    pub(crate) fn of(counts: &[u64], probabilities: &[f64]) -> Self {
        assert_eq!(counts.len(), probabilities.len());
        let draws = counts.iter().sum::<u64>() as f64;
        let expected = probabilities.iter().map(|probability| probability * draws);
        let cells = pooled(counts.iter().copied().zip(expected));
        Self { chi_square: chi_square(&cells), freedom: cells.len() as f64 - 1.0 }
    }

    /// Holds counts against as many expectations, where each draw is one of so many that are
    /// equally likely, and which these are changes from draw to draw.
    pub(crate) fn of_changing(counts: &[u64], expected: &[f64], choices: usize) -> Self {
        let cells = pooled(counts.iter().copied().zip(expected.iter().copied()));
        // A count is a sum of tosses with the chance 1 / choices, so this much of each cell is free.
        let freedom = cells.len() as f64 * (1.0 - 1.0 / choices as f64);
        Self { chi_square: chi_square(&cells), freedom }
    }

    /// How many standard deviations it is off, by the approximation of Wilson and Hilferty: above
    /// zero if the counts scatter too much, below if too little.
    pub(crate) fn z(&self) -> f64 {
        let ninth = 2.0 / (9.0 * self.freedom);
        ((self.chi_square / self.freedom).cbrt() - (1.0 - ninth)) / ninth.sqrt()
    }

    /// Prints the figures, and fails if chance does not explain them.
    pub(crate) fn assert_good(&self, of: &str) {
        let Self { chi_square, freedom } = self;
        let z = self.z();
        println!("{of}: chi-square {chi_square:.1}, {freedom:.0} degrees of freedom, z {z:.2}");
        assert!(z.abs() < 4.5, "{of}: chance does not explain a z of {z:.2}");
    }
}

/// Cells in their order, each as large as it must be; what is left at the end joins the last.
fn pooled(cells: impl Iterator<Item = (u64, f64)>) -> Vec<(u64, f64)> {
    let mut pools: Vec<(u64, f64)> = Vec::new();
    let mut open = (0, 0.0);
    for (count, expected) in cells {
        open = (open.0 + count, open.1 + expected);
        if open.1 >= LEAST_EXPECTED {
            pools.push(std::mem::take(&mut open));
        }
    }
    let last = pools.last_mut().expect("more is expected than a pool needs");
    *last = (last.0 + open.0, last.1 + open.1);
    pools
}

fn chi_square(cells: &[(u64, f64)]) -> f64 {
    cells.iter().map(|&(count, expected)| (count as f64 - expected).powi(2) / expected).sum()
}

#[test]
fn dice_of_a_textbook_come_out_as_there() {
    let even = [1.0 / 6.0; 6];
    let fit = Fit::of(&[5, 8, 9, 8, 10, 20], &even);
    assert!((fit.chi_square - 13.4).abs() < 1e-9 && fit.freedom == 5.0);
    // 13.4 with five degrees of freedom has a chance of 0.0199, which is 2.06 deviations.
    assert!((fit.z() - 2.06).abs() < 0.02, "{}", fit.z());
}

#[test]
fn rare_cells_are_pooled() {
    let cells = [(9, 8.0), (1, 2.0), (1, 2.0), (3, 2.0), (0, 1.0)];
    assert_eq!(pooled(cells.into_iter()), [(9, 8.0), (5, 7.0)]);
}
