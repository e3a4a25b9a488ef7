//! What was built, in a few lines: `explain`.

use std::fmt::Write;

use crate::graph::{Graph, SourceKind, Work};
use crate::time::Duration;

/// The graph in words: a line for each source, stage and output.
pub(crate) fn explain(graph: &Graph<'_>) -> String {
    let reaches = graph.reaches();
    let early = graph.early();
    let mut text = String::new();
    let mut line = |args: std::fmt::Arguments<'_>| {
        text.write_fmt(args).expect("a string can always be written to");
        text.push('\n');
    };
    for (id, source) in graph.sources.iter().enumerate() {
        let kept = match reaches.sources[id] {
            None => "; never read".to_string(),
            Some(back) if back > Duration::ZERO => {
                let kept = back + graph.batch_interval;
                format!("; kept for {kept}, for windows of raw records")
            }
            Some(_) => match (&source.kind, &early[id]) {
                (SourceKind::Polled(_), _) => String::new(),
                (_, Some(early)) if early.keep_blocks => {
                    "; blocks worked on as they close, and kept for their batch's turn".into()
                }
                (_, Some(_)) => "; blocks worked on as they close, and gone then".into(),
                (_, None) => "; blocks kept for their batch's turn".into(),
            },
        };
        line(format_args!("source {id}: {}{kept}", source.name));
    }
    for (number, stage) in graph.stages.iter().enumerate() {
        let when = match (reaches.stages[number], &stage.work) {
            (None, _) => "never runs: no output needs it",
            (_, Work::Early(_)) => "map side as blocks close, merge at the batch's turn",
            (_, Work::Always(_)) => "kept from batch to batch",
            (_, Work::WhenAsked) => "at the batch's turn",
        };
        let names = graph.operators.iter().filter(|operator| operator.stage == Some(number));
        let names: Vec<&str> = names.map(|operator| operator.name.as_str()).collect();
        let named = match names[..] {
            [] => String::new(),
            _ => format!(" [{}]", names.join(", ")),
        };
        line(format_args!(
            "stage {number}: {} => {}{named}{}; {when}",
            stage.upstream.text,
            stage.name,
            every(graph, stage.slide),
        ));
    }
    for (number, output) in graph.outputs.iter().enumerate() {
        let every = every(graph, output.slide);
        line(format_args!("output {number}: {} => {}{every}", output.upstream.text, output.name));
    }
    line(format_args!(
        "operators joined by -> are one loop; => ends a loop, and what it ends in is kept for the batch"
    ));
    text
}

/// How often, where it is not with every batch.
fn every(graph: &Graph<'_>, slide: Duration) -> String {
    match slide == graph.batch_interval {
        true => String::new(),
        false => format!(" every {slide}"),
    }
}
