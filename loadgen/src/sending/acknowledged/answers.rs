//! What the other side says, read from bytes that come in pieces.

use std::collections::VecDeque;

/// No answer is longer, its newline included.
const MOST_BYTES: usize = 1024;

/// Of something that is no answer, so much is shown.
const SHOWN_BYTES: usize = 60;

/// One line of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The next line has this number.
    Resume(u64),
    /// The lines before this one are acknowledged.
    Acknowledged(u64),
    /// No, for this reason, which is printable.
    Refused(String),
}

/// What has come and is not answered to.
#[derive(Debug, Default)]
pub(super) struct Answers {
    bytes: VecDeque<u8>,
}

impl Answers {
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// The next answer, if it has come whole. Fails with a sentence if it is none.
    pub(super) fn next(&mut self) -> Result<Option<Answer>, String> {
        let end = self.bytes.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(self.bytes.len()) >= MOST_BYTES {
            let beginning: Vec<u8> = self.bytes.iter().take(SHOWN_BYTES).copied().collect();
            return Err(format!(
                "it says a line of more than {MOST_BYTES} bytes, which begins with \"{}\"",
                beginning.escape_ascii()
            ));
        }
        let Some(end) = end else { return Ok(None) };
        let line: Vec<u8> = self.bytes.drain(..=end).take(end).collect();
        read(&line).map(Some).ok_or_else(|| {
            let shown = line[..line.len().min(SHOWN_BYTES)].escape_ascii();
            format!("it does not speak the protocol: it says \"{shown}\"")
        })
    }
}

fn read(line: &[u8]) -> Option<Answer> {
    let (word, rest) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    match word {
        "RESUME" => number(rest).map(Answer::Resume),
        "ACK" => number(rest).map(Answer::Acknowledged),
        "REFUSE" => Some(Answer::Refused(printable(rest))),
        _ => None,
    }
}

/// A text of which nothing is an order to a terminal: what is not shown as itself is escaped.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        // The others have no width, or turn the direction of what follows.
        let is_hidden = matches!(c,
            '\u{61c}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || is_hidden {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Written in the one form that it may have.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(answers: &mut Answers) -> Vec<Answer> {
        std::iter::from_fn(|| answers.next().unwrap()).collect()
    }

    #[test]
    fn answers_are_read_whatever_the_pieces() {
        let said = "RESUME 0\nACK 17\nACK 18446744073709551615\nREFUSE too many senders: 7\n";
        let expected = [
            Answer::Resume(0),
            Answer::Acknowledged(17),
            Answer::Acknowledged(u64::MAX),
            Answer::Refused("too many senders: 7".into()),
        ];
        for piece in 1..said.len() {
            let mut answers = Answers::default();
            let mut read = Vec::new();
            for bytes in said.as_bytes().chunks(piece) {
                answers.hear(bytes);
                read.extend(all(&mut answers));
            }
            assert_eq!(read, expected, "in pieces of {piece}");
        }
    }

    #[test]
    fn a_refusal_gives_a_terminal_no_orders() {
        let mut answers = Answers::default();
        answers.hear(
            "REFUSE \u{1b}]0;owned\u{7}\u{1b}[2J\r\u{9b}31m\u{202e}\u{61c}na\u{ef}ve\u{7f}\n"
                .as_bytes(),
        );
        let shown = r"\u{1b}]0;owned\u{7}\u{1b}[2J\r\u{9b}31m\u{202e}\u{61c}naïve\u{7f}";
        assert_eq!(all(&mut answers), [Answer::Refused(shown.into())]);
    }

    #[test]
    fn what_is_no_answer_is_told() {
        for said in [
            "\n",
            "ACK\n",
            "ACK \n",
            "ACK 01\n",
            "ACK +1\n",
            "ACK 1 \n",
            "ACK 1\r\n",
            "ACK -1\n",
            "ack 1\n",
            "RESUME 18446744073709551616\n",
            "HTTP/1.1 400 Bad Request\r\n",
            "\u{e9}\n",
        ] {
            let mut answers = Answers::default();
            answers.hear(said.as_bytes());
            let refusal = answers.next().unwrap_err();
            assert!(refusal.starts_with("it does not speak the protocol: it says \""), "{refusal}");
        }
        let mut answers = Answers::default();
        answers.hear(&[b'x'; MOST_BYTES - 1]);
        assert_eq!(answers.next(), Ok(None));
        answers.hear(b"x");
        let refusal = answers.next().unwrap_err();
        assert!(refusal.contains("more than 1024 bytes") && refusal.len() < 200, "{refusal}");
    }
}
