//! A job whose durable files are kept twice: whatever becomes of one copy, of the replica, or of the link, nothing is
//! lost, and nothing is acknowledged that one copy alone holds.

mod acknowledged;
mod alone;
mod apart;
mod breaks;
mod damage;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../intake/ear.rs"]
mod ear;
#[expect(dead_code, reason = "this job's tests need a part of it")]
#[path = "../recovery/going_on.rs"]
mod going_on;
mod kept_twice;
mod false_replica;
mod hostile;
#[path = "../recovery/job.rs"]
mod job;
#[path = "../recovery/oracle.rs"]
mod oracle;
mod pair;
#[path = "../recovery/patience.rs"]
mod patience;
mod proxy;
#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "../model/seed.rs"]
mod seed;
