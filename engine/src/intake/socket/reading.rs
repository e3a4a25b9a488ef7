//! How a socket receiver reads: each connection that is ready once, in turn, as far as there is room.

use std::sync::atomic::{Ordering, fence};

use parking_lot::{Mutex, MutexGuard};

use super::{SocketReceiver, do_early};
use crate::framing::RecordsOf;
use crate::intake::assignment::Stored;
use crate::intake::connection::Outcome;
use crate::intake::filling::Filling;
use crate::slabs::READ_ROOM_BYTES;

impl SocketReceiver {
    /// Serves each connection that is ready with one read.
    pub(super) fn read_ready_once(&mut self) {
        let filling = self.filling.clone();
        self.held_to_rate = false;
        for _ in 0..self.ready.len() {
            self.close_when_due();
            if self.order.stop_wanted() == Some(false) {
                return;
            }
            let Some(id) = self.ready.pop_front() else { return };
            let reads_lines = self.reads_lines(id);
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            if !reads_lines {
                connection.queued = false;
                self.queue(id);
                continue;
            }
            // An empty slab is enough for any connection: behind the longest unfinished record it has room for a read,
            // if a little less than for others.
            let slab_bytes = self.around.pool.slab_bytes();
            let wanted = connection.wants(READ_ROOM_BYTES.min(slab_bytes / 4)).min(slab_bytes);
            let may_read = self.may_read();
            let room = if may_read { self.with_room(&filling, wanted) } else { None };
            let Some(filling) = room else {
                self.ready.push_front(id);
                return self.rest(may_read);
            };
            self.paused.store(false, Ordering::SeqCst);
            if let Some(connection) = self.connections.get_mut(&id) {
                connection.queued = false;
            }
            if self.read(id, filling) {
                self.queue(id);
            }
        }
        self.paused.store(false, Ordering::SeqCst);
    }

