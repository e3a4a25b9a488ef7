//! What the records of a source are, and what may be in one.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::conf::InvalidUtf8;
use crate::framing::{Framing, RecordLimit, RecordsOf};
use crate::progress::LineCounts;
use crate::text::{mended_lines, mended_text};

/// What the records of a source are.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Form {
    /// Lines of UTF-8.
    Text(InvalidUtf8),
    /// Any bytes.
    Bytes(Framing),
}

/// What may be in a record, and what frames it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordPolicy {
    pub(crate) limit: RecordLimit,
    pub(crate) form: Form,
}

impl RecordPolicy {
    /// The same for records of any bytes, or of text still where there is no framing.
    pub(crate) fn framed(self, framing: Option<Framing>) -> Self {
        RecordPolicy { form: framing.map_or(self.form, Form::Bytes), ..self }
    }

    /// What is between its records.
    pub(crate) fn framing(&self) -> Framing {
        match self.form {
            Form::Text(_) => Framing::Lines,
            Form::Bytes(framing) => framing,
        }
    }

    pub(super) fn records_of<'t>(&self, bytes: &'t [u8]) -> RecordsOf<'t> {
        RecordsOf { bytes, framing: self.framing(), max_bytes: self.limit.max_bytes }
    }

    /// The lines of `bytes` as they are to be kept, where they are not that, and what became of them.
    pub(super) fn mended(&self, bytes: &Bytes) -> Option<(Bytes, LineCounts)> {
        match self.form {
            Form::Text(invalid_utf8) => mended_text(bytes, self.limit, invalid_utf8),
            Form::Bytes(Framing::Lines) => mended_lines(bytes, self.limit),
            Form::Bytes(Framing::LengthPrefixed | Framing::Fixed(_)) => None,
        }
    }
}
