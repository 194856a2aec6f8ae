//! What operations do about sensitive texts: judge and seal what they write, show what they read as far as it may be shown.

use super::item::{HIDDEN, Sealable, Show, Texts, level, what_for};
use super::settle;
use super::vault::{DataKey, KEY};
use crate::error::{Error, Result};
use crate::operation::Context;
use crate::types::Sensitivity;
use crate::{id, sql};
use serde_json::value::{RawValue, to_raw_value};
use std::sync::Arc;

/// A row's texts: as its columns have them, opened, or not to be shown.
pub enum Opened {
    /// Nothing is sealed.
    Plain,
    /// What was sealed.
    Texts(Texts),
    /// A placeholder stands for every text.
    Hidden,
}

impl Opened {
    /// The first of these texts that there is; none where the columns have it.
    pub fn text(&self, names: &[&str]) -> Option<String> {
        match self {
            Self::Plain => None,
            Self::Hidden => Some(HIDDEN.to_owned()),
            Self::Texts(texts) => names.iter().find_map(|name| texts.get(*name).cloned()),
        }
    }
}

impl Context {
    /// The tenant's data key, made when it has none yet.
    pub async fn data_key(&self) -> Result<Arc<DataKey>> {
        self.data_key
            .get_or_try_init(|| self.find_or_make_key())
            .await
            .cloned()
    }

    async fn find_or_make_key(&self) -> Result<Arc<DataKey>> {
        if let Some(key) = self.place.data_key(&self.app.vault, &self.tenant)? {
            return Ok(key);
        }
        let known = settle(&self.app.vault, &self.app.owner).await?;
        let master = self.app.vault.master_of(&known)?;
        let wrapped = master.wrap(&self.tenant, &id::random::<KEY>())?;
        // Another server may have been faster: its key is the tenant's.
        let rows = self
            .app
            .db
            .system(
                sql!("tenant/data_key"),
                &[&self.tenant, &wrapped, &master.id],
            )
            .await?;
        let row = rows
            .first()
            .ok_or_else(|| Error::internal("a tenant without a row"))?;
        self.app.places.forget(&self.tenant);
        let (Some(wrapped), Some(by)) = (
            row.get::<_, Option<Vec<u8>>>(0),
            row.get::<_, Option<&str>>(1),
        ) else {
            let message = "the key of sealed texts is being replaced; try again";
            return Err(Error::unavailable("busy", message));
        };
        let bytes = self
            .app
            .vault
            .master_of(by)?
            .unwrap(&self.tenant, &wrapped)?;
        Ok(Arc::new(DataKey::new(&bytes)?))
    }

    /// The tenant's data key for reading; without it what is sealed stays hidden, and the log says why.
    pub fn key_to_read(&self) -> Option<Arc<DataKey>> {
        if let Some(key) = self.data_key.get() {
            return Some(key.clone());
        }
        match self.place.data_key(&self.app.vault, &self.tenant) {
            Ok(key) => key,
            Err(error) => {
                log::error!("sealed texts cannot be opened: {}", error.causes());
                None
            }
        }
    }

    /// Judges a memory that is about to be stored, and seals it when it is high or secret.
    pub async fn protect(&self, item: &mut impl Sealable) -> Result<()> {
        if item.judge() {
            item.seal(&*self.data_key().await?)?;
        }
        Ok(())
    }

    /// The texts of one row as far as they may be shown, where its columns do not say them.
    pub fn opened(&self, id: &str, sensitivity: &str, sealed: Option<&[u8]>) -> Opened {
        if level(sensitivity) == Sensitivity::Secret {
            return Opened::Hidden;
        }
        let Some(sealed) = sealed else {
            return Opened::Plain;
        };
        let what_for = what_for(id, sensitivity);
        let plain = self
            .key_to_read()
            .and_then(|key| key.open(&what_for, sealed).ok());
        let texts = plain.and_then(|plain| serde_json::from_slice(&plain).ok());
        texts.map_or(Opened::Hidden, Opened::Texts)
    }

    /// The bytes of one row as far as they may be shown: none where its columns say them, an error where they are hidden.
    pub fn bytes(
        &self,
        id: &str,
        sensitivity: &str,
        sealed: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, &'static str> {
        if level(sensitivity) == Sensitivity::Secret {
            return Err(HIDDEN);
        }
        let Some(sealed) = sealed else {
            return Ok(None);
        };
        let what_for = what_for(id, sensitivity);
        let plain = self
            .key_to_read()
            .and_then(|key| key.open(&what_for, sealed).ok());
        plain.map(Some).ok_or(HIDDEN)
    }

    /// An event's content where its column does not say it: opened, or the placeholder.
    pub fn content(
        &self,
        id: &str,
        sensitivity: &str,
        sealed: Option<&[u8]>,
    ) -> Option<Box<RawValue>> {
        let opened = self.bytes(id, sensitivity, sealed).map(|plain| {
            let text = String::from_utf8(plain?).ok()?;
            RawValue::from_string(text).ok()
        });
        opened.unwrap_or_else(|hidden| to_raw_value(&serde_json::json!({"text": hidden})).ok())
    }

    /// All of a memory, for a write that goes on from what it says; an error where it cannot be opened, so that nothing is lost.
    pub fn open<T: Sealable>(&self, mut item: T) -> Result<T> {
        let key = item
            .sealed()
            .is_some()
            .then(|| self.key_to_read())
            .flatten();
        match item.reveal(key.as_deref(), Show::All) {
            true => Ok(item),
            false => {
                let message = "the sealed texts of this memory cannot be opened right now; nothing was changed";
                Err(Error::unavailable("cannot_open", message))
            }
        }
    }

    /// Shows of memories what may be shown.
    pub fn reveal<T: Sealable>(&self, mut items: Vec<T>, show: Show) -> Vec<T> {
        let sealed = items.iter_mut().any(|item| item.sealed().is_some());
        let key = sealed.then(|| self.key_to_read()).flatten();
        for item in &mut items {
            item.reveal(key.as_deref(), show);
        }
        items
    }
}
