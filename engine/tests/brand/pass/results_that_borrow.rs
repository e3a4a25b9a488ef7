// The result of a key within a batch is a list of its records.

use millstream::{Result, Running, StreamingContext};

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let pairs = lines.map(|line| (line.len(), line));
        let lists = pairs.combine_by_key(
            |line| vec![line],
            |mut list, line| {
                list.push(line);
                list
            },
            |mut list, other| {
                list.extend(other);
                list
            },
        );
        lists.map_values(|list| list.len()).print();
        pairs.group_by_key().persist().flat_map_values(|list| list).print();
        Ok(())
    })
}

fn main() {}
