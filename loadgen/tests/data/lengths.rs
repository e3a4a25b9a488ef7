//! Lines are as long as asked.

use loadgen::{Data, LineBytes, Preset, Text};

/// The presets that take a length, with the shortest that each may have.
const PRESETS: [(Preset, usize); 3] =
    [(Preset::Words, 16), (Preset::KeyValue, 27), (Preset::Binary, 20)];

const LONGEST: usize = 1 << 20;

/// No word is longer, its space included: by so much may a line of words miss its length.
const WORD: usize = 11;

fn lengths(preset: Preset, line_bytes: &str, text_bytes: usize) -> Vec<usize> {
    let line_bytes: LineBytes = line_bytes.parse().unwrap();
    let asked = Data { preset, line_bytes: Some(line_bytes), text_bytes, ..Data::default() };
    let text = Text::render(&asked).unwrap();
    (0..text.lines()).map(|line| text.line(line).len()).collect()
}

fn mean(lengths: &[usize]) -> f64 {
    lengths.iter().sum::<usize>() as f64 / lengths.len() as f64
}

/// Within five standard deviations of the mean of as many draws with this deviation, and a word in
/// all: what a line of words is too long, the next is too short.
fn assert_mean(lengths: &[usize], expected: f64, deviation: f64, of: &str) {
    let mean = mean(lengths);
    let lines = lengths.len() as f64;
    let tolerance = 5.0 * deviation / lines.sqrt() + WORD as f64 / lines;
    println!("{of}: {mean:.2} bytes in the mean, {expected:.2} expected");
    assert!((mean - expected).abs() < tolerance, "{of}: {mean}, {expected} ± {tolerance}");
}

#[test]
fn fixed_lines_are_all_alike_and_those_of_words_end_whole() {
    for (preset, shortest) in PRESETS {
        for bytes in [shortest, 100, 5_000] {
            let lengths = lengths(preset, &bytes.to_string(), 2 << 20);
            let off = if preset == Preset::Words { WORD } else { 0 };
            assert!(lengths.iter().all(|length| length.abs_diff(bytes) <= off));
            assert_mean(&lengths, bytes as f64, 0.0, &format!("{} {bytes}", preset.name()));
        }
    }
}

#[test]
fn even_lengths_reach_both_ends_and_no_further() {
    for (preset, _) in PRESETS {
        let lengths = lengths(preset, "40..240", 4 << 20);
        let (shortest, longest) = (*lengths.iter().min().unwrap(), *lengths.iter().max().unwrap());
        let off = if preset == Preset::Words { WORD } else { 0 };
        assert!(shortest.abs_diff(40) <= off && longest.abs_diff(240) <= off);
        let deviation = 200.0 / 12f64.sqrt();
        assert_mean(&lengths, 140.0, deviation, &format!("{} 40..240", preset.name()));
    }
}

#[test]
fn exponential_lengths_have_their_mean_but_for_what_a_line_needs() {
    for (preset, shortest) in PRESETS {
        let lengths = lengths(preset, "exp:200", 4 << 20);
        // A length below the shortest becomes that, which adds this much.
        let (mean, least) = (200.0, shortest as f64);
        let expected = least + mean * (-least / mean).exp();
        assert_mean(&lengths, expected, mean, &format!("{} exp:200", preset.name()));
        let beyond = lengths.iter().filter(|&&length| length > 600).count();
        let share = beyond as f64 / lengths.len() as f64;
        assert!((share / (-3.0f64).exp() - 1.0).abs() < 0.2, "{share} of them above 600");
    }
}

#[test]
fn log_normal_lengths_have_their_mean_and_their_median() {
    for (preset, _) in PRESETS {
        let mut lengths = lengths(preset, "lognormal:200/0.5", 4 << 20);
        let deviation = 200.0 * (0.25f64.exp() - 1.0).sqrt();
        assert_mean(&lengths, 200.0, deviation, &format!("{} lognormal:200/0.5", preset.name()));
        lengths.sort_unstable();
        let (median, expected) = (lengths[lengths.len() / 2] as f64, 200.0 * (-0.125f64).exp());
        assert!((median / expected - 1.0).abs() < 0.03, "{median}, not {expected}");
    }
}

#[test]
fn no_length_that_is_drawn_is_too_short_or_too_long() {
    for (preset, shortest) in PRESETS {
        // One in fifty is drawn above a MiB, one in four below 20 bytes.
        let long = lengths(preset, "lognormal:100000/2", 24 << 20);
        let short = lengths(preset, "lognormal:200/2", 1 << 20);
        let off = if preset == Preset::Words { WORD } else { 0 };
        let (longest, least) = (*long.iter().max().unwrap(), *short.iter().min().unwrap());
        assert!(longest.abs_diff(LONGEST) <= off, "{}: {longest}", preset.name());
        assert!(least.abs_diff(shortest) <= off, "{}: {least}", preset.name());
    }
}
