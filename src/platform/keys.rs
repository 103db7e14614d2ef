//! The keys that seal what identifies a person. A sealed value is readable only with the keys; where it must
//! be found again, a keyed hash stands beside it.
//!
//! The keys are lines of hexadecimal digits. The first (128 digits) is the key that seals, then the key that
//! hashes; each line after it (64 digits) is another sealing key, which opens only. A sealing key can be
//! replaced while the service runs: whoever has the file open sees that it changed. The hashing key stays, for
//! the audit trail and every child's hash hang on it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sea_orm::DeriveValueType;
use secrecy::{ExposeSecret, SecretString};
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
    #[error(
        "{0} is not a keys file: it should hold a line of 128 hexadecimal digits, and perhaps more of 64"
    )]
    Malformed(String),
    /// Keys that are given by a setting are changed there.
    #[error("the keys are in keys.value: change them there")]
    NotInAFile,
    /// No key waits to be put first.
    #[error(
        "no key waits: `quorate keys add` makes one, and `quorate keys reseal` ends a walk that was broken off"
    )]
    NoneWaits,
    /// A key waits to be put first.
    #[error("a key waits already: `quorate keys rotate` puts it first")]
    OneWaits,
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

/// The keys at one moment.
#[derive(Clone, PartialEq, Eq)]
struct Ring {
    /// The first seals; all open.
    seal: Vec<[u8; 32]>,
    find: [u8; 32],
    /// The last was added, and waits to be put first.
    waits: bool,
}

impl Ring {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split_whitespace();
        let first: [u8; 64] = hex::decode(lines.next()?).ok()?.try_into().ok()?;
        let (seal, find) = first.split_at(32);
        let mut ring = Self { seal: vec![seal.try_into().ok()?], find: find.try_into().ok()?, waits: false };
        for line in lines {
            ring.waits = line.starts_with('+');
            ring.seal.push(hex::decode(line.trim_start_matches('+')).ok()?.try_into().ok()?);
        }
        Some(ring)
    }

    fn text(&self) -> String {
        let mut text = format!("{}{}\n", hex::encode(self.seal[0]), hex::encode(self.find));
        for (n, key) in self.seal.iter().enumerate().skip(1) {
            let waits = if self.waits && n + 1 == self.seal.len() { "+" } else { "" };
            text.push_str(&format!("{waits}{}\n", hex::encode(key)));
        }
        text
    }
}

/// How often a file is looked at for changes.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

struct Held {
    ring: Ring,
    /// The file's time when it was read, and when that was last looked at.
    modified: Option<SystemTime>,
    looked: Instant,
}

/// The keys, shared by everything in this process.
#[derive(Clone)]
pub struct Keys {
    held: Arc<RwLock<Held>>,
    file: Option<PathBuf>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(..)")
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|m| m.modified()).ok()
}

fn read_ring(path: &Path) -> Result<Ring, KeysError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Err(KeysError::Missing(path.into())),
        Err(source) => return Err(KeysError::Io { path: path.into(), source }),
    };
    Ring::parse(&text).ok_or_else(|| KeysError::Malformed(path.display().to_string()))
}

impl Keys {
    fn of(ring: Ring, file: Option<PathBuf>) -> Self {
        let modified = file.as_deref().and_then(modified);
        Self { held: Arc::new(RwLock::new(Held { ring, modified, looked: Instant::now() })), file }
    }

    /// New random keys.
    pub fn generate() -> Self {
        Self::of(Ring { seal: vec![random()], find: random(), waits: false }, None)
    }

    /// Keys that a setting gives.
    pub fn given(text: &SecretString) -> Result<Self, KeysError> {
        let ring = Ring::parse(text.expose_secret());
        Ok(Self::of(ring.ok_or_else(|| KeysError::Malformed("keys.value".to_owned()))?, None))
    }

