//! The thread that starts a user's receiver, starts it again when it fails, and stops it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration as StdDuration;

use super::custom::Receiver;
use super::polled::{Poll, Polled, Records, Start};
use super::receiver::{Order, ReceiverThread, Surroundings};
use super::store::{Buffer, Look, Wish};
use crate::backoff::Backoff;
use crate::block::SourceId;
use crate::error::Result;
use crate::panics::{drop_with_care, message_of};
use crate::progress::Notice;
use crate::received::RecordPolicy;
use crate::time::{Duration, Time};

/// A user's receiver as a source of its items.
pub(crate) struct Supervised<R: Receiver> {
    make: Arc<dyn Fn() -> R + Send + Sync>,
    /// Whether what a batch takes is written down.
    is_logged: bool,
    /// There once it is started.
    buffer: Option<Arc<Buffer<R::Item>>>,
}

impl<R: Receiver> Supervised<R> {
    pub(crate) fn new(make: impl Fn() -> R + Send + Sync + 'static) -> Self {
        Supervised { make: Arc::new(make), is_logged: false, buffer: None }
    }
}

impl<R: Receiver> Poll for Supervised<R> {
    fn receives(&self) -> bool {
        true
    }

    fn instead_when_logged(&self) -> Option<&'static str> {
        Some("recoverable_receiver_stream")
    }

    fn begin(&mut self, start: &Start) -> Result {
        self.is_logged = start.is_logged;
        Ok(())
    }

    fn poll(&mut self, _time: Time, _policy: RecordPolicy) -> Polled {
        let items = self.buffer.as_ref().map(|buffer| buffer.take()).unwrap_or_default();
        Records::Items(items.into()).into()
    }

    fn written_down(&mut self) {
        if let Some(buffer) = &self.buffer {
            buffer.written_down();
        }
    }

    fn has_more(&self) -> bool {
        self.buffer.as_ref().is_some_and(|buffer| !buffer.is_empty())
    }

    fn start(
        &mut self,
        source: SourceId,
        name: &str,
        around: &Surroundings,
    ) -> Result<Option<ReceiverThread>> {
        let (progress, share) = (around.progress.clone(), around.store_room.join());
        let buffer = Buffer::new(name.into(), progress, share, self.is_logged);
        let buffer = Arc::new(buffer.limited_to(around.rate.clone()));
        self.buffer = Some(buffer.clone());
        let room_of = Arc::downgrade(&buffer);
        buffer.on_room(Box::new(move || {
            if let Some(buffer) = room_of.upgrade() {
                buffer.look_for_room();
            }
        }));
        if let Some(rate) = &around.rate {
            let buffer = Arc::downgrade(&buffer);
            rate.on_change(Box::new(move || {
                if let Some(buffer) = buffer.upgrade() {
                    buffer.nudge(false);
                }
            }));
        }
        let order = Arc::new(Order::default());
        let wake = Arc::new({
            let (buffer, order) = (buffer.clone(), order.clone());
            move || buffer.nudge(order.stop_wanted().is_some())
        });
        let (name, around, orders) = (name.to_string(), around.clone(), order.clone());
        let make = self.make.clone();
        let clock = around.clock.clone();
        let supervise = move || Supervisor { name, make, buffer, orders, around }.run();
        ReceiverThread::spawn(source, &clock, order, wake, supervise).map(Some)
    }
}

struct Supervisor<R: Receiver> {
    name: String,
    make: Arc<dyn Fn() -> R + Send + Sync>,
    buffer: Arc<Buffer<R::Item>>,
    orders: Arc<Order>,
    around: Surroundings,
}

/// Why a receiver does not run any more.
enum End {
    /// The driver wants it so.
    Ordered,
    /// The receiver does.
    Stopped(String),
    /// It is to be started again.
    Failed(String),
}

