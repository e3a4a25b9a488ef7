//! What is written in front of each line.

/// What a line says of itself beside its text, so that a reader can check the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Label {
    /// Nothing.
    #[default]
    None,
    /// `<connection> <number> ` in front, both from 0: shows order and loss. It comes on top of the
    /// line's length.
    Numbers,
    /// A [`Stamp`](crate::Stamp): where the line comes from, when it was due and sent, and a
    /// checksum; each connection ends with an [`EndMark`](crate::EndMark). They come on top of the
    /// line's length.
    Stamp,
}
