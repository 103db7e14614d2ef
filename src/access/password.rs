//! Passwords: argon2id, at least 12 characters.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

/// The shortest password taken.
pub const MINIMUM: usize = 12;
/// The longest: hashing longer ones would be a way to keep the machine busy.
const MAXIMUM: usize = 256;
/// Stands for a hash where no password opens the account yet.
pub const NONE: &str = "none";

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few characters.
    #[error("Use at least {MINIMUM} characters: four words that do not belong together are good")]
    Short,
    /// Too many.
    #[error("Use at most {MAXIMUM} characters")]
    Long,
    /// A guessing program is through in hours.
    #[error("A guessing program would find this password soon: add a word or two that do not belong to it")]
    Guessable,
}

/// Whether a password is strong enough, knowing what belongs to its owner and is guessed first.
pub fn acceptable(password: &str, of_the_owner: &[&str]) -> Result<(), Weak> {
    match password.chars().count() {
        ..MINIMUM => Err(Weak::Short),
        n if n > MAXIMUM => Err(Weak::Long),
        _ if zxcvbn::zxcvbn(password, of_the_owner).score() < zxcvbn::Score::Three => Err(Weak::Guessable),
        _ => Ok(()),
    }
}

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
    fn a_password_that_is_short_or_soon_guessed_is_not_taken() {
        assert_eq!(acceptable("9x!Kd0", &[]), Err(Weak::Short));
        assert_eq!(acceptable(&"long".repeat(65), &[]), Err(Weak::Long));
        for guessable in ["password1234", "Oxfordshire1", "aaaaaaaaaaaaaaaa", "qwertyuiop123"] {
            assert_eq!(acceptable(guessable, &["Oxfordshire"]), Err(Weak::Guessable), "{guessable}");
        }
        assert_eq!(acceptable("heron-lantern-biscuit", &[]), Ok(()));
    }

    #[test]
    fn a_password_is_known_again_by_its_hash_alone() {
        let stored = hash("correct horse battery");
        assert!(stored.starts_with("$argon2id$"));
        assert!(is_right("correct horse battery", &stored));
        assert!(!is_right("correct horse batterz", &stored));
        assert!(!is_right("anything", "no hash"));
    }
}
