//! What a change of a memory means for recall, in the memory's own transaction.

use super::item::Item;
use crate::db::Sql;
use crate::error::Result;
use crate::sql;
use crate::write::Write;
use chrono::{DateTime, Utc};

impl Write {
    /// Indexes a memory.
    pub async fn index(&mut self, item: Option<Item>) -> Result<()> {
        let Some(item) = item else { return Ok(()) };
        self.system(
            sql!("recall/index"),
            &Item::columns(&std::iter::once(&item)).params(),
        )
        .await?;
        self.indexed.push(item);
        Ok(())
    }

    /// Indexes what a memory says from now on: kept back, replaced and weighed as before.
    pub async fn index_again(&mut self, item: Option<Item>) -> Result<()> {
        let Some((id, since)) = item
            .as_ref()
            .map(|item| (item.item_id.clone(), item.valid_from))
        else {
            return Ok(());
        };
        self.index(item).await?;
        self.query(sql!("recall/inherit"), &[&id, &since])
            .await
            .map(drop)
    }

    /// A memory is replaced by another, or says something else from now on (`said` is what it said until then).
    pub async fn supersede(
        &self,
        id: &str,
        at: DateTime<Utc>,
        said: Option<&[String]>,
    ) -> Result<()> {
        self.query(
            sql!("recall/supersede"),
            &[&id, &at, &said.map(<[String]>::to_vec)],
        )
        .await
        .map(drop)
    }

    /// A handoff no longer says what it said: what consolidation made of it is made again without it.
    pub async fn unsay(&self, handoff: &str) -> Result<()> {
        self.query(sql!("consolidation/unsay"), &[&handoff])
            .await
            .map(drop)
    }

    /// What replaced these memories is gone: `sql` finds and frees them by its id.
    pub async fn revive(&self, sql: &'static Sql, by: &str) -> Result<()> {
        for row in self.query(sql, &[&by]).await? {
            if row.get(1) {
                self.query(sql!("recall/revive"), &[&row.get::<_, String>(0)])
                    .await?;
            }
        }
        Ok(())
    }

    /// A memory goes into the trash or comes back.
    pub async fn trash(&self, id: &str, trashed: bool) -> Result<()> {
        self.query(sql!("recall/trash"), &[&id, &trashed])
            .await
            .map(drop)
    }

    /// Keeps a memory back for a reason, or lets it come again.
    pub async fn withhold(&self, id: &str, why: Option<&str>) -> Result<()> {
        self.query(sql!("recall/withhold"), &[&id, &why])
            .await
            .map(drop)
    }

    /// Lets a memory count for less.
    pub async fn weigh(&self, id: &str, weight: f64) -> Result<()> {
        self.query(sql!("recall/weigh"), &[&id, &weight])
            .await
            .map(drop)
    }

    /// Forgets a memory for good.
    pub async fn forget(&self, id: &str) -> Result<()> {
        self.query(sql!("recall/forget"), &[&vec![id.to_owned()]])
            .await
            .map(drop)
    }
}
