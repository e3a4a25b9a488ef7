//! How a driver begins its sources: those that are asked at a batch's turn, and the receivers' threads.

use std::net::SocketAddr;

use super::Driver;
use crate::engine::Parts;
use crate::error::{Error, Result};
use crate::graph::{Graph, Reaches, Source, SourceKind};
use crate::intake::endpoint::Endpoint;
use crate::intake::polled::Start;
use crate::intake::receiver::Surroundings;
use crate::intake::socket::start_socket;
use crate::intake::{Reads, SourceRate, reserve_descriptors};
use crate::journal::SendersBySource;
use crate::progress::{BatchReport, Notice};
use crate::snapshot::Snapshot;
use crate::time::{Duration, Time};

impl Driver {
    /// Starts the receivers; answers where they listen.
    pub(super) fn start_receivers(&mut self, senders: &SendersBySource) -> Result<Vec<SocketAddr>> {
        let parts = self.orders.engine.parts();
        let mut surroundings = Surroundings {
            intake: self.intake.clone(),
            pool: parts.slabs.clone(),
            clock: self.clock.clone(),
            progress: self.orders.progress.clone(),
            block_interval: self.orders.block_interval,
            policy: parts.policy,
            reads: Reads { early: false, at_turn: true },
            rate: None,
            unfinished: parts.unfinished.clone(),
            store_room: parts.store_room.clone(),
        };
        let rates = parts.conf.rates_for(self.orders.batch_interval)?;
        let is_listener = |source: &&Source| {
            matches!(source.kind, SourceKind::Listen(..) | SourceKind::Acknowledged(..))
        };
        let listeners = self.graph.sources.iter().filter(is_listener).count() as u64;
        let exposure = &parts.conf.exposure;
        let places = match listeners {
            0 => None,
            _ => {
                let wanted = exposure.max_connections;
                Some(reserve_descriptors(listeners, wanted, exposure.is_something_shown())?)
            }
        };
        let mut listening = Vec::new();
        for (id, source) in self.graph.sources.iter_mut().enumerate() {
            let mut listen = |address: &str| {
                let places = places.expect("they were reserved, for this is a listener");
                let (endpoint, address) = Endpoint::listen(address, places, exposure)?;
                listening.push(address);
                let notice = Notice::Listening { source: source.name.to_string(), address };
                self.orders.progress.notice(&notice);
                if let Some(sentence) = exposure.opens_to_others(address.ip()) {
                    self.orders.progress.warn(format!("{}: {sentence}", source.name));
                }
                Ok::<_, Error>(endpoint)
            };
            surroundings.rate = SourceRate::new(&rates, &self.clock)?;
            let (endpoint, framing, senders) = match &mut source.kind {
                SourceKind::Dial(target, framing) => {
                    (Endpoint::dial(target, exposure)?, *framing, None)
                }
                SourceKind::Listen(address, framing) => (listen(address)?, *framing, None),
                SourceKind::Acknowledged(address) => {
                    (listen(address)?, None, Some(senders.of(&source.name)))
                }
                SourceKind::Polled(poll) => {
                    let receiver = poll.start(id, &source.name, &surroundings)?;
                    // Of what has no receiver, nothing is held back.
                    self.rates.push(surroundings.rate.take().filter(|_| receiver.is_some()));
                    self.receivers.extend(receiver);
                    continue;
                }
            };
            self.rates.push(surroundings.rate.clone());
            surroundings.reads = self.reads[id];
            surroundings.policy = parts.policy.framed(framing);
            self.receivers.push(start_socket(
                id,
                source.name.to_string(),
                endpoint,
                senders,
                surroundings.clone(),
            )?);
        }
        Ok(listening)
    }

    /// Tells the receivers' rates how a batch went, and the report what they are from now on. A batch that has
    /// failed says nothing: it may have ended early.
    pub(super) fn adapt_rates(&self, report: &mut BatchReport) {
        let ended = self.clock.now();
        let succeeded = report.succeeded();
        let (processing_ms, delay_ms) = (report.processing_ms, report.scheduling_delay_ms);
        for (rate, source) in self.rates.iter().zip(&mut report.sources) {
            let Some(rate) = rate else { continue };
            if succeeded {
                rate.after_batch(ended, source.lines.records, processing_ms, delay_ms);
            }
            source.rate_limit = rate.limit();
        }
    }
}

/// Begins the sources that are asked at each batch's turn.
pub(super) fn begin_polled(
    graph: &mut Graph<'static>,
    reaches: &Reaches,
    parts: &Parts,
    now: Time,
    is_logged: bool,
    snapshot: Option<&Snapshot>,
) -> Result {
    let batch_interval = graph.batch_interval;
    for (id, (source, back)) in graph.sources.iter_mut().zip(&reaches.sources).enumerate() {
        if let SourceKind::Polled(poll) = &mut source.kind {
            let back = back.unwrap_or(Duration::ZERO).as_millis();
            let batches_back = back / batch_interval.as_millis();
            poll.begin(&Start {
                time: now,
                batch_interval,
                disk: parts.conf.disk.clone(),
                budget_bytes: parts.conf.budget_bytes(),
                batches_kept: usize::try_from(batches_back).unwrap_or(usize::MAX - 1) + 1,
                is_logged,
                position: snapshot.and_then(|snapshot| snapshot.position(id, &source.name)),
            })?;
        }
    }
    Ok(())
}