    /// Whether anything may be read now. Where it may not, whoever changes that wakes this thread.
    fn may_read(&mut self) -> bool {
        // Told first and looked at second, so that a change between the two wakes this thread.
        self.paused.store(true, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let admitted = self.draining || self.around.intake.admission.may_read(self.around.reads);
        self.held_to_rate = admitted && !self.rate_allows();
        admitted && !self.held_to_rate
    }

    /// Reads nothing for now, though something has come: it may not, or, if it may, there is no room.
    fn rest(&mut self, may_read: bool) {
        if !may_read {
            self.filling.lock().waits_for_slab(false);
        }
        if self.held_to_rate {
            return;
        }
        if self.around.reads.early {
            // What is read is worked on while nothing may be read.
            let work = self.filling.lock().cut(Stored::EarlyWorkMayBegin);
            do_early(work);
        }
        if may_read && self.order.stop_wanted() != Some(false) {
            self.say_full();
        }
    }

    /// Whether a record may come now.
    fn rate_allows(&self) -> bool {
        self.around.rate.as_ref().is_none_or(|rate| rate.may_take() > 0)
    }

    /// Locks `filling`, with `wanted` bytes of room in its slab; nothing at the budget's end.
    fn with_room<'f>(
        &self,
        filling: &'f Mutex<Filling>,
        wanted: usize,
    ) -> Option<MutexGuard<'f, Filling>> {
        loop {
            let mut filled = filling.lock();
            if filled.has_room(wanted) {
                return Some(filled);
            }
            let work = filled.let_go();
            drop(filled);
            do_early(work);
            // What is read next must not be filed under a time that has passed meanwhile.
            self.close_when_due();
            if self.order.stop_wanted() == Some(false) {
                return None;
            }
            let ahead = filling.lock().growth_of_a_slab();
            // At the budget's end this thread is woken when there may be one.
            let slab = self.slabs.take(ahead);
            let mut filling = filling.lock();
            match slab {
                Some(slab) => filling.go_on_with(slab),
                None => {
                    filling.waits_for_slab(true);
                    return None;
                }
            }
        }
    }

    fn say_full(&mut self) {
        if self.full.is_time() {
            let pool = &self.around.pool;
            let (limit, all) = (pool.limit_bytes(), pool.most_bytes());
            let ahead = match self.filling.lock().growth_of_a_slab() {
                0 => String::new(),
                ahead => format!(", with {ahead} bytes that the next of it may be mended into,"),
            };
            let reserved = match all - limit {
                0 => String::new(),
                less => format!(
                    ", {less} less than without what states, windows, stages, and lines that had to be mended take"
                ),
            };
            self.around.progress.warn(format!(
                "{}: received data{ahead} fills its {limit} bytes of memory{reserved}; senders are held back until a batch is done",
                self.name,
            ));
        }
    }

    /// Reads once from connection `id`; says whether there may be more.
    fn read(&mut self, id: usize, mut filling: MutexGuard<'_, Filling>) -> bool {
        let (Some(connection), Some(slab)) = (self.connections.get_mut(&id), filling.slab()) else {
            return false;
        };
        let carried_before = connection.carried();
        let mut most = self.around.intake.admission.most_to_read(self.around.reads);
        let received_before = connection.received();
        let rate = self.around.rate.as_ref();
        if let Some(rate) = rate {
            most = most.min(rate.most_to_read());
        }
        let mut numbered = None;
        let step = connection.read(slab, most, self.around.policy.limit, |arrived| {
            let Some(talks) = &mut self.talks else { return true };
            numbered = talks.take_in(id, arrived);
            numbered.is_some()
        });
        if connection.received() > received_before {
            connection.heard_at = self.looked_at;
        }
        let carried = connection.carried();
        if let Some(rate) = rate {
            let records = slab.bytes(step.framed.records.clone());
            let records = RecordsOf::count_all(records, self.around.policy.framing());
            rate.has_read(connection.received() - received_before, records);
        }
        filling.take_in(id, step.first_offset, &step.framed);
        if let Some((sender, numbers)) = numbered
            && !numbers.is_empty()
        {
            filling.has_reached(sender, numbers.end);
        }
        // While it is locked: bytes are counted as taken in before anybody can be done with them.
        let bytes = step.framed.records.len() as u64;
        self.around.intake.admission.took_in(self.around.reads, bytes);
        // Given to the driver at once where it waits: a receiver that is never out of bytes would
        // have it again first.
        MutexGuard::unlock_fair(filling);
        self.unfinished.changed(id, carried_before, carried);
        if let Some(torn) = step.framed.torn
            && self.torn.is_time()
        {
            self.around.progress.warn(format!(
                "{}: connection {id} ended after {torn}, which are no record; every record must be whole",
                self.name
            ));
        }
        self.drop_unfinished();
        match step.outcome {
            Outcome::More => true,
            Outcome::Drained => false,
            Outcome::Ended => {
                if !self.end_talk(id) {
                    self.disconnect(id, None);
                }
                false
            }
            Outcome::Broke(error) => {
                self.disconnect(id, Some(error.to_string()));
                false
            }
        }
    }

    /// Drops unfinished records, the longest first, where all receivers' together hold too much and this one has
    /// the longest.
    pub(super) fn drop_unfinished(&mut self) {
        loop {
            let records = || self.connections.iter().map(|(&id, c)| (c.carried(), id));
            match self.unfinished.longest_to_drop(records) {
                Some(id) if self.give_up_record(id) => {}
                _ => return,
            }
        }
    }

    /// Drops what `id` has not finished; says whether it could.
    fn give_up_record(&mut self, id: usize) -> bool {
        let Some(connection) = self.connections.get_mut(&id) else { return false };
        let before = connection.carried();
        let Some(framed) = connection.give_up_record() else { return false };
        self.unfinished.changed(id, before, connection.carried());
        self.filling.lock().take_in(id, 0, &framed);
        if self.dropped.is_time() {
            self.around.progress.warn(format!(
                "{}: unfinished records of all receivers hold nearly the {} bytes that they may, so the longest, \
                 of connection {id}, is dropped",
                self.name,
                self.around.unfinished.most_bytes()
            ));
        }
        true
    }
}
