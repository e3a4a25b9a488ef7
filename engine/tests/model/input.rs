//! Random input: lines in batches, and how their bytes are cut.

use crate::fault::MARKS;
use crate::seed::Random;

/// Lines by batch.
pub(crate) type Batches = Vec<Vec<String>>;

pub(crate) const MOST_BATCHES: usize = 10;

/// A batch has this many keys once in a while, enough for the shuffle to be divided and for text to
/// be split among tasks.
const MANY_WORDS: usize = 10_000;

const ODD_WORDS: [&str; 14] = [
    "é",
    "żółć",
    "日本語",
    "🦀",
    "e\u{301}",
    "a-word-too-long-for-a-slot",
    "sixteen-bytes-e\u{1}",
    "\u{a0}",
    "\u{2003}x",
    "\0",
    "ÉÉ",
    "a\u{b}b",
    "-",
    "0",
];

/// What stands between words.
const GAPS: [&str; 7] = [" ", " ", " ", ",", "  ", "\t", " \x0c "];

/// Lines for each of `sources` sources in the same number of batches.
pub(crate) fn batches(random: &mut Random, sources: usize, marked: bool) -> Vec<Batches> {
    let most = random.pick(&[MOST_BATCHES / 2, MOST_BATCHES]);
    let batches = 1 + random.below(most);
    let large = random.one_in(100).then(|| random.below(batches));
    (0..sources)
        .map(|source| {
            (0..batches)
                .map(|batch| {
                    let mut lines = match large == Some(batch) && source == 0 {
                        true => many_words(random),
                        false => few_lines(random, batch),
                    };
                    if marked && random.one_in(2) {
                        mark(random, &mut lines, batch);
                    }
                    lines
                })
                .collect()
        })
        .collect()
}

/// At most some dozens of lines; none at all in every fourth batch. Keys come and go, as a batch
/// has words around its number.
fn few_lines(random: &mut Random, batch: usize) -> Vec<String> {
    if random.one_in(4) {
        return Vec::new();
    }
    let most = random.pick(&[1, 5, 40]);
    (0..1 + random.below(most)).map(|_| line(random, batch)).collect()
}

fn line(random: &mut Random, batch: usize) -> String {
    let mut line = String::new();
    if random.one_in(8) {
        return line;
    }
    for _ in 0..random.below(8) {
        if !line.is_empty() || random.one_in(8) {
            line.push_str(random.pick(&GAPS));
        }
        line.push_str(&word(random, batch));
    }
    if random.one_in(10) {
        line.push_str(random.pick(&[" ", "\r", "\r\r"]));
    }
    line
}

fn word(random: &mut Random, batch: usize) -> String {
    match random.below(12) {
        0 | 1 => random.pick(&ODD_WORDS).to_string(),
        2 => "x".repeat(random.pick(&[15, 16, 17, 63, 64, 65, 300])),
        _ => format!("k{}", batch * 3 + random.below(6)),
    }
}

fn many_words(random: &mut Random) -> Vec<String> {
    let first = random.below(1000);
    let words: Vec<String> = (first..first + MANY_WORDS).map(|i| format!("{i}-many")).collect();
    words.chunks(random.pick(&[1, 30])).map(|words| words.join(" ")).collect()
}

/// Puts the batch's mark into one line.
fn mark(random: &mut Random, lines: &mut Vec<String>, batch: usize) {
    let at = random.below(lines.len() + 1);
    let mark = MARKS[batch];
    let (before, after) = random.pick(&[("", ""), ("k1 ", ""), ("", ",é")]);
    lines.insert(at, format!("{before}{mark}{after}"));
}

/// The lines as the blocks of a text queue: some of several lines, some of none, some whose last
/// line has no end.
pub(crate) fn blocks(random: &mut Random, lines: &[String]) -> Vec<String> {
    let mut blocks = vec![String::new()];
    for line in lines {
        if random.one_in(4) {
            blocks.push(String::new());
        }
        let block = blocks.last_mut().expect("there is one from the start");
        block.push_str(line);
        block.push('\n');
    }
    for block in &mut blocks {
        // Without its newline an empty last line would be no line.
        if random.one_in(3) && block.ends_with('\n') && !block.ends_with("\n\n") && block != "\n" {
            block.pop();
        }
    }
    blocks
}

/// The lines as the bytes of a connection, in up to six writes that are cut anywhere.
pub(crate) fn writes(random: &mut Random, lines: &[String]) -> Vec<Vec<u8>> {
    let bytes: Vec<u8> = lines.iter().flat_map(|line| [line, "\n"]).flat_map(str::bytes).collect();
    let mut cuts: Vec<usize> =
        (0..random.below(6)).map(|_| random.below(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|cut| bytes[cut[0]..cut[1]].to_vec()).collect()
}
