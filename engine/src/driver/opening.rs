//! How a driver opens the durable files of its stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Orders;
use crate::directory::Taken;
use crate::error::{Error, Result};
use crate::graph::{Graph, Source, SourceKind, place_of};
use crate::journal::{Journal, Recovered, SendersBySource};
use crate::occasional::Occasional;
use crate::replica::{Hooks, Mirror};
use crate::writer::Keeping;

/// The durable files of the stream, where it has any, and what is to be gone on from. `runs` will say that it has
/// started.
pub(super) fn opened(
    orders: &Orders,
    graph: &Graph<'_>,
    runs: &Arc<AtomicBool>,
) -> Result<(Option<Journal>, Recovered)> {
    let conf = &orders.engine.parts().conf;
    let Some(durability) = &orders.durability else {
        return match conf.replica {
            None => Ok((None, Recovered::default())),
            Some(_) => Err(Error::Setting {
                setting: "Conf::replica",
                got: "set, and there is no directory to be kept twice".to_owned(),
                want: "left out, or the context be given a checkpoint directory, by \
                       StreamingContext::get_or_create or checkpoint"
                    .to_owned(),
            }),
        };
    };
    let taken = Taken::take(conf.disk.clone(), &durability.directory, &conf.app_name)?;
    let (taken, mirror) = match &conf.replica {
        None => (taken, None),
        Some(at) => {
            let here = (conf.disk.clone(), &*durability.directory);
            let limit = conf.replica_limit()?;
            let (mirror, found) =
                Mirror::open(at, limit, here, &conf.app_name, hooks(orders, runs, durability.log))?;
            found.into_iter().for_each(|sentence| orders.progress.warn(sentence));
            (taken.on(mirror.disk()), Some(mirror))
        }
    };
    let may_go_on = |recovered: &Recovered| durability.check(recovered);
    let (journal, mut recovered) = Journal::of(taken.identified()?, mirror, may_go_on)?;
    for name in recovered.find_sources(|id, name| place_of(graph.source_names(), id, name)) {
        orders.progress.warn(format!(
            "the log has records of the source {name:?}, which is not in the graph; they are left out, and what \
             no batch had been given is kept in the log, which grows until a start has that source again"
        ));
    }
    warn_of_senders_left(&recovered.senders, graph, orders);
    Ok((Some(journal), recovered))
}

/// What a link to a replica asks of the stream, and tells it.
fn hooks(orders: &Orders, runs: &Arc<AtomicBool>, is_logged: bool) -> Hooks {
    let (progress, status, runs) = (orders.progress.clone(), orders.status.clone(), runs.clone());
    Hooks {
        warn: Arc::new(move |sentence| progress.warn(sentence)),
        is_starting: Box::new(move || !runs.load(Ordering::Relaxed)),
        given_up: Box::new(move || status.waits_no_more()),
        is_logged,
    }
}

/// The longest line of which a parcel with it fits into a frame of the log, also mended: that is three times as long.
const MOST_LOGGED_LINE_BYTES: usize = 1 << 28;

/// Whether what is received is logged. Fails where the settings or the graph do not go with that: a log without a
/// directory, longer lines than it can hold, items that nobody can write down; or lines to be acknowledged, which
/// they are once they are logged, and no log.
pub(super) fn is_logged(graph: &Graph<'_>, orders: &Orders) -> Result<bool> {
    let conf = &orders.engine.parts().conf;
    check_copies(graph, orders)?;
    let is_acknowledged = |source: &&Source| matches!(source.kind, SourceKind::Acknowledged(..));
    let refuse = |setting, got, want| Err(Error::Setting { setting, got, want });
    match (&orders.durability, graph.sources.iter().find(is_acknowledged)) {
        (Some(durability), _) if durability.log => {
            if conf.max_line_bytes > MOST_LOGGED_LINE_BYTES {
                return refuse(
                    "Conf::max_line_bytes",
                    conf.max_line_bytes.to_string(),
                    format!("at most {MOST_LOGGED_LINE_BYTES} with Conf::write_ahead_log"),
                );
            }
            graph.check_logged().map(|()| true)
        }
        (_, Some(source)) => Err(Error::NotLogged { source_name: source.name.to_string() }),
        (None, None) if conf.write_ahead_log => refuse(
            "Conf::write_ahead_log",
            "on, and there is no directory for the log".into(),
            "off, or the context be given a checkpoint directory, by StreamingContext::get_or_create or \
             checkpoint"
                .into(),
        ),
        _ => Ok(false),
    }
}

