//! What can be sealed: a memory's texts leave their columns and stand, encrypted, in one.

use super::classify::classify;
use super::vault::DataKey;
use crate::error::{Error, Result};
use crate::types::Sensitivity;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What stands in the place of a text that is not shown.
pub const HIDDEN: &str = "(secret)";

/// A sealed text; base64 in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Serialize for Sealed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Sealed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
        Ok(Self(bytes))
    }
}

impl JsonSchema for Sealed {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Sealed".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "contentEncoding": "base64"})
    }
}

/// Texts by their names, as they are sealed.
pub type Texts = BTreeMap<String, String>;

/// How much of what is sealed is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// To its own tenant: high is opened, secret stands as a placeholder.
    Own,
    /// All of it: to an administrator, audited, or to who just wrote it.
    All,
}

/// A memory whose texts can be sealed.
pub trait Sealable {
    /// Its id: what it is sealed for.
    fn id(&self) -> String;
    /// Its level: none, low, medium, high or secret.
    fn sensitivity(&mut self) -> &mut String;
    /// The sealed texts, while they are.
    fn sealed(&mut self) -> &mut Option<Sealed>;
    /// Its texts, each under a name of its own.
    fn texts(&mut self) -> Vec<(String, &mut String)>;

    /// Raises its level to what stands in its texts. Whether they have to be sealed.
    fn judge(&mut self) -> bool {
        let found = self.texts().iter().map(|(_, text)| classify(text)).max();
        let found = found.unwrap_or_default();
        let level = self.sensitivity();
        if found.as_str() != level && found > self::level(level) {
            found.as_str().clone_into(level);
        }
        self::level(self.sensitivity()) >= Sensitivity::High
    }

    /// Seals its texts.
    fn seal(&mut self, key: &DataKey) -> Result<()> {
        let what_for = what_for(&self.id(), self.sensitivity());
        let taken = |(name, text): (String, &mut String)| (name, std::mem::take(text));
        let texts: Texts = self.texts().into_iter().map(taken).collect();
        let plain = serde_json::to_vec(&texts).map_err(Error::internal)?;
        *self.sealed() = Some(Sealed(key.seal(&what_for, &plain)?));
        Ok(())
    }

    /// Shows of it what may be shown. Without the key that it was sealed under, nothing; whether nothing had to be kept back.
    fn reveal(&mut self, key: Option<&DataKey>, show: Show) -> bool {
        let what_for = what_for(&self.id(), self.sensitivity());
        let sealed = self.sealed().take();
        let hidden = show == Show::Own && level(self.sensitivity()) == Sensitivity::Secret;
        if hidden {
            self.hide();
            return false;
        }
        let Some(Sealed(sealed)) = sealed else {
            return true;
        };
        let opened = key
            .and_then(|key| key.open(&what_for, &sealed).ok())
            .and_then(|plain| serde_json::from_slice::<Texts>(&plain).ok());
        let Some(mut opened) = opened else {
            self.hide();
            return false;
        };
        for (name, text) in self.texts() {
            *text = opened.remove(&name).unwrap_or_default();
        }
        true
    }

    /// Seals under one key what was sealed under another.
    fn reseal(&mut self, change: Option<&Change>) -> Result<()> {
        let what_for = what_for(&self.id(), self.sensitivity());
        if let Some(Sealed(bytes)) = self.sealed() {
            *bytes = change.ok_or_else(keyless)?.apply(&what_for, bytes)?;
        }
        Ok(())
    }

    /// Puts the placeholder in the place of every text.
    fn hide(&mut self) {
        self.texts()
            .into_iter()
            .for_each(|(_, text)| HIDDEN.clone_into(text));
    }
}

/// From the key that texts of an export are sealed under to the tenant's own.
pub struct Change {
    /// Theirs.
    pub from: Arc<DataKey>,
    /// Ours.
    pub to: Arc<DataKey>,
}

impl Change {
    /// The same bytes under the other key.
    pub fn apply(&self, what_for: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let opened = self.from.open(what_for, sealed);
        let plain = opened.map_err(|_| {
            let id = what_for.split(' ').next().unwrap_or_default();
            Error::invalid(format!(
                "the sealed text of {id} does not fit the export's key, or its sensitivity was changed"
            ))
        })?;
        match self.from.id == self.to.id {
            // As it was: what comes back where it left is the same to the byte.
            true => Ok(sealed.to_vec()),
            false => self.to.seal(what_for, &plain),
        }
    }
}

/// A sealed text in an export that names no key.
pub fn keyless() -> Error {
    Error::invalid(
        "a text of this export is sealed, and its header does not say under which key (sealed_with)",
    )
}

/// What a text is sealed for: it opens as this memory's and at this level, so that neither can be changed beside it.
pub fn what_for(id: &str, sensitivity: &str) -> String {
    format!("{id} {sensitivity}")
}

/// The level that a stored word means.
pub fn level(word: &str) -> Sensitivity {
    match word {
        "secret" => Sensitivity::Secret,
        "high" => Sensitivity::High,
        "medium" => Sensitivity::Medium,
        "low" => Sensitivity::Low,
        _ => Sensitivity::None,
    }
}
