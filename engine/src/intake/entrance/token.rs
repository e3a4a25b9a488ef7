//! The first line of a connection, where one is wanted: `TOKEN SECRET`.

use crate::secret::{MOST_SECRET_BYTES, Secret};

const WORD: &[u8] = b"TOKEN ";

/// The longest line that can be one, its newline included.
pub(super) const MOST_LINE_BYTES: usize = WORD.len() + MOST_SECRET_BYTES + 1;

/// What has come of the line.
#[derive(Debug, Default)]
pub(super) struct TokenLine {
    shown: Vec<u8>,
}

/// What is to be said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is not whole.
    Unfinished,
    Right,
    Wrong,
}

impl TokenLine {
    /// Takes in what comes next, a newline at its end at most.
    pub(super) fn hear(&mut self, bytes: &[u8], secret: &Secret) -> Judged {
        self.shown.extend_from_slice(&bytes[..bytes.len().min(MOST_LINE_BYTES)]);
        match self.shown.strip_suffix(b"\n") {
            Some(line) => {
                let shown = line.strip_prefix(WORD);
                if shown.is_some_and(|shown| secret.is(shown)) {
                    Judged::Right
                } else {
                    Judged::Wrong
                }
            }
            None if self.shown.len() >= MOST_LINE_BYTES => Judged::Wrong,
            None => Judged::Unfinished,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conf::Conf;

    const SECRET: &str = "0123456789abcdef";

    fn hear(pieces: &[&[u8]]) -> Judged {
        let secret = Conf::new("t").receiver_token(SECRET).exposure.token.unwrap();
        let mut line = TokenLine::default();
        let mut judged = Judged::Unfinished;
        for piece in pieces {
            assert_eq!(judged, Judged::Unfinished);
            judged = line.hear(piece, &secret);
        }
        assert!(line.shown.len() <= 2 * MOST_LINE_BYTES);
        judged
    }

    #[test]
    fn it_is_heard_in_any_pieces() {
        let whole = format!("TOKEN {SECRET}\n");
        for cut in 1..whole.len() {
            let (one, other) = whole.as_bytes().split_at(cut);
            assert_eq!(hear(&[one, other]), Judged::Right);
        }
        let bytes: Vec<&[u8]> = whole.as_bytes().chunks(1).collect();
        assert_eq!(hear(&bytes), Judged::Right);
    }

    #[test]
    fn whatever_else_comes_is_wrong() {
        for wrong in [
            "\n",
            "TOKEN\n",
            "TOKEN \n",
            "0123456789abcdef\n",
            "token 0123456789abcdef\n",
            "TOKEN 0123456789abcdeF\n",
            "TOKEN  0123456789abcdef\n",
            "TOKEN 0123456789abcdef \n",
            "TOKEN 0123456789abcdef\r\n",
            "GET / HTTP/1.1\n",
        ] {
            assert_eq!(hear(&[wrong.as_bytes()]), Judged::Wrong, "{wrong:?}");
        }
        assert_eq!(hear(&[&[b'x'; MOST_LINE_BYTES]]), Judged::Wrong);
        assert_eq!(hear(&[&[b'x'; MOST_LINE_BYTES - 1]]), Judged::Unfinished);
    }
}
