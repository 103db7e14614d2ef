//! Passwords: argon2id, at least 12 characters.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// The shortest password taken.
pub const MINIMUM: usize = 12;

/// The hash to store. Slow on purpose: call it off the async threads.
pub fn hash(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the default parameters are valid")
        .to_string()
}

/// Whether the password is the one of this hash.
pub fn is_right(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_by_its_hash_alone() {
        let stored = hash("correct horse battery");
        assert!(stored.starts_with("$argon2id$"));
        assert!(is_right("correct horse battery", &stored));
        assert!(!is_right("correct horse batterz", &stored));
        assert!(!is_right("anything", "no hash"));
    }
}
