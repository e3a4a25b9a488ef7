//! Steps over windows.

use millstream::{BoxError, Window};

use crate::build::{Stream, both, counted, grouped, keyed, spread, unkeyed};
use crate::pipeline::{Span, Step};
use crate::value::Value;

pub(crate) fn step<'b>(step: &Step, stream: &Stream<'b>) -> Result<Stream<'b>, BoxError> {
    Ok(match step {
        Step::Window(span) => stream.window(window(span)?).boxed(),
        Step::ReduceByWindow { by, inverse, span } => {
            let window = window(span)?;
            match inverse {
                None => stream.reduce_by_window(both(by), window).boxed(),
                Some(inverse) => {
                    stream.reduce_by_window_with_inverse(both(by), both(inverse), window).boxed()
                }
            }
        }
        Step::CountByWindow(span) => {
            stream.count_by_window(window(span)?).map(|n| Value::Int(n as i64)).boxed()
        }
        Step::CountByValueAndWindow(span, n) => {
            spread(counted(&stream.count_by_value_and_window(window(span)?).boxed()), *n)
        }
        Step::GroupByKeyAndWindow(span, n) => {
            spread(grouped(&keyed(stream).group_by_key_and_window(window(span)?).boxed()), *n)
        }
        Step::ReduceByKeyAndWindow { by, inverse, filter, span, partitions } => {
            let (pairs, window) = (keyed(stream), window(span)?);
            let filter = filter.clone().map(|keep| {
                move |pair: &(Value, Value)| keep(&Value::pair(pair.0.clone(), pair.1.clone()))
            });
            let reduced = match (inverse, filter) {
                (None, None) => pairs.reduce_by_key_and_window(both(by), window).boxed(),
                (None, Some(keep)) => {
                    pairs.reduce_by_key_and_window(both(by), window).filter(keep).boxed()
                }
                (Some(inverse), None) => {
                    let (f, inverse) = (both(by), both(inverse));
                    pairs.reduce_by_key_and_window_with_inverse(f, inverse, window).boxed()
                }
                (Some(inverse), Some(keep)) => {
                    let (f, inverse) = (both(by), both(inverse));
                    pairs
                        .reduce_by_key_and_window_with_inverse_and_filter(f, inverse, keep, window)
                        .boxed()
                }
            };
            spread(unkeyed(&reduced), *partitions)
        }
        _ => unreachable!("only steps over windows are given"),
    })
}

fn window(span: &Span) -> Result<Window, BoxError> {
    let length = span.length.duration()?;
    Ok(match span.slide {
        Some(slide) => Window::sliding(length, slide.duration()?),
        None => Window::every_batch(length),
    })
}
