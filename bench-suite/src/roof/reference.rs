//! What a bare loop has reached on a quiet machine, so that it is known where a machine is disturbed:
//! a loop that stays far below is no roof.

/// A rate that a bare loop has reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reference {
    /// On machines of this kind, while they did nothing else: the short name of a
    /// [`Machine`](crate::machine::Machine).
    pub machine: &'static str,
    /// The lowest of several runs.
    pub bytes_per_s: f64,
}

impl Reference {
    /// The share of its reference that a loop must reach to be a roof.
    pub const LEAST_SHARE: f64 = 0.75;

    /// The machine that the references of this folder were measured on: two cores with AVX-512.
    pub(super) const AMD_EPYC: &'static str = "amd-epyc-2core";

    /// The share that a rate on a machine is; nothing on machines of another kind.
    pub fn share(&self, machine: &str, bytes_per_s: f64) -> Option<f64> {
        (machine == self.machine).then(|| bytes_per_s / self.bytes_per_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_says_nothing_of_other_machines() {
        let reference = Reference { machine: "a-2core", bytes_per_s: 2e9 };
        assert_eq!(reference.share("a-2core", 1e9), Some(0.5));
        assert_eq!(reference.share("a-4core", 1e9), None);
    }
}
