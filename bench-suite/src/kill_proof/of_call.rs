//! What the runs that were killed at one kind of call came to.

use serde::Serialize;

use crate::aligned::aligned;

/// What became of the runs that were killed at one kind of call.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct OfCall {
    pub(super) call: &'static str,
    /// Lives that were killed at their n-th such call, for each n that there is.
    pub(super) kills: u64,
    /// Of these, those at a call of the thread that writes files.
    pub(super) of_the_writer: u64,
    /// Recoveries after that which were killed too.
    pub(super) recoveries_killed: u64,
    /// All that was wrong after them.
    pub(super) violations: u64,
}

/// The table, with a row for each kind of call that there is.
pub(super) fn table(of_calls: &[OfCall]) -> String {
    let head = ["call", "kills", "at the writer's", "recoveries killed", "violations"];
    let made = of_calls.iter().filter(|of_call| of_call.kills > 0);
    aligned(
        head,
        made.map(|of_call| {
            let counts = [
                of_call.kills,
                of_call.of_the_writer,
                of_call.recoveries_killed,
                of_call.violations,
            ];
            let [kills, writer, recoveries, violations] = counts.map(|count| count.to_string());
            [of_call.call.into(), kills, writer, recoveries, violations]
        }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_leaves_out_calls_that_are_not_made() {
        let made = OfCall { call: "fsync", kills: 7, of_the_writer: 5, ..OfCall::default() };
        let never = OfCall { call: "renameat", ..OfCall::default() };
        let table = table(&[made, never]);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.lines().last().is_some_and(|row| row.starts_with("fsync")), "{table}");
    }
}
