//! How a primary and a replica show each other that they know the token, which neither says.

use crate::secret::Secret;

/// What each side draws for a connection has so many bytes, and so has what it shows.
pub(super) const NONCE_BYTES: usize = 32;
pub(super) const PROOF_BYTES: usize = blake3::OUT_LEN;

/// What a side draws, for what the other one shows to be of this connection alone.
pub(super) type Nonce = [u8; NONCE_BYTES];

/// Who shows something; what one shows is never what the other one does.
#[derive(Clone, Copy)]
pub(super) enum Role {
    Primary,
    Replica,
}

/// What is shown on a connection.
pub(super) struct Proof<'a> {
    pub(super) drawn_by_replica: &'a Nonce,
    pub(super) drawn_by_primary: &'a Nonce,
    /// The job's directory.
    pub(super) directory: &'a str,
}

impl Proof<'_> {
    /// What shows that `role` knows the token. Hashes are compared in a time that does not depend on where they differ.
    pub(super) fn of(&self, role: Role, token: &Secret) -> blake3::Hash {
        let context = match role {
            Role::Primary => "millstream-replica protocol 1, what a primary shows",
            Role::Replica => "millstream-replica protocol 1, what a replica shows",
        };
        let key = blake3::derive_key(context, token.text().as_bytes());
        let mut shown = blake3::Hasher::new_keyed(&key);
        shown.update(self.drawn_by_replica).update(self.drawn_by_primary);
        shown.update(self.directory.as_bytes()).finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_of_one_token_role_directory_and_connection() {
        let of = |replica: u8, primary: u8, directory: &str, role, token: &str| {
            let (drawn_by_replica, drawn_by_primary) = (&[replica; 32], &[primary; 32]);
            let proof = Proof { drawn_by_replica, drawn_by_primary, directory };
            proof.of(role, &Secret::new(token.to_owned()))
        };
        let shown = of(1, 2, "counts", Role::Primary, "0123456789-secret");
        assert_eq!(shown, of(1, 2, "counts", Role::Primary, "0123456789-secret"));
        let others = [
            of(2, 1, "counts", Role::Primary, "0123456789-secret"),
            of(1, 3, "counts", Role::Primary, "0123456789-secret"),
            of(1, 2, "count", Role::Primary, "0123456789-secret"),
            of(1, 2, "counts", Role::Replica, "0123456789-secret"),
            of(1, 2, "counts", Role::Primary, "0123456789-secreT"),
        ];
        assert!(others.iter().all(|other| *other != shown));
    }
}
