//! backup_create

use super::job::{BACKUP, drive, must_exist};
use super::list::{Backup, shown};
use super::repository::Repository;
use crate::error::{Error, Result};
use crate::jobs::{self, run::under_way};
use crate::operation::{Access, Context, Method, Operation, Scope};
use crate::types::Name;
use crate::write::Begun;
use crate::{clock, id, sql};
use schemars::JsonSchema;
use serde::Deserialize;

/// Makes a backup now, on the server that is asked, and answers when it is whole. (Restoring is a command: agent-memory backup restore.)
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NewBackup")]
pub struct Input {
    /// Only this tenant's memories; everything unless given.
    tenant_id: Option<Name>,
}

/// Makes a backup.
pub struct Create;

impl Operation for Create {
    const NAME: &'static str = "backup_create";
    const METHOD: Method = Method::Post;
    const PATH: &'static str = "/api/v1/backups";
    const ACCESS: Access = Access::Admin;
    const CREATES: bool = true;
    const SCOPE: Scope = Scope::Installation;
    type Input = Input;
    type Output = Backup;

    async fn run(ctx: &Context, input: Input) -> Result<Backup> {
        let tenant = input
            .tenant_id
            .map(|name| name.to_string())
            .unwrap_or_default();
        must_exist(&ctx.app, &tenant).await?;
        let run_id = match ctx.begin().await? {
            Begun::Replay(ids) => ids.into_iter().next().unwrap_or_default(),
            Begun::Fresh(mut write) => {
                let run_id = id::new("cj").0;
                let rows = write
                    .query(
                        sql!("jobs/begin"),
                        &[&BACKUP, &clock::now(), &run_id, &tenant],
                    )
                    .await
                    .map_err(under_way)?;
                write.audit(ctx, "a backup was asked for");
                write.commit(std::slice::from_ref(&run_id)).await?;
                let row = rows
                    .first()
                    .ok_or_else(|| Error::internal("the run did not begin"))?;
                let run = jobs::Run::from_row(&ctx.app, row).await?;
                // It goes on should the caller go away.
                let going = tokio::spawn(drive(run));
                going.await.map_err(Error::internal)??;
                run_id
            }
        };
        let rows = ctx
            .app
            .owner
            .connect()
            .await?
            .query(sql!("system/run_result"), &[&run_id])
            .await?;
        let row = rows.first().ok_or_else(crate::write::gone)?;
        let name: Option<String> = row.get(0);
        let name = name.ok_or_else(crate::write::gone)?;
        let repository = Repository::new(ctx.app.config.backup_dir());
        shown(&ctx.app.config, &repository)?
            .into_iter()
            .find(|backup| backup.name == name)
            .ok_or_else(crate::write::gone)
    }
}
