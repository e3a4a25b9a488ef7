//! The rendered lines: what is in them, and that a seed decides it.

use std::collections::HashMap;

use loadgen::{Data, Distribution, Error, LineBytes, Text};
use memchr::memmem;

fn render(change: impl FnOnce(&mut Data)) -> Text {
    let mut options = Data { text_bytes: 4 << 20, ..Data::default() };
    change(&mut options);
    Text::render(&options).unwrap()
}

fn lines(text: &Text) -> impl Iterator<Item = &str> {
    std::str::from_utf8(text.as_bytes()).unwrap().lines()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert!(render(|_| {}).as_bytes() == render(|_| {}).as_bytes());
    assert!(render(|_| {}).as_bytes() != render(|options| options.seed = 2).as_bytes());
}

#[test]
fn a_longer_text_begins_with_the_shorter_one() {
    let (short, long) = (render(|options| options.text_bytes = 1), render(|_| {}));
    assert!(long.as_bytes().starts_with(short.as_bytes()));
    assert!(
        (0..1000).all(|connection| short.first_line(connection) == long.first_line(connection))
    );
}

#[test]
fn lines_are_whole_and_as_long_as_asked_in_the_mean() {
    for line_bytes in [16, 40, 97, 1000, 100_000] {
        let text = render(|options| options.line_bytes = Some(LineBytes::Fixed(line_bytes)));
        assert!(text.as_bytes().ends_with(b"\n"));
        assert_eq!(lines(&text).count(), text.lines());
        assert!(lines(&text).all(|line| !line.is_empty() && line.trim() == line));
        let mean = text.as_bytes().len() as f64 / text.lines() as f64;
        assert!((mean / line_bytes as f64 - 1.0).abs() < 0.01, "{mean} for {line_bytes}");
    }
}

#[test]
fn lines_have_thirteen_words_and_vary_in_length() {
    let text = render(|_| {});
    let words: usize = lines(&text).map(|line| line.split(' ').count()).sum();
    let words_per_line = words as f64 / text.lines() as f64;
    assert!((13.0..13.6).contains(&words_per_line), "{words_per_line}");
    let shortest = lines(&text).map(str::len).min().unwrap();
    let longest = lines(&text).map(str::len).max().unwrap();
    assert!(shortest < 93 && longest > 100, "{shortest} to {longest}");
}

#[test]
fn the_asked_share_of_lines_has_an_error() {
    for share in [0.0, 0.01, 0.5, 1.0] {
        let text = render(|options| options.error_share = share);
        let with_error =
            lines(&text).filter(|line| memmem::find(line.as_bytes(), b"error").is_some());
        let with_word = lines(&text).filter(|line| line.split(' ').any(|word| word == "error"));
        let (with_error, with_word) = (with_error.count(), with_word.count());
        assert_eq!(with_error, with_word, "no line has it as a part of a word");
        // Five standard deviations of as many tosses of a coin.
        let expected = share * text.lines() as f64;
        let tolerance = 5.0 * (expected * (1.0 - share)).sqrt();
        let off = (with_error as f64 - expected).abs();
        assert!(off <= tolerance, "{with_error} lines, {expected} asked");
    }
}

#[test]
fn words_follow_zipfs_law() {
    let text = render(|options| {
        options.keys = 100;
        options.error_share = 0.0;
    });
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for word in lines(&text).flat_map(|line| line.split(' ')) {
        *counts.entry(word).or_default() += 1;
    }
    assert_eq!(counts.len(), 100);
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.cmp(a));
    for (rank, times) in [(1, 2.0), (4, 5.0), (9, 10.0)] {
        let ratio = counts[0] as f64 / counts[rank] as f64;
        assert!((ratio / times - 1.0).abs() < 0.1, "rank {rank}: {ratio}, not {times}");
    }
}

#[test]
fn refusals_name_the_flag_and_the_numbers() {
    type Change = fn(&mut Data);
    let cases: [(Change, &str); 5] = [
        (
            |options| options.error_share = 1.5,
            "--error-share 1.5 is not a share: it must lie between 0 and 1",
        ),
        (
            |options| options.distribution = Distribution::Zipf { skew: -1.0 },
            "--skew -1 is not possible",
        ),
        (|options| options.keys = 0, "--vocabulary 0 is not possible"),
        (
            |options| options.line_bytes = Some(LineBytes::Fixed(15)),
            "--line-bytes 15 is not possible",
        ),
        (|options| options.error_share = f64::NAN, "--error-share NaN is not a share"),
    ];
    for (change, sentence) in cases {
        let mut options = Data::default();
        change(&mut options);
        let Err(refusal @ Error::Usage(_)) = Text::render(&options) else {
            panic!("expected: {sentence}");
        };
        assert!(refusal.to_string().starts_with(sentence), "{refusal}");
    }
}
