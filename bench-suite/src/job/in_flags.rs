//! What the engine says of its settings, in the words of the command line.

/// Settings as sentences of the engine call them, and what is given for them here.
const FLAGS: &[(&str, &str)] = &[
    ("set Conf::receiver_token or Conf::allow_addresses", "give --token-file"),
    ("Conf::memory_bytes", "--memory"),
    ("Conf::max_rate", "--max-rate"),
    ("Conf::max_backlog", "--max-backlog"),
    ("Conf::write_ahead_log", "--write-ahead-log"),
];

/// The sentence with the flags of `job` where there are such.
pub(super) fn in_flags(sentence: &str) -> String {
    let said = sentence.to_owned();
    FLAGS.iter().fold(said, |said, (setting, flag)| said.replace(setting, flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_named_as_flags_and_all_else_stays() {
        let said = "raise Conf::memory_bytes (1 MiB), or Conf::idle_timeout";
        assert_eq!(in_flags(said), "raise --memory (1 MiB), or Conf::idle_timeout");
    }
}
