//! Pipes that read typed values from text, and count what cannot be read.

use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::panic::resume_unwind;

use super::sealed::Sealed;
use super::{Pipe, Text, Trace};
use crate::batch::{Batch, StageFailed};
use crate::columns::parsing::{BadColumn, FromFields, FromText};
use crate::columns::{Fields, quoted};
use crate::conf::Unparsed;
use crate::tally::Tally;

/// See [`DStream::fields`](crate::DStream::fields).
#[derive(Clone)]
pub struct InFields<P> {
    pub(crate) pipe: P,
    pub(crate) separator: char,
}

/// See [`DStream::field`](crate::DStream::field).
pub type Field<'b, P> = Reading<P, OneColumn<'b>>;

/// See [`DStream::parse`](crate::DStream::parse).
pub type Parse<P, T> = Reading<P, Parser<T>>;

impl<P> Sealed for InFields<P> {}

impl<'b, P: Pipe<'b, Item: Text<'b>>> Pipe<'b> for InFields<P> {
    type Item = Fields<'b>;
    type Plan = P::Plan;

    fn prepare(&self, batch: &Batch<'b>) -> P::Plan {
        self.pipe.prepare(batch)
    }

    fn partitions(&self, plan: &P::Plan) -> usize {
        self.pipe.partitions(plan)
    }

    fn known_records(&self, plan: &P::Plan, partition: usize) -> Option<usize> {
        self.pipe.known_records(plan, partition).filter(|records| *records == 0)
    }

    #[inline]
    fn run<S>(&self, plan: &P::Plan, partition: usize, sink: S) -> ControlFlow<()>
    where
        S: FnMut(Fields<'b>) -> ControlFlow<()>,
    {
        self.pipe.run_columns(plan, partition, self.separator, sink)
    }

    fn count(&self, plan: &P::Plan, partition: usize) -> u64 {
        self.pipe.count(plan, partition)
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then("fields")
    }
}

/// A pipe with an operator at its end that reads a value from each record, where there is one.
#[derive(Clone)]
pub struct Reading<P, R> {
    pub(crate) pipe: P,
    pub(crate) reader: R,
    pub(crate) unparsed: Unparsed,
}

/// What reads a value from a record.
#[doc(hidden)]
pub trait Reader<In>: Sealed + Clone + Send + Sync {
    /// What it is called.
    const NAME: &'static str;

    /// What it reads.
    type Out;

    /// The value.
    fn read(&self, item: In) -> Result<Self::Out, BadColumn>;

    /// The sentence for a record of which `read` has said `bad`.
    fn complaint(&self, item: In, bad: BadColumn) -> String;
}

/// The plan of a [`Reading`].
#[doc(hidden)]
pub struct Counted<Plan> {
    upstream: Plan,
    unparsed: Tally,
}

impl<P, R> Sealed for Reading<P, R> {}

impl<'b, P: Pipe<'b, Item: Copy>, R: Reader<P::Item> + 'b> Pipe<'b> for Reading<P, R> {
    type Item = R::Out;
    type Plan = Counted<P::Plan>;

    fn prepare(&self, batch: &Batch<'b>) -> Self::Plan {
        let upstream = self.pipe.prepare(batch);
        let unparsed = batch.unparsed().open(self.pipe.partitions(&upstream));
        Counted { upstream, unparsed }
    }

    fn partitions(&self, plan: &Self::Plan) -> usize {
        self.pipe.partitions(&plan.upstream)
    }

    #[inline]
    fn run<S>(&self, plan: &Self::Plan, partition: usize, mut sink: S) -> ControlFlow<()>
    where
        S: FnMut(R::Out) -> ControlFlow<()>,
    {
        let mut unparsed = 0;
        let end = self.pipe.run(&plan.upstream, partition, |item| match self.reader.read(item) {
            Ok(value) => sink(value),
            Err(bad) => {
                unparsed += 1;
                if self.unparsed == Unparsed::Fail {
                    plan.unparsed.ended(partition, unparsed);
                    fail(self.reader.complaint(item, bad));
                }
                ControlFlow::Continue(())
            }
        });
        plan.unparsed.ended(partition, unparsed);
        end
    }

