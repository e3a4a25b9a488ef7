// Lines of files are saved as text, and their words in a format of the program's own.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.text_file_stream("in");
        lines.save_as_text_files("out/lines", "txt");
        let counts = lines.words().map(|w| (w, 1u64)).reduce_by_key(|a, b| a + b);
        counts.save_as_files("out/counts", "", |(word, n), out| {
            out.extend_from_slice(word.as_bytes());
            out.extend(n.to_le_bytes());
        });
        Ok(())
    })
}

fn main() {}
