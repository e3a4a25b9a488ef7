//! Labels that do not lie on one another.

/// About how wide a text is, in the size in which charts are written.
pub(super) fn width_of(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}

/// Places at least `gap` apart, each as near to where it was wanted as goes, all within `from` and `to`
/// where there is room.
pub(super) fn apart(wanted: &[f64], gap: f64, [from, to]: [f64; 2]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|a, b| wanted[*a].total_cmp(&wanted[*b]));
    let mut places = wanted.to_vec();
    let mut free_from = from;
    for &at in &order {
        places[at] = places[at].max(free_from);
        free_from = places[at] + gap;
    }
    // What was pushed beyond the end goes back, and pushes those before.
    let mut free_to = to;
    for &at in order.iter().rev() {
        places[at] = places[at].min(free_to);
        free_to = places[at] - gap;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_move_no_more_than_they_must() {
        assert_eq!(apart(&[50.0, 10.0], 12.0, [0.0, 100.0]), [50.0, 10.0]);
        assert_eq!(apart(&[50.0, 45.0, 51.0], 10.0, [0.0, 100.0]), [55.0, 45.0, 65.0]);
        assert_eq!(apart(&[98.0, 99.0], 10.0, [0.0, 100.0]), [90.0, 100.0]);
        assert_eq!(apart(&[], 10.0, [0.0, 1.0]), [] as [f64; 0]);
    }
}
