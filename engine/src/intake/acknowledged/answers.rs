//! What one connection is still to be told, as bytes.

/// No answer is longer, its newline included.
pub(super) const MOST_ANSWER_BYTES: usize = 1024;

/// Answers that are not written yet. However long a sender reads none, there is one of each kind:
/// of acknowledgements the newest says all.
#[derive(Debug, Default)]
pub(super) struct Answers {
    /// The answer that is being written.
    line: Vec<u8>,
    /// What is written of it.
    at: usize,
    resume: Option<u64>,
    acknowledged: Option<u64>,
    refusal: Option<String>,
}

impl Answers {
    pub(super) fn resume(&mut self, next: u64) {
        self.resume = Some(next);
    }

    pub(super) fn acknowledge(&mut self, below: u64) {
        self.acknowledged = Some(below);
    }

    /// Whether the first answer is to be given and has not been begun.
    pub(super) fn resumes(&self) -> bool {
        self.resume.is_some()
    }

    /// The last answer there is. A sender that is refused is not asked to go on.
    pub(super) fn refuse(&mut self, reason: String) {
        self.resume = None;
        self.refusal = Some(reason);
    }

    pub(super) fn is_empty(&self) -> bool {
        let has_line = self.at < self.line.len();
        !has_line && self.resume.is_none() && self.acknowledged.is_none() && self.refusal.is_none()
    }

    /// The bytes that come next: the rest of one answer.
    pub(super) fn unwritten(&mut self) -> &[u8] {
        if self.at == self.line.len() {
            (self.line, self.at) = (self.next_line().unwrap_or_default(), 0);
        }
        &self.line[self.at..]
    }

    /// Notes that so many of them are written.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.line.len());
    }

    fn next_line(&mut self) -> Option<Vec<u8>> {
        if let Some(next) = self.resume.take() {
            Some(format!("RESUME {next}\n").into())
        } else if let Some(below) = self.acknowledged.take() {
            Some(format!("ACK {below}\n").into())
        } else {
            self.refusal.take().map(|reason| refusal(&reason))
        }
    }
}

/// In one line, and cut on a character's boundary where it is too long.
fn refusal(reason: &str) -> Vec<u8> {
    let mut line = format!("REFUSE {}", reason.replace(['\n', '\r'], " "));
    let end =
        (0..MOST_ANSWER_BYTES.min(line.len() + 1)).rev().find(|&at| line.is_char_boundary(at));
    line.truncate(end.unwrap_or(0));
    line.push('\n');
    line.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything, as it is written so many bytes at a time.
    fn written(answers: &mut Answers, step: usize) -> String {
        let mut all = Vec::new();
        while !answers.is_empty() {
            let bytes = answers.unwritten();
            let bytes = bytes[..step.min(bytes.len())].to_vec();
            answers.wrote(bytes.len());
            all.extend(bytes);
        }
        String::from_utf8(all).unwrap()
    }

    #[test]
    fn answers_come_in_order_and_whole_however_they_are_written() {
        for step in [1, 2, 7, 1000] {
            let mut answers = Answers::default();
            answers.refuse("two\nlines".into());
            answers.acknowledge(18);
            answers.resume(17);
            assert_eq!(written(&mut answers, step), "RESUME 17\nACK 18\nREFUSE two lines\n");
        }
    }

    #[test]
    fn of_acknowledgements_that_nobody_reads_the_newest_is_kept() {
        let mut answers = Answers::default();
        answers.acknowledge(1);
        answers.unwritten();
        answers.wrote(1);
        for below in 2..1_000 {
            answers.acknowledge(below);
        }
        assert_eq!(written(&mut answers, 100), "CK 1\nACK 999\n");
        assert!(answers.line.capacity() < 100);
    }

    #[test]
    fn a_refusal_is_no_longer_than_an_answer_may_be() {
        for reason in ["é".repeat(MOST_ANSWER_BYTES), "x".repeat(2 * MOST_ANSWER_BYTES)] {
            let line = String::from_utf8(refusal(&reason)).unwrap();
            assert!((MOST_ANSWER_BYTES - 1..=MOST_ANSWER_BYTES).contains(&line.len()));
            assert!(line.ends_with('\n') && line.matches('\n').count() == 1);
        }
    }
}