impl<R: Receiver> Supervisor<R> {
    fn run(self) {
        let mut receiver = None;
        let mut backoff = Backoff::default();
        loop {
            let end = self.run_once(&mut receiver);
            match end {
                End::Ordered => break self.say_stopped(None),
                End::Stopped(message) => {
                    self.drop_receiver(receiver.take());
                    self.say_stopped(Some(message));
                    self.buffer.leave();
                    self.wait_for_order(None);
                    break;
                }
                End::Failed(reason) => {
                    if self.buffer.has_stored() {
                        backoff.succeeded();
                    }
                    let wait = Duration::from_millis(backoff.failed().as_millis() as i64);
                    let again_at = self.around.clock.now() + wait;
                    self.say_failed(reason, wait, backoff.worth_a_word());
                    if self.wait_for_order(Some(again_at)) {
                        break self.say_stopped(None);
                    }
                }
            }
        }
        self.drop_receiver(receiver);
    }

    /// Makes the receiver where there is none, starts it, and waits until it has to stop. A
    /// receiver that panics is gone.
    fn run_once(&self, place: &mut Option<R>) -> End {
        let Some(store) = self.buffer.open(|| self.orders.stop_wanted().is_some()) else {
            return End::Ordered;
        };
        let mut receiver = match place.take() {
            Some(receiver) => receiver,
            None => match caught(|| (self.make)()) {
                Ok(receiver) => receiver,
                Err(reason) => {
                    self.buffer.close();
                    return End::Failed(format!("it could not be made: {reason}"));
                }
            },
        };
        let started = caught(|| receiver.on_start(store).map_err(|e| e.to_string()));
        let end = match started {
            Ok(Ok(())) => {
                self.around.progress.notice(&Notice::ReceiverStarted { source: self.name.clone() });
                self.wait_for_end()
            }
            Ok(Err(reason)) => End::Failed(format!("it could not be started: {reason}")),
            Err(reason) => {
                self.buffer.close();
                self.drop_receiver(Some(receiver));
                return End::Failed(format!("its start panicked: {reason}"));
            }
        };
        self.buffer.close();
        match caught(|| receiver.on_stop()) {
            Ok(()) => *place = Some(receiver),
            Err(reason) => {
                self.warn(&format!("its stop panicked: {reason}"));
                self.drop_receiver(Some(receiver));
            }
        }
        end
    }

    fn wait_for_end(&self) -> End {
        self.buffer.wait(|wish| match (self.orders.stop_wanted(), wish) {
            (Some(_), _) => Look::Found(End::Ordered),
            (None, Some(Wish::Stop(message))) => Look::Found(End::Stopped(message)),
            (None, Some(Wish::Restart(message))) => Look::Found(End::Failed(message)),
            (None, None) => Look::Again(None),
        })
    }

    /// Waits for an order to stop, until `time` at most; says whether it came.
    fn wait_for_order(&self, time: Option<Time>) -> bool {
        self.buffer.wait(|_| {
            let left = time.and_then(|time| self.around.clock.remaining(time));
            match (self.orders.stop_wanted(), left) {
                (Some(_), _) => Look::Found(true),
                (None, Some(StdDuration::ZERO)) => Look::Found(false),
                (None, left) => Look::Again(left),
            }
        })
    }

    fn drop_receiver(&self, receiver: Option<R>) {
        if let Err(reason) = caught(|| drop(receiver)) {
            self.warn(&format!("its Drop panicked: {reason}"));
        }
    }

    /// As a notice, and as a warning where it is worth one.
    fn say_failed(&self, reason: String, again_after: Duration, worth_a_word: bool) {
        let failed = Notice::ReceiverFailed { source: self.name.clone(), reason, again_after };
        if worth_a_word {
            self.around.progress.warn(failed.to_string());
        }
        self.around.progress.notice(&failed);
    }

    fn say_stopped(&self, reason: Option<String>) {
        let notice = Notice::ReceiverStopped { source: self.name.clone(), reason };
        self.around.progress.notice(&notice);
    }

    fn warn(&self, sentence: &str) {
        self.around.progress.warn(format!("{}: {sentence}", self.name));
    }
}

/// What users' code gives, or the message with which it panicked.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let reason = message_of(&*panic);
        drop_with_care(panic, reason)
    })
}
