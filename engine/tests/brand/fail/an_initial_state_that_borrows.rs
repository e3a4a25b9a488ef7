// A state begins with something that could hold records.
//@ error: without a code

use millstream::{Result, Running, Scope, StateSpec, StreamingContext};

fn describe<'b>(s: &Scope<'b>) {
    let spec = StateSpec::new().initial_state([(0, Vec::<&'b str>::new())]);
    let pairs = s.queue_stream([vec![(0, 'a')]]);
    pairs.map_with_state(spec, |_, _, _| 0).print();
}

fn attempt(ssc: &StreamingContext) -> Result<Running> {
    ssc.start(|s| {
        describe(s);
        Ok(())
    })
}

fn main() {}
