//! keys rotate-encryption: a new key for the installation; every tenant's data key is wrapped anew, no text is touched.

use super::file::settle;
use super::vault::{Master, Vault};
use crate::audit::Entry;
use crate::db::Target;
use crate::error::{Error, Result};
use crate::sql;
use crate::tenant::INSTALLATION;
use serde::Serialize;

/// What a rotation did.
#[derive(Serialize)]
pub struct Rotated {
    /// The id of the key before.
    pub from: String,
    /// The id of the key now.
    pub to: String,
    /// How many data keys were wrapped anew.
    pub data_keys: usize,
    /// Where the key before is: backups made until now need it.
    pub previous_file: String,
}

/// Rotates. Cut off at any moment, either the old key or the new one is whole and in use: the new key is on the disk before the
/// database knows of it, and takes its place after; a server that starts in between does that. Servers that run read the file again.
pub async fn rotate(vault: &Vault, owner: &Target) -> Result<Rotated> {
    settle(vault, owner).await?;
    let connection = owner.connect().await?;
    connection.batch("begin").await?;
    let rows = connection
        .query(sql!("system/encryption_key_lock"), &[])
        .await?;
    let known: Option<String> = rows.first().and_then(|row| row.get(0));
    let known = known.ok_or_else(|| Error::internal("a key that was settled is not known"))?;
    if vault.file().id()?.as_deref() != Some(&known) {
        let message = "another rotation has not ended yet; try again in a moment";
        return Err(Error::unavailable("busy", message));
    }
    let old = vault.master_of(&known)?;
    let next = vault.file().next();
    // What an earlier try left is no key of anything.
    if next.path().exists() {
        std::fs::remove_file(next.path()).map_err(Error::internal)?;
    }
    let new = Master::new(&next.make()?)?;
    let mut data_keys = 0;
    for row in connection.query(sql!("system/data_keys"), &[]).await? {
        let (tenant, wrapped, by): (String, Vec<u8>, String) = (row.get(0), row.get(1), row.get(2));
        if by != old.id {
            return Err(vault.file().other(&old.id, &by));
        }
        let rewrapped = new.wrap(&tenant, &old.unwrap(&tenant, &wrapped)?)?;
        connection
            .query(sql!("system/data_key_set"), &[&tenant, &rewrapped, &new.id])
            .await?;
        data_keys += 1;
    }
    connection
        .query(sql!("system/encryption_key_set"), &[&new.id])
        .await?;
    let mut entry = Entry::new("keys_rotate_encryption", None, "command line", INSTALLATION);
    entry.details = format!("from {} to {}, {data_keys} data keys", old.id, new.id);
    let targets = vec![new.id.clone()];
    let rows = connection
        .query(sql!("system/audit_append"), &entry.params(&targets))
        .await?;
    rows.first().into_iter().for_each(|row| entry.told(row));
    connection.batch("commit").await?;
    settle(vault, owner).await?;
    Ok(Rotated {
        from: old.id.clone(),
        to: new.id,
        data_keys,
        previous_file: vault.file().previous(&old.id).path().display().to_string(),
    })
}
