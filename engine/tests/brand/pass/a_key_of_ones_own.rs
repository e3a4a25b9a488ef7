// A struct that says how it is owned is a key.

use millstream::{Key, Result, Running, StreamingContext};

#[derive(Clone, PartialEq, Eq, Hash)]
struct Host<'b>(&'b str);

impl<'b> Key<'b> for Host<'b> {
    type Owned = String;

    fn own(&self) -> String {
        self.0.to_owned()
    }

    fn is(&self, owned: &String) -> bool {
        self.0 == owned
    }

    fn lend(owned: &'b String) -> Self {
        Host(owned)
    }
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        let lines = s.socket_text_stream("localhost:7777");
        let hosts = lines.map(|line| (Host(line), 1));
        hosts.reduce_by_key(|a, b| a + b).map(|(host, n)| (host.0, n)).print();
        Ok(())
    })
}

fn main() {}