    fn trace(&self) -> Trace {
        self.pipe.trace().then(R::NAME)
    }
}

/// Fails the stage at once: the same text would not parse at another attempt.
#[cold]
fn fail(complaint: String) -> ! {
    let reason = format!(
        "{complaint}; mend the sender, or leave such records out with \
         Conf::unparsed(Unparsed::Skip)"
    );
    resume_unwind(Box::new(StageFailed { reason }))
}

/// The reader of [`Field`].
#[derive(Clone)]
pub struct OneColumn<'b> {
    pub(crate) column: usize,
    pub(crate) _text: PhantomData<fn() -> &'b str>,
}

impl Sealed for OneColumn<'_> {}

impl<'b> Reader<Fields<'b>> for OneColumn<'b> {
    const NAME: &'static str = "field";
    type Out = &'b str;

    #[inline]
    fn read(&self, item: Fields<'b>) -> Result<&'b str, BadColumn> {
        item.get(self.column).ok_or(BadColumn { column: self.column, expected: "text" })
    }

    fn complaint(&self, item: Fields<'b>, bad: BadColumn) -> String {
        bad_column_of(item, bad)
    }
}

/// The reader of [`Parse`].
pub struct Parser<T>(pub(crate) PhantomData<fn() -> T>);

impl<T> Clone for Parser<T> {
    fn clone(&self) -> Self {
        Parser(PhantomData)
    }
}

impl<T> Sealed for Parser<T> {}

impl<T, In: ReadAs<T>> Reader<In> for Parser<T> {
    const NAME: &'static str = "parse";
    type Out = T;

    #[inline]
    fn read(&self, item: In) -> Result<T, BadColumn> {
        item.read()
    }

    fn complaint(&self, item: In, bad: BadColumn) -> String {
        item.complaint(bad)
    }
}

/// Records that may be read as a `T`: text where `T` is [`FromText`], [`Fields`] where it is
/// [`FromFields`].
#[diagnostic::on_unimplemented(
    message = "records of type `{Self}` cannot be parsed as `{T}`",
    note = "a text is parsed as one value (`FromText`), fields as a tuple of them (`FromFields`)"
)]
pub trait ReadAs<T>: Sealed + Copy {
    /// The value.
    #[doc(hidden)]
    fn read(self) -> Result<T, BadColumn>;

    /// The sentence for a record of which `read` has said `bad`.
    #[doc(hidden)]
    fn complaint(self, bad: BadColumn) -> String;
}

impl<'b, T: FromText<'b>> ReadAs<T> for &'b str {
    #[inline]
    fn read(self) -> Result<T, BadColumn> {
        T::from_text(self).ok_or(BadColumn { column: 0, expected: std::any::type_name::<T>() })
    }

    fn complaint(self, bad: BadColumn) -> String {
        format!("the text {} is no {}", quoted(self), bad.expected)
    }
}

impl Sealed for Fields<'_> {}

impl<'b, T: FromFields<'b>> ReadAs<T> for Fields<'b> {
    #[inline]
    fn read(self) -> Result<T, BadColumn> {
        T::from_fields(self)
    }

    fn complaint(self, bad: BadColumn) -> String {
        bad_column_of(self, bad)
    }
}

fn bad_column_of(fields: Fields<'_>, BadColumn { column, expected }: BadColumn) -> String {
    let line = quoted(fields.line());
    match fields.get(column) {
        Some(text) => {
            let text = quoted(text);
            format!("{text}, column {column} (counted from 0) of {line}, is no {expected}")
        }
        None => {
            format!(
                "column {column} (counted from 0), which should be {expected}, is missing in {line}"
            )
        }
    }
}
