//! The installation's key and what it wraps.

use super::file::KeyFile;
use crate::error::{Error, Kind, Result};
use crate::id;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// The bytes of a key.
pub const KEY: usize = 32;
/// The first byte of everything that is sealed: how.
const FORMAT: u8 = 1;

/// A key that seals and opens. 96-bit random nonces are safe for some 2^32 texts of one key (NIST SP 800-38D, section 8.3).
pub struct DataKey {
    /// Tells keys apart and says nothing about them.
    pub id: String,
    key: LessSafeKey,
}

impl DataKey {
    /// From its bytes.
    pub fn new(bytes: &[u8; KEY]) -> Result<Self> {
        let key = UnboundKey::new(&AES_256_GCM, bytes);
        let key = key.map_err(|_| Error::internal("AES-256-GCM refused a key"))?;
        Ok(Self {
            id: id_of(bytes),
            key: LessSafeKey::new(key),
        })
    }

    /// Seals bytes; they open again only as what they were sealed for, such as a memory's id.
    pub fn seal(&self, what_for: &str, plain: &[u8]) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = id::random();
        let mut sealed = plain.to_vec();
        let done = self.key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(what_for.as_bytes()),
            &mut sealed,
        );
        done.map_err(|_| Error::internal("AES-256-GCM refused a text"))?;
        Ok([&[FORMAT], nonce.as_slice(), sealed.as_slice()].concat())
    }

    /// Opens what was sealed.
    pub fn open(&self, what_for: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let damaged = || {
            let message =
                "a sealed text cannot be opened: it was sealed under another key, or damaged";
            Error::new(Kind::Internal, "cannot_open", message)
        };
        let (format, rest) = sealed.split_first().ok_or_else(damaged)?;
        if *format != FORMAT || rest.len() < NONCE_LEN {
            return Err(damaged());
        }
        let (nonce, sealed) = rest.split_at(NONCE_LEN);
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut plain = sealed.to_vec();
        let length = self
            .key
            .open_in_place(nonce, Aad::from(what_for.as_bytes()), &mut plain)
            .map_err(|_| damaged())?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// A key's id: the beginning of a hash of it.
fn id_of(bytes: &[u8; KEY]) -> String {
    let mut named = b"agent-memory encryption key\0".to_vec();
    named.extend_from_slice(bytes);
    crate::db::hex(&crate::db::sha256(&named)[..8])
}

/// The installation's key with its id.
pub struct Master {
    /// Its id: it tells keys apart and says nothing about them.
    pub id: String,
    key: DataKey,
}

impl Master {
    /// From its bytes.
    pub fn new(bytes: &[u8; KEY]) -> Result<Self> {
        Ok(Self {
            id: id_of(bytes),
            key: DataKey::new(bytes)?,
        })
    }

    /// Wraps a tenant's data key.
    pub fn wrap(&self, tenant: &str, data_key: &[u8; KEY]) -> Result<Vec<u8>> {
        self.key.seal(&format!("data key of {tenant}"), data_key)
    }

    /// Unwraps a tenant's data key.
    pub fn unwrap(&self, tenant: &str, wrapped: &[u8]) -> Result<[u8; KEY]> {
        let plain = self.key.open(&format!("data key of {tenant}"), wrapped)?;
        plain
            .try_into()
            .map_err(|_| Error::internal("a data key of another length"))
    }
}

/// Gives out the installation's keys by their ids: the one in use, and those before it, which a moment ago were. Each is read from its
/// file when it is first needed.
pub struct Vault {
    file: KeyFile,
    masters: Mutex<HashMap<String, Arc<Master>>>,
}

impl Vault {
    /// With the key in this file.
    pub fn new(file: PathBuf) -> Self {
        Self {
            file: KeyFile::new(file),
            masters: Mutex::default(),
        }
    }

    /// Where the key is.
    pub fn file(&self) -> &KeyFile {
        &self.file
    }

    /// A key for a purpose of its own, made from the installation's in use.
    pub fn derived(&self, purpose: &str) -> Result<DataKey> {
        let master = self.file.read()?;
        let master = master.ok_or_else(|| Error::internal("there is no encryption key yet"))?;
        let master = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &master);
        let tag = ring::hmac::sign(&master, purpose.as_bytes());
        let bytes = tag.as_ref().try_into();
        DataKey::new(bytes.map_err(|_| Error::internal("a tag of another length"))?)
    }

    /// The key of this id: the file's, the next one's while a rotation puts it in its place, or one that a rotation left beside it.
    pub fn master_of(&self, id: &str) -> Result<Arc<Master>> {
        let mut masters = self.masters.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(master) = masters.get(id) {
            return Ok(master.clone());
        }
        for file in self.file.all() {
            if let Some(key) = file.read()? {
                let master = Arc::new(Master::new(&key)?);
                masters.insert(master.id.clone(), master.clone());
                if master.id == id {
                    return Ok(master);
                }
            }
        }
        Err(match self.file.read()? {
            None => self.file.absent(id),
            Some(key) => self.file.other(&Master::new(&key)?.id, id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{DataKey, KEY, Master};
    use crate::id;

    #[test]
    fn what_is_sealed_opens_only_whole_and_as_what_it_was_sealed_for() {
        let key = DataKey::new(&id::random::<KEY>()).expect("a key");
        let sealed = key.seal("sh_1", b"a secret").expect("sealed");
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert_eq!(key.open("sh_1", &sealed).expect("opened"), b"a secret");
        assert!(key.open("sh_2", &sealed).is_err());
        for place in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[place] ^= 1;
            assert!(key.open("sh_1", &damaged).is_err(), "byte {place}");
        }
        assert!(key.open("sh_1", &sealed[..20]).is_err() && key.open("sh_1", b"").is_err());
        assert_ne!(key.seal("sh_1", b"a secret").expect("sealed"), sealed);
        let (one, other) = (id::random::<KEY>(), id::random::<KEY>());
        let master = Master::new(&one).expect("a key");
        let wrapped = master.wrap("acme", &other).expect("wrapped");
        assert_eq!(master.unwrap("acme", &wrapped).expect("unwrapped"), other);
        assert!(master.unwrap("rival", &wrapped).is_err());
        assert_ne!(master.id, Master::new(&other).expect("a key").id);
    }
}
