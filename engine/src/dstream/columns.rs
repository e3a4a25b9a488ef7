//! Typed columns of text.

use std::marker::PhantomData;

use super::DStream;
use crate::columns::Fields;
use crate::pipe::{Field, InFields, OneColumn, Parse, Parser, Pipe, ReadAs, Reader, Reading, Text};

impl<'b, P: Pipe<'b, Item: Text<'b>>> DStream<'b, P> {
    /// Each line as columns between separators, for [`field`](DStream::field) and
    /// [`parse`](DStream::parse). Cost: none; the line is searched when a column is asked for.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lines = s.queue_text_stream([vec!["apples\t3\npears\t5\napples\t4\n".to_string()]]);
    ///     let sold = lines.fields('\t').parse::<(&str, i64)>();
    ///     let sums = sold.reduce_by_key(|a, b| a + b);
    ///     out.collect(&sums.map(|(fruit, sum)| format!("{fruit} {sum}")));
    ///     Ok(())
    /// })?;
    /// assert_eq!(testing::sorted(out), [["apples 7", "pears 5"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn fields(&self, separator: char) -> DStream<'b, InFields<P>> {
        self.with(InFields { pipe: self.pipe.clone(), separator })
    }
}

impl<'b, P: Pipe<'b, Item = Fields<'b>>> DStream<'b, P> {
    /// Column `n` of each line, counted from 0, borrowed from the line. A line without that column
    /// is left out and counted; see [`Conf::unparsed`](crate::Conf::unparsed). Cost: a search
    /// through the line up to the column's end; no copy.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     let lines = s.queue_stream([vec!["GET /a 200", "PING", "GET /b 404"]]);
    ///     out.collect(&lines.fields(' ').field(1).map(str::to_owned));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [["/a", "/b"]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn field(&self, n: usize) -> DStream<'b, Field<'b, P>> {
        self.reading(OneColumn { column: n, _text: PhantomData })
    }
}

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// Each record read as a `T`: a text as one value ([`FromText`](crate::FromText)), the columns
    /// of [`fields`](DStream::fields) as a tuple ([`FromFields`](crate::FromFields)) of its first
    /// columns; what follows them is not looked at. `T` may borrow from the record, as `&str` and
    /// `(&str, i64)` do.
    ///
    /// A record that does not parse is left out and counted in
    /// [`BatchReport::unparsed`](crate::progress::BatchReport::unparsed), or fails its batch where
    /// [`Conf::unparsed`](crate::Conf::unparsed) says so. Cost: a search and a parse a column; no
    /// allocation, unless `T` owns text.
    ///
    /// ```
    /// # use millstream::{secs, testing};
    /// let out = testing::run(secs(1), 1, |s, out| {
    ///     out.collect(&s.queue_stream([vec!["17", "seventeen", "4"]]).parse::<i64>().reduce(|a, b| a + b));
    ///     Ok(())
    /// })?;
    /// assert_eq!(out, [[21]]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn parse<T: 'b>(&self) -> DStream<'b, Parse<P, T>>
    where
        P::Item: ReadAs<T>,
    {
        self.reading(Parser(PhantomData))
    }

    fn reading<R: Reader<P::Item> + 'b>(&self, reader: R) -> DStream<'b, Reading<P, R>>
    where
        P::Item: Copy,
    {
        let unparsed = self.graph.lock().unparsed();
        self.with(Reading { pipe: self.pipe.clone(), reader, unparsed })
    }
}