    /// Reads the keys file, and sees from now on when it changes.
    pub fn read(path: &Path) -> Result<Self, KeysError> {
        Ok(Self::of(read_ring(path)?, Some(path.into())))
    }

    /// Writes the keys to a new file that only its owner reads, and holds on to it. Fails if the file is there.
    pub fn write_new(self, path: &Path) -> Result<Self, KeysError> {
        let failed = |source| KeysError::Io { path: path.into(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        write(path, &self.ring().text()).map_err(failed)?;
        Self::read(path)
    }

    /// The keys as they are now, to the second.
    fn ring(&self) -> Ring {
        self.ring_of(LOOKS_EVERY)
    }

    /// The keys as they were at most so long ago.
    fn ring_of(&self, age: Duration) -> Ring {
        const WHOLE: &str = "nothing panics while it holds the keys";
        let Some(file) = &self.file else { return self.held.read().expect(WHOLE).ring.clone() };
        {
            let held = self.held.read().expect(WHOLE);
            if held.looked.elapsed() < age {
                return held.ring.clone();
            }
        }
        let mut held = self.held.write().expect(WHOLE);
        held.looked = Instant::now();
        let now = modified(file);
        if now != held.modified {
            match read_ring(file) {
                Ok(ring) if ring.find == held.ring.find => (held.ring, held.modified) = (ring, now),
                Ok(_) => tracing::error!("the keys file holds another database's keys now: it is not taken"),
                Err(error) => tracing::error!(%error, "the keys file cannot be read anew"),
            }
        }
        held.ring.clone()
    }

    /// Changes the keys in their file, in one step that a crash leaves done or undone, and that nobody else does at
    /// the same time.
    fn change(&self, how: impl FnOnce(&mut Ring) -> Result<(), KeysError>) -> Result<(), KeysError> {
        let file = self.file.as_deref().ok_or(KeysError::NotInAFile)?;
        let failed = |source| KeysError::Io { path: file.into(), source };
        let lock = std::fs::File::options().create(true).append(true).open(file.with_extension("lock"));
        let lock = lock.map_err(failed)?;
        lock.lock().map_err(failed)?;
        let mut ring = read_ring(file)?;
        how(&mut ring)?;
        let beside = file.with_extension("new");
        let _ = std::fs::remove_file(&beside);
        write(&beside, &ring.text()).map_err(failed)?;
        std::fs::rename(&beside, file).map_err(failed)?;
        let mut held = self.held.write().expect("nothing panics while it holds the keys");
        (held.ring, held.modified) = (ring, modified(file));
        Ok(())
    }

    /// Adds a new sealing key, which only opens for now: every machine gets the file before anything is sealed
    /// with it.
    pub fn add(&self) -> Result<(), KeysError> {
        self.change(|ring| {
            if ring.waits {
                return Err(KeysError::OneWaits);
            }
            ring.seal.push(random());
            ring.waits = true;
            Ok(())
        })
    }

    /// From now on the key that was added seals; the others only open. Done twice, it changes nothing twice.
    pub fn rotate(&self) -> Result<(), KeysError> {
        self.change(|ring| {
            if !ring.waits {
                return Err(KeysError::NoneWaits);
            }
            ring.seal.rotate_right(1);
            ring.waits = false;
            Ok(())
        })
    }

    /// Forgets all sealing keys but the one in use: what they sealed is lost, old backups with it.
    pub fn retire(&self) -> Result<(), KeysError> {
        self.change(|ring| {
            if ring.waits {
                return Err(KeysError::OneWaits);
            }
            ring.seal.truncate(1);
            Ok(())
        })
    }

    /// Whether these are keys of the same records: the hashing key never changes.
    pub fn are_of_the_place_of(&self, other: &Self) -> bool {
        self.ring().find == other.ring().find
    }

    /// How many sealing keys there are.
    pub fn count(&self) -> usize {
        self.ring().seal.len()
    }

    /// Whether a sealed value was sealed with the key that seals now.
    pub fn is_current(&self, purpose: &'static str, sealed: &Sealed) -> bool {
        open_with(&self.ring().seal[0], purpose, sealed).is_some()
    }

    /// Seals text for a purpose (`"conference_child.child"`); it opens for that purpose only.
    pub fn seal(&self, purpose: &'static str, text: &str) -> Sealed {
        let nonce: [u8; 24] = random();
        let payload = Payload { msg: text.as_bytes(), aad: purpose.as_bytes() };
        let cipher = XChaCha20Poly1305::new((&self.ring().seal[0]).into());
        let mut sealed = nonce.to_vec();
        sealed.extend(cipher.encrypt(XNonce::from_slice(&nonce), payload).expect("text fits in memory"));
        Sealed(sealed)
    }

    /// Opens what [`Keys::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &'static str, sealed: &Sealed) -> Result<String, KeysError> {
        let with = |ring: Ring| ring.seal.iter().find_map(|key| open_with(key, purpose, sealed));
        // Another process may have put a new key first a moment ago.
        let opened = with(self.ring()).or_else(|| with(self.ring_of(Duration::ZERO)));
        opened.ok_or(KeysError::DoesNotOpen)
    }

    /// A keyed hash to find a sealed value by. Without the keys it cannot be guessed at, even from a
    /// list of all child references.
    pub fn find(&self, purpose: &'static str, text: impl AsRef<[u8]>) -> Vec<u8> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.ring().find).expect("any length of key");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_ref());
        mac.finalize().into_bytes().to_vec()
    }
}

fn open_with(key: &[u8; 32], purpose: &'static str, sealed: &Sealed) -> Option<String> {
    let (nonce, body) = sealed.0.split_at_checked(24)?;
    let payload = Payload { msg: body, aad: purpose.as_bytes() };
    let text = XChaCha20Poly1305::new(key.into()).decrypt(XNonce::from_slice(nonce), payload).ok()?;
    String::from_utf8(text).ok()
}

/// Writes a new file that only its owner reads, onto the disk.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
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
    fn a_key_that_is_added_opens_at_once_seals_after_rotation_and_old_values_open_until_it_retires() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys");
        let keys = Keys::generate().write_new(&file).unwrap();
        let old = keys.seal("a", "L1600");
        assert!(matches!(keys.rotate(), Err(KeysError::NoneWaits)));
        keys.add().unwrap();
        assert!(matches!(keys.add(), Err(KeysError::OneWaits)));
        assert!(matches!(keys.retire(), Err(KeysError::OneWaits)));
        assert!(keys.is_current("a", &keys.seal("a", "x")) && keys.is_current("a", &old));
        let elsewhere = Keys::read(&file).unwrap();
        keys.rotate().unwrap();
        assert!(matches!(keys.rotate(), Err(KeysError::NoneWaits)), "done twice it does not go back");
        let new = keys.seal("a", "L1601");
        assert!(!keys.is_current("a", &old) && keys.is_current("a", &new));
        assert_eq!(
            elsewhere.open("a", &new).unwrap(),
            "L1601",
            "whoever has the key that was added can read on"
        );
        assert_eq!(keys.open("a", &old).unwrap(), "L1600");
        assert_eq!(keys.find("a", "L1"), elsewhere.find("a", "L1"));
        keys.retire().unwrap();
        assert!(keys.open("a", &old).is_err());
        assert_eq!(Keys::read(&file).unwrap().open("a", &new).unwrap(), "L1601");
    }

    #[test]
    fn the_same_value_is_found_by_the_same_hash_and_sealed_differently_each_time() {
        let keys = Keys::generate();
        assert_eq!(keys.find("a", "L1"), keys.find("a", "L1"));
        assert_ne!(keys.find("a", "L1"), keys.find("b", "L1"));
        assert_ne!(keys.seal("a", "L1"), keys.seal("a", "L1"));
    }
}
