//! Outputs that write files: a folder for each batch.

use std::fmt::{self, Write};

use super::DStream;
use crate::error::{Error, Result};
use crate::pipe::Pipe;
use crate::show::Show;

impl<'b, P: Pipe<'b>> DStream<'b, P> {
    /// Writes every batch, empty ones included, as a folder of text: `PREFIX-TIMEMS.SUFFIX`, with a
    /// file `part-00000` and so on for each partition, a line for each record as
    /// [`print`](DStream::print) would show it, and an empty file `_SUCCESS`. An empty prefix drops
    /// `PREFIX-`, an empty suffix `.SUFFIX`; a prefix may have directories, which are made.
    ///
    /// The folder appears whole or not at all, and is durable when the batch is done. A batch that
    /// is run again replaces its folder; for the moment of two renames there is none. Where it
    /// cannot be written, that is the output's failure: the batch is reported, the stream goes on,
    /// and `await_termination` returns it. Two outputs of one prefix and suffix make the start
    /// fail, and so does a prefix with a scheme, as in `hdfs://host/counts`, or a suffix with a `/`.
    ///
    /// Cost: the batch's bytes in memory, written by a thread of their own while the driver waits;
    /// a sync for each partition and three more.
    ///
    /// ```
    /// # use millstream::{Conf, secs, testing};
    /// use millstream::disk::{Disk, MemoryDisk};
    /// let disk = MemoryDisk::default();
    /// let conf = Conf::new("counts").parallelism(1).disk(disk.clone());
    /// testing::run_with::<()>(conf, secs(1), 1, |s, _| {
    ///     let words = s.queue_stream([vec!["to", "be", "to"]]);
    ///     words.map(|w| (w, 1)).reduce_by_key(|a, b| a + b).save_as_text_files("out/counts", "txt");
    ///     Ok(())
    /// })?;
    /// assert_eq!(disk.read("out/counts-1000.txt/part-00000".as_ref()).unwrap(), b"(to,2)\n(be,1)\n");
    /// assert_eq!(disk.read("out/counts-1000.txt/_SUCCESS".as_ref()).unwrap(), b"");
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn save_as_text_files(&self, prefix: impl Into<String>, suffix: impl Into<String>)
    where
        P::Item: Show,
    {
        self.save("save_as_text_files", prefix.into(), suffix.into(), |item, out| {
            item.show(&mut Utf8(out)).expect("a vector can always be written to");
            out.push(b'\n');
        });
    }

    /// As [`save_as_text_files`](DStream::save_as_text_files), but `format` writes each record. It
    /// is the original's `saveAsHadoopFiles`. Cost: as that.
    ///
    /// ```
    /// # use millstream::{Conf, secs, testing};
    /// use millstream::disk::{Disk, MemoryDisk};
    /// let disk = MemoryDisk::default();
    /// let conf = Conf::new("numbers").parallelism(1).disk(disk.clone());
    /// testing::run_with::<()>(conf, secs(1), 1, |s, _| {
    ///     let numbers = s.queue_stream([vec![1u16, 258]]);
    ///     numbers.save_as_files("numbers", "", |n, out| out.extend(n.to_be_bytes()));
    ///     Ok(())
    /// })?;
    /// assert_eq!(disk.read("numbers-1000/part-00000".as_ref()).unwrap(), [0, 1, 1, 2]);
    /// # Ok::<(), millstream::Error>(())
    /// ```
    pub fn save_as_files<F>(&self, prefix: impl Into<String>, suffix: impl Into<String>, format: F)
    where
        F: Fn(P::Item, &mut Vec<u8>) + Clone + Send + Sync + 'static,
    {
        self.save("save_as_files", prefix.into(), suffix.into(), format);
    }

    fn save(
        &self,
        name: &'static str,
        prefix: String,
        suffix: String,
        format: impl Fn(P::Item, &mut Vec<u8>) + Send + Sync + 'static,
    ) {
        if let Err(error) = check_names(name, &prefix, &suffix) {
            self.graph.lock().refuse(error);
        }
        let writer = self.graph.lock().writer(folder_of(&prefix, "TIMEMS", &suffix));
        self.output(name, move |rdd, time| {
            let parts = rdd.render(name, &format);
            let folder = folder_of(&prefix, time.as_millis(), &suffix);
            Ok(writer.write(folder.into(), parts, rdd.cancelled())?)
        });
    }
}

/// Refuses what would be a folder elsewhere than where it seems to be.
fn check_names(operation: &'static str, prefix: &str, suffix: &str) -> Result {
    let refused = |what, got: &str, want| {
        Err(Error::Argument { operation, what, got: format!("{got:?}"), want })
    };
    if prefix.contains("://") || prefix.contains('\0') {
        return refused("the prefix", prefix, "a path of this machine, without a scheme");
    }
    if suffix.contains(['/', '\0']) {
        let want = "the end of a name, without `/`; directories go into the prefix";
        return refused("the suffix", suffix, want);
    }
    Ok(())
}

/// The folder of the batch at `millis`, as the original names it.
fn folder_of(prefix: &str, millis: impl fmt::Display, suffix: &str) -> String {
    let dash = if prefix.is_empty() { "" } else { "-" };
    let dot = if suffix.is_empty() { "" } else { "." };
    format!("{prefix}{dash}{millis}{dot}{suffix}")
}

/// Bytes that are written to as text.
struct Utf8<'a>(&'a mut Vec<u8>);

impl Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_as_the_original_names_them() {
        assert_eq!(folder_of("out/counts", 1000, "txt"), "out/counts-1000.txt");
        assert_eq!(folder_of("", 1000, "txt"), "1000.txt");
        assert_eq!(folder_of("counts", 1000, ""), "counts-1000");
        assert_eq!(folder_of("", 1000, ""), "1000");
    }
}
