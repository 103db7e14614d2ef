//! The keys that seal what identifies a person. A sealed value is readable only with the keys file;
//! where it must be found again, a keyed hash stands beside it.

use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sea_orm::DeriveValueType;
use sha2::Sha256;

/// Text that only [`Keys::open`] can read: nonce and ciphertext, bound to its purpose.
#[derive(Clone, Debug, PartialEq, Eq, DeriveValueType)]
pub struct Sealed(pub Vec<u8>);

/// Why the keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The file is not there, and this was not the moment to make one.
    #[error("the keys file {0} does not exist; restore it from the backup (keys.file names it)")]
    Missing(PathBuf),
    /// The file is there and is no keys file.
    #[error("{0} is not a keys file: it should hold one line of 128 hexadecimal digits")]
    Malformed(PathBuf),
    /// The file system said no.
    #[error("keys file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A sealed value did not open: other keys made it, or somebody changed it.
    #[error("a sealed value does not open with these keys")]
    DoesNotOpen,
}

/// One key to seal with and one to hash with, 32 bytes each.
#[derive(Clone)]
pub struct Keys {
    seal: [u8; 32],
    find: [u8; 32],
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

impl Keys {
    /// New random keys.
    pub fn generate() -> Self {
        Self { seal: random(), find: random() }
    }

    /// Reads the keys file.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(KeysError::Missing(path.into()));
            }
            Err(source) => return Err(KeysError::Io { path: path.into(), source }),
        };
        let bytes = hex::decode(text.trim()).map_err(|_| KeysError::Malformed(path.into()))?;
        let bytes: [u8; 64] = bytes.try_into().map_err(|_| KeysError::Malformed(path.into()))?;
        let (seal, find) = bytes.split_at(32);
        Ok(Self { seal: seal.try_into().expect("32 of 64"), find: find.try_into().expect("32 of 64") })
    }

    /// Writes the keys to a new file that only its owner reads. Fails if the file is there.
    pub fn write_new(&self, path: &Path) -> Result<(), KeysError> {
        use std::io::Write;
        let failed = |source| KeysError::Io { path: path.into(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        let line = format!("{}{}\n", hex::encode(self.seal), hex::encode(self.find));
        file.write_all(line.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Seals text for a purpose (`"conference_child.child"`); it opens for that purpose only.
    pub fn seal(&self, purpose: &'static str, text: &str) -> Sealed {
        let nonce: [u8; 24] = random();
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new((&self.seal).into());
        let mut sealed = nonce.to_vec();
        sealed.extend(cipher.encrypt(XNonce::from_slice(&nonce), payload).expect("text fits in memory"));
        Sealed(sealed)
    }

    /// Opens what [`Keys::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &'static str, sealed: &Sealed) -> Result<String, KeysError> {
        let (nonce, body) = sealed.0.split_at_checked(24).ok_or(KeysError::DoesNotOpen)?;
        let payload = Payload { msg: body, aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new((&self.seal).into());
        let text = cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| KeysError::DoesNotOpen)?;
        String::from_utf8(text).map_err(|_| KeysError::DoesNotOpen)
    }

    /// A keyed hash to find a sealed value by. Without the keys it cannot be guessed at, even from a
    /// list of all child references.
    pub fn find(&self, purpose: &'static str, text: impl AsRef<[u8]>) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.find).expect("any length of key");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_ref());
        mac.finalize().into_bytes().to_vec()
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A random token of `letters` characters in which no two look alike on paper (no 0/O, 1/I/L, 5/S).
pub fn token(letters: usize) -> String {
    const ALPHABET: &[u8; 28] = b"2346789ABCDEFGHJKMNPQRTUVWXY";
    let mut made = String::with_capacity(letters);
    while made.len() < letters {
        // 252 = 9 × 28: bytes from there up would favour the first letters.
        let [byte] = random::<1>();
        if byte < 252 {
            made.push(char::from(ALPHABET[usize::from(byte) % 28]));
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_only_for_its_purpose_and_with_its_keys() {
        let keys = Keys::generate();
        let sealed = keys.seal("a", "L1600");
        assert_eq!(keys.open("a", &sealed).unwrap(), "L1600");
        assert!(keys.open("b", &sealed).is_err());
        assert!(Keys::generate().open("a", &sealed).is_err());
        assert!(!sealed.0.windows(5).any(|w| w == b"L1600"));
    }

    #[test]
    fn the_same_value_is_found_by_the_same_hash_and_sealed_differently_each_time() {
        let keys = Keys::generate();
        assert_eq!(keys.find("a", "L1"), keys.find("a", "L1"));
        assert_ne!(keys.find("a", "L1"), keys.find("b", "L1"));
        assert_ne!(keys.seal("a", "L1"), keys.seal("a", "L1"));
    }
}
