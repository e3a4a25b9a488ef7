//! How far the lines of one sender have come, and what the other side may say of it.

/// Numbers of the protocol: those of lines, from 0, and behind them of an end mark if there is one.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// How many were acknowledged before this run; nothing while that is not known.
    had_before: Option<u64>,
    /// All below this are acknowledged.
    acknowledged: u64,
    /// The next on this connection.
    next: u64,
    /// All below this were sent whole, over whichever connection.
    sent: u64,
    /// The same without an end mark.
    lines_sent: u64,
    /// Lines that were sent once more.
    lines_again: u64,
}

impl Account {
    /// The other side goes on with this number. `all` is how many there are, if that is known. Fails
    /// with a sentence if it must not be.
    pub(super) fn resume(&mut self, next: u64, all: Option<u64>) -> Result<(), String> {
        let acknowledged = self.acknowledged;
        match self.had_before {
            None => {
                if let Some(all) = all.filter(|&all| next > all) {
                    return Err(format!(
                        "the other side has {next} lines of this sender, and this run has {all}: \
                         another one has used its name, so choose another --sender"
                    ));
                }
                self.had_before = Some(next);
                (self.sent, self.lines_sent) = (next, next);
            }
            Some(_) if next < acknowledged => {
                return Err(format!(
                    "the other side goes on with line {next}, and had acknowledged all before \
                     {acknowledged}: it has lost lines, or what it keeps them in"
                ));
            }
            Some(_) if next > self.sent => {
                let sent = self.sent;
                return Err(format!(
                    "the other side goes on with line {next}, and only those before {sent} were \
                     sent: somebody else sends under this name, so choose another --sender"
                ));
            }
            Some(_) => {}
        }
        (self.acknowledged, self.next) = (next, next);
        Ok(())
    }

    /// All below this are acknowledged. Fails with a sentence if they cannot be.
    pub(super) fn acknowledge(&mut self, below: u64) -> Result<(), String> {
        if !(self.acknowledged..=self.next).contains(&below) {
            return Err(format!(
                "the other side acknowledges all lines before {below}, after all before {}, and \
                 those before {} were sent",
                self.acknowledged, self.next
            ));
        }
        self.acknowledged = below;
        Ok(())
    }

    /// Over this connection all lines before this one are sent now, and the end mark behind them or
    /// not.
    pub(super) fn wrote(&mut self, lines: u64, has_mark: bool) {
        let again = lines.min(self.lines_sent).saturating_sub(self.next);
        self.lines_again += again;
        self.lines_sent = self.lines_sent.max(lines);
        self.next = lines + u64::from(has_mark);
        self.sent = self.sent.max(self.next);
    }

    /// How many the other side had before this run, once it has said so.
    pub(super) fn had_before(&self) -> Option<u64> {
        self.had_before
    }

    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// Whether all that was sent over this connection is acknowledged.
    pub(super) fn is_settled(&self) -> bool {
        self.acknowledged == self.next
    }

    /// The first line that was never sent whole.
    pub(super) fn first_unsent(&self) -> u64 {
        self.lines_sent
    }

    /// Lines sent in this run, each counted once.
    pub(super) fn lines(&self) -> u64 {
        self.lines_sent - self.had_before.unwrap_or(0)
    }

    /// Of these, those that are acknowledged.
    pub(super) fn lines_acknowledged(&self) -> u64 {
        self.acknowledged.min(self.lines_sent) - self.had_before.unwrap_or(0).min(self.lines_sent)
    }

    pub(super) fn lines_again(&self) -> u64 {
        self.lines_again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What there is to tell: lines, lines acknowledged, lines sent again.
    fn figures(account: &Account) -> [u64; 3] {
        [account.lines(), account.lines_acknowledged(), account.lines_again()]
    }

    #[test]
    fn lines_count_once_however_often_they_are_sent() {
        let mut account = Account::default();
        account.resume(0, None).unwrap();
        account.wrote(10, false);
        account.acknowledge(4).unwrap();
        assert_eq!(figures(&account), [10, 4, 0]);
        account.resume(6, None).unwrap();
        account.wrote(8, false);
        assert_eq!(figures(&account), [10, 6, 2]);
        account.wrote(15, false);
        account.acknowledge(15).unwrap();
        assert_eq!(figures(&account), [15, 15, 4]);
        assert!(account.is_settled());
    }

    #[test]
    fn what_was_there_before_is_not_this_runs() {
        let mut account = Account::default();
        account.resume(100, Some(150)).unwrap();
        assert_eq!((account.had_before(), figures(&account)), (Some(100), [0, 0, 0]));
        account.wrote(110, false);
        account.acknowledge(105).unwrap();
        assert_eq!(figures(&account), [10, 5, 0]);
    }

    #[test]
    fn an_end_mark_has_a_number_and_is_no_line() {
        let mut account = Account::default();
        account.resume(0, Some(6)).unwrap();
        account.wrote(5, true);
        assert_eq!(figures(&account), [5, 0, 0]);
        account.acknowledge(6).unwrap();
        assert_eq!((figures(&account), account.is_settled()), ([5, 5, 0], true));
        // Nothing is left to send; the other side may say so again.
        account.resume(6, Some(6)).unwrap();
        assert_eq!(figures(&account), [5, 5, 0]);
        // A run that finds everything there.
        let mut account = Account::default();
        account.resume(6, Some(6)).unwrap();
        assert_eq!(figures(&account), [0, 0, 0]);
    }

    #[test]
    fn what_must_not_be_is_told_with_the_numbers() {
        let mut account = Account::default();
        let refusal = account.resume(11, Some(10)).unwrap_err();
        assert!(refusal.contains("has 11 lines of this sender, and this run has 10"), "{refusal}");
        account.resume(0, Some(100)).unwrap();
        account.wrote(10, false);
        for below in [11, 100] {
            let refusal = account.acknowledge(below).unwrap_err();
            assert!(refusal.contains("those before 10 were sent"), "{refusal}");
        }
        account.acknowledge(5).unwrap();
        assert!(account.acknowledge(4).unwrap_err().contains("before 4, after all before 5"));
        let refusal = account.resume(4, Some(100)).unwrap_err();
        assert!(refusal.contains("goes on with line 4, and had acknowledged all before 5"));
        let refusal = account.resume(11, Some(100)).unwrap_err();
        assert!(refusal.contains("line 11, and only those before 10 were sent"), "{refusal}");
        account.resume(10, Some(100)).unwrap();
    }
}
