//! Passwords: argon2id, at least 12 characters.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::web::Problem;

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

/// Passwords looked at at once: each takes 20 MB and a core.
const AT_ONCE: usize = 2;
/// Requests that may wait for that; more are turned away, for a stranger can send any number.
const WAITING: usize = 50;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
static QUEUE: Semaphore = Semaphore::const_new(AT_ONCE + WAITING);

/// Too many passwords wait to be looked at.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("too many people are signing in at this moment; try again in a minute")]
pub struct Busy;

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::Busy
    }
}

/// Does the slow work off the async threads. Who hangs up does not free the turn: the work goes on.
async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Busy> {
    let _queued = QUEUE.try_acquire().map_err(|_| Busy)?;
    let turn = TURNS.acquire().await.map_err(|_| Busy)?;
    let done = tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    });
    done.await.map_err(|_| Busy)
}

/// The hash to store.
pub async fn hash(password: &str) -> Result<String, Busy> {
    let password = password.to_owned();
    slowly(move || hash_now(&password)).await
}

/// Whether the password is the one of this hash. Without one it takes as long to say no.
pub async fn is_right(password: &str, hash: Option<String>) -> Result<bool, Busy> {
    let password = password.to_owned();
    slowly(move || match hash.filter(|hash| hash != NONE) {
        Some(hash) => is_right_now(&password, &hash),
        None => {
            hash_now(&password);
            false
        }
    })
    .await
}

fn hash_now(password: &str) -> String {
    Argon2::default()
        .hash_password(password.as_bytes())
        .expect("the default parameters are valid")
        .to_string()
}

fn is_right_now(password: &str, hash: &str) -> bool {
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

    #[tokio::test]
    async fn who_hangs_up_does_not_free_the_turn_and_more_than_can_wait_are_turned_away() {
        use std::time::Duration;
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
        let busy = || {
            let wait = wait.clone();
            slowly(move || wait.lock().unwrap().recv().is_ok())
        };
        for _ in 0..AT_ONCE {
            assert!(tokio::time::timeout(Duration::from_millis(50), busy()).await.is_err(), "hung up");
        }
        assert!(
            tokio::time::timeout(Duration::from_millis(50), slowly(|| ())).await.is_err(),
            "its turn is taken"
        );
        let mut waiting: Vec<_> = (0..AT_ONCE + WAITING).map(|_| Box::pin(slowly(|| ()))).collect();
        for one in &mut waiting {
            assert!(futures_util::poll!(one).is_pending());
        }
        assert!(slowly(|| ()).await.is_err(), "one too many");
        drop(go);
        for one in waiting {
            one.await.unwrap();
        }
    }

    #[test]
    fn a_password_is_known_again_by_its_hash_alone() {
        let stored = hash_now("correct horse battery");
        assert!(stored.starts_with("$argon2id$"));
        assert!(is_right_now("correct horse battery", &stored));
        assert!(!is_right_now("correct horse batterz", &stored));
        assert!(!is_right_now("anything", "no hash"));
    }
}