/// Says that what is received is in no copy, where there is a replica and no log.
pub(super) fn warn_of_what_no_copy_has(graph: &Graph<'_>, orders: &Orders, is_logged: bool) {
    let has_replica = orders.engine.parts().conf.replica.is_some();
    let receives = |source: &&Source| match &source.kind {
        SourceKind::Dial(..) | SourceKind::Listen(..) | SourceKind::Acknowledged(..) => true,
        SourceKind::Polled(poll) => poll.receives(),
    };
    if let (true, false, Some(source)) =
        (has_replica, is_logged, graph.sources.iter().find(receives))
    {
        orders.progress.warn(format!(
            "the replica has a copy of checkpoints alone: what {} receives is in no log, and what has come since \
             the last checkpoint is lost with this process; set Conf::write_ahead_log for it to be in both \
             copies before it counts",
            source.name
        ));
    }
}

/// Fails where the level of a source asks for a second copy, and there is none.
fn check_copies(graph: &Graph<'_>, orders: &Orders) -> Result {
    let conf = &orders.engine.parts().conf;
    let is_logged = orders.durability.as_ref().is_some_and(|durability| durability.log);
    let has_copies = is_logged && conf.replica.is_some();
    let wants_them = |source: &&Source| {
        !matches!(source.kind, SourceKind::Polled(_)) && source.level.copies() > 1
    };
    match graph.sources.iter().find(wants_them).filter(|_| !has_copies) {
        None => Ok(()),
        Some(source) => Err(Error::Setting {
            setting: "a storage level",
            got: format!("{} of {}, without a log that has two copies", source.level, source.name),
            want: "one without _2, or Conf::write_ahead_log with a checkpoint directory and \
                   Conf::replica"
                .into(),
        }),
    }
}

/// Says whose numbers are kept for a source that is not in the graph.
fn warn_of_senders_left(senders: &SendersBySource, graph: &Graph<'_>, orders: &Orders) {
    let is_acknowledged = |source: &&Source| matches!(source.kind, SourceKind::Acknowledged(..));
    let names: Vec<&str> =
        graph.sources.iter().filter(is_acknowledged).map(|source| &*source.name).collect();
    for source in senders.others(&names) {
        orders.progress.warn(format!(
            "the log knows senders of the source {source:?}, which is not in the graph; how far their lines \
             have come is kept for when it is"
        ));
    }
}

/// What the writer's thread needs to keep a journal.
pub(super) fn keeping(
    journal: Journal,
    graph: &Graph<'_>,
    orders: &Orders,
    waits_for_room: Arc<AtomicBool>,
) -> Keeping {
    let (status, given_up) = (orders.status.clone(), orders.status.clone());
    Keeping {
        journal,
        names: graph.sources.iter().map(|source| source.name.clone()).collect(),
        progress: orders.progress.clone(),
        given_up: Box::new(move || given_up.waits_no_more()),
        waits_for_room,
        on_failure: Box::new(move |error| status.fail(error)),
        failed: None,
        said: Occasional::default(),
        said_of_checkpoints: Occasional::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::MOST_PAYLOAD_BYTES;
    use crate::slabs::SlabPool;

    #[test]
    fn whatever_becomes_of_a_slab_of_the_longest_lines_fits_into_a_frame() {
        let slab_bytes = SlabPool::least_bytes(MOST_LOGGED_LINE_BYTES) / 2;
        assert!(3 * slab_bytes < u64::from(MOST_PAYLOAD_BYTES));
    }
}
