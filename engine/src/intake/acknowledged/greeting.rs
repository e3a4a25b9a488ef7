//! The first line of a connection: who speaks, and in which version.

use memchr::memchr;

use super::senders::SenderName;

/// The version of the protocol that is spoken here.
const VERSION: &str = "1";

/// The longest greeting, its newline included.
const MOST_GREETING_BYTES: usize = 128;

/// Why a sender is refused that does not wait for the answer.
pub(super) const TOO_EARLY: &str =
    "lines came before RESUME, which says their numbers: wait for it and send them then";

/// A greeting that is not whole yet.
#[derive(Debug, Default)]
pub(super) struct Greeting {
    heard: Vec<u8>,
}

impl Greeting {
    /// Hears what comes next. Gives the name once the greeting is whole, or why it is none.
    pub(super) fn hear(&mut self, bytes: &[u8]) -> Result<Option<SenderName>, String> {
        let newline = memchr(b'\n', bytes);
        let of_line = &bytes[..newline.unwrap_or(bytes.len())];
        let room = MOST_GREETING_BYTES - 1 - self.heard.len();
        self.heard.extend_from_slice(&of_line[..of_line.len().min(room)]);
        match newline {
            _ if of_line.len() > room => Err(format!(
                "{}, and is longer than {MOST_GREETING_BYTES} bytes",
                self.no_greeting()
            )),
            None => Ok(None),
            Some(newline) => {
                let name = self.read()?;
                if newline + 1 < bytes.len() {
                    return Err(TOO_EARLY.into());
                }
                Ok(Some(name))
            }
        }
    }

    fn read(&self) -> Result<SenderName, String> {
        let text = std::str::from_utf8(&self.heard).map_err(|_| self.no_greeting())?;
        let rest = text.strip_prefix("MILLSTREAM ").ok_or_else(|| self.no_greeting())?;
        let (version, name) = rest.split_once(' ').ok_or_else(|| self.no_greeting())?;
        if version != VERSION {
            return Err(format!(
                "the greeting asks for version {version:?} of the protocol, and this engine speaks \
                 version {VERSION}"
            ));
        }
        SenderName::new(name).ok_or_else(|| {
            format!("{name:?} is no name of a sender: it is 1 to 64 of A-Z a-z 0-9 . _ -")
        })
    }

    fn no_greeting(&self) -> String {
        let heard = self.heard.escape_ascii();
        format!("the first line must be MILLSTREAM {VERSION} NAME, and begins with \"{heard}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hear(text: &str) -> Result<Option<SenderName>, String> {
        Greeting::default().hear(text.as_bytes())
    }

    #[test]
    fn a_greeting_is_heard_in_any_pieces() {
        let text = b"MILLSTREAM 1 sensor-7\n";
        for cut in 0..text.len() {
            let mut greeting = Greeting::default();
            assert_eq!(greeting.hear(&text[..cut]), Ok(None));
            assert_eq!(greeting.hear(&text[cut..]), Ok(SenderName::new("sensor-7")));
        }
    }

    #[test]
    fn what_is_no_greeting_is_told_why() {
        let long = format!("MILLSTREAM 1 {}\n", "x".repeat(120));
        for (said, why) in [
            (
                "GET / HTTP/1.1\r\n",
                "the first line must be MILLSTREAM 1 NAME, and begins with \"GET",
            ),
            ("\n", "the first line must be MILLSTREAM 1 NAME, and begins with \"\""),
            ("MILLSTREAM 1\n", "the first line must be"),
            ("millstream 1 a\n", "the first line must be"),
            ("MILLSTREAM 2 a\n", "the greeting asks for version \"2\" of the protocol"),
            ("MILLSTREAM 01 a\n", "the greeting asks for version \"01\""),
            ("MILLSTREAM 1 \n", "\"\" is no name of a sender"),
            ("MILLSTREAM 1 a\r\n", "\"a\\r\" is no name of a sender"),
            ("MILLSTREAM 1 a b\n", "\"a b\" is no name"),
            ("MILLSTREAM 1 a\nline", "lines came before RESUME"),
            (&long, "and is longer than 128 bytes"),
            (&long[..128], "and is longer than 128 bytes"),
        ] {
            let refusal = hear(said).unwrap_err();
            assert!(refusal.contains(why), "{said:?}: {refusal}");
        }
        assert_eq!(hear(&long[..127]), Ok(None));
        assert!(Greeting::default().hear(b"\xff\xfe\n").unwrap_err().contains("\\xff\\xfe"));
    }

    #[test]
    fn an_endless_greeting_takes_no_memory() {
        let mut greeting = Greeting::default();
        assert!((0..1000).any(|_| greeting.hear(&[b'x'; 100]).is_err()));
        assert!(greeting.heard.len() < MOST_GREETING_BYTES);
    }
}
