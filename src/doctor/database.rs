//! Checks of the database: reachable, encrypted, migrated, its roles, its policies, its own log, the keys.

use super::backups::backups;
use super::server::{indexes, refused, server};
use super::{AGE, Finding};
use crate::audit::verify;
use crate::clock;
use crate::config::Config;
use crate::db::{Connection, Target, migrate};
use crate::error::Result;
use crate::seal::{self, Vault};
use crate::sql;
use crate::tenant::INSTALLATION;
use chrono::Duration;

/// All checks of a database that can be reached as both roles; a check that fails itself is a finding too.
pub async fn database(config: &Config, application: &Target, owner: &Target) -> Vec<Finding> {
    let mut found = Vec::new();
    for (target, role) in [(application, "application"), (owner, "owner")] {
        if let Err(error) = target.connect().await {
            found.push(refused(config, role, target.user(), &error));
            return found;
        }
    }
    found.push(Finding::ok(
        "database",
        format!("reached at {}", application.url()),
    ));
    let Ok(connection) = owner.connect().await else {
        return found;
    };
    let mut note = |code, checked: Result<Vec<Finding>>| match checked {
        Ok(more) => found.extend(more),
        Err(error) => found.push(Finding::fail(
            code,
            format!("could not be checked: {}", error.causes()),
            match code {
                "encryption_key" => "name the right file in ENCRYPTION_KEY_FILE",
                _ => "agent-memory db status",
            },
        )),
    };
    note("tls", encryption(config, application).await);
    note("postgres", server(config, &connection).await);
    let migrated = schema(owner).await;
    let ready = matches!(&migrated, Ok(found) if found.iter().all(|finding| finding.level == super::Level::Ok));
    note("schema", migrated);
    note("database_log", logging(config, &connection).await);
    note("backup", backups(config, Some(&connection)).await);
    if ready {
        note("indexes", indexes(&connection).await);
        note("role", role(&connection, application.user()).await);
        note(
            "policies",
            policies(&connection, application.user() == owner.user()).await,
        );
        note("keys", keys(&connection).await);
        note("encryption_key", encryption_key(config, owner).await);
        note("audit", audit(owner).await);
    }
    found
}

async fn encryption(config: &Config, application: &Target) -> Result<Vec<Finding>> {
    let connection = application.connect().await?;
    let rows = connection
        .query(sql!("system/doctor_connection"), &[])
        .await?;
    let encrypted = rows.first().is_some_and(|row| row.get(0));
    Ok(vec![match (encrypted, config.database_is_remote()) {
        (true, true)
            if !config.sslmode().starts_with("verify")
                && config.database.sslrootcert.is_empty() =>
        {
            let said = format!(
                "encrypted, PGSSLMODE={}; whether it is the right server is not asked",
                config.sslmode()
            );
            Finding::warn("tls", said, "set PGSSLMODE=verify-full with PGSSLROOTCERT")
        }
        (true, _) => Finding::ok("tls", format!("encrypted, PGSSLMODE={}", config.sslmode())),
        (false, false) => Finding::ok("tls", "not encrypted, and on this machine"),
        (false, true) => Finding::fail(
            "tls",
            "memories travel to the database in the clear",
            "set PGSSLMODE=require, better verify-full with PGSSLROOTCERT",
        ),
    }])
}

async fn schema(owner: &Target) -> Result<Vec<Finding>> {
    let status = match migrate::status(owner).await {
        Err(error) if error.code() == "schema_newer" => {
            let mend = "install the newer agent-memory again; an older one starts on a backup of its own time";
            return Ok(vec![Finding::fail("schema_newer", error.to_string(), mend)]);
        }
        Err(error) if error.code() == "schema_differs" => {
            let mend = "agent-memory backup restore newest, or the build of agent-memory that made this database";
            return Ok(vec![Finding::fail(
                "schema_differs",
                error.to_string(),
                mend,
            )]);
        }
        other => other?,
    };
    let newest = status.applied.last().map_or(0, |(version, _)| *version);
    Ok(vec![match status.pending.len() {
        0 => Finding::ok("schema", format!("up to date, version {newest}")),
        n => Finding::warn(
            "schema",
            format!("{n} migrations are missing"),
            "agent-memory migrate up",
        ),
    }])
}

/// The database's own record of who changed what, beside ours.
async fn logging(config: &Config, owner: &Connection) -> Result<Vec<Finding>> {
    let rows = owner.query(sql!("system/doctor_logging"), &[]).await?;
    let Some(row) = rows.first() else {
        return Ok(Vec::new());
    };
    let (statement, classes): (&str, &str) = (row.get(0), row.get(1));
    if !matches!(classes, "" | "none") {
        return Ok(vec![Finding::ok(
            "database_log",
            format!("pgaudit writes down {classes}"),
        )]);
    }
    if matches!(statement, "ddl" | "mod" | "all") {
        return Ok(vec![Finding::ok(
            "database_log",
            format!("log_statement = {statement}"),
        )]);
    }
    let psql = match config.is_external() {
        true => "as a superuser: ",
        false => "agent-memory psql --as superuser -- -c ",
    };
    Ok(vec![Finding::warn(
        "database_log",
        "the database itself writes down no changes of its structure and roles (log_statement = none, no pgaudit)",
        format!(
            "{psql}\"ALTER SYSTEM SET log_statement = 'ddl'\" and then \"SELECT pg_reload_conf()\" (mod and all would write memories into its log); pgaudit says more: apt-get install postgresql-15-pgaudit, shared_preload_libraries = 'pgaudit', pgaudit.log = 'ddl, role'"
        ),
    )])
}

async fn role(owner: &Connection, application: &str) -> Result<Vec<Finding>> {
    let rows = owner
        .query(sql!("system/doctor_roles"), &[&application])
        .await?;
    let Some(row) = rows.first() else {
        return Ok(Vec::new());
    };
    let may: Vec<&str> = [
        "is a superuser",
        "goes past row-level security",
        "is a member of the owner",
        "makes roles",
        "makes databases",
        "makes tables",
        "makes temporary tables",
        "writes large objects",
    ]
    .into_iter()
    .enumerate()
    .filter(|(column, _)| row.get::<_, Option<bool>>(*column).unwrap_or(false))
    .map(|(_, what)| what)
    .collect();
    let severe = (0..3).any(|column| row.get::<_, bool>(column));
    let one_for_both: bool = row.get(8);
    let init = "agent-memory db init --admin-url postgres://postgres@HOST/postgres makes roles of their own";
    Ok(vec![match (severe, may.is_empty(), one_for_both) {
        (true, ..) => Finding::fail(
            "role",
            format!(
                "the application's role {}: no policy holds it",
                may.join(", ")
            ),
            init,
        ),
        (false, _, true) => Finding::warn(
            "role",
            format!(
                "{application} is owner and application at once; policies are forced on it, and it can lift them"
            ),
            init,
        ),
        (false, false, _) => {
            Finding::warn("role", format!("{application} {}", may.join(", ")), init)
        }
        (false, true, false) => Finding::ok(
            "role",
            format!("{application} may read and write rows, and nothing else"),
        ),
    }])
}

async fn policies(owner: &Connection, one_for_both: bool) -> Result<Vec<Finding>> {
    let rows = owner
        .query(sql!("system/doctor_tables"), &[&one_for_both])
        .await?;
    let open: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    Ok(vec![match open.is_empty() {
        true => Finding::ok(
            "policies",
            "every tenant table is kept apart by the database",
        ),
        false => Finding::fail(
            "policies",
            format!(
                "the database does not keep tenants apart in {}",
                open.join(", ")
            ),
            "agent-memory migrate up puts forced policies back; where one is missing: ALTER TABLE … ENABLE ROW LEVEL SECURITY",
        ),
    }])
}

async fn keys(owner: &Connection) -> Result<Vec<Finding>> {
    let before = clock::now() - Duration::days(AGE);
    let mut tenants = vec![INSTALLATION.to_owned()];
    let rows = owner.query(sql!("system/tenants"), &[]).await?;
    tenants.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    let (mut old, mut installation) = (0, 0);
    for tenant in tenants {
        owner.batch("begin read only").await?;
        owner
            .query(sql!("system/bind"), &[&tenant, &"30s", &"auto"])
            .await?;
        let rows = owner
            .query(sql!("system/doctor_keys"), &[&tenant, &before])
            .await?;
        owner.batch("commit").await?;
        let count = |column| rows.first().map_or(0, |row| row.get::<_, i64>(column));
        old += count(0);
        if tenant == INSTALLATION {
            installation = count(1);
        }
    }
    Ok(vec![match old {
        0 => Finding::ok(
            "keys",
            format!("none is older than {AGE} days; {installation} of the installation work"),
        ),
        _ => Finding::warn(
            "keys",
            format!("{old} keys are older than {AGE} days"),
            "agent-memory keys list, make others with keys create, end the old ones with keys revoke",
        ),
    }])
}

async fn encryption_key(config: &Config, owner: &Target) -> Result<Vec<Finding>> {
    let vault = Vault::new(config.encryption_key_file());
    let file = vault.file();
    if file.read()?.is_none() {
        let rows = owner
            .connect()
            .await?
            .query(sql!("system/escrow"), &[])
            .await?;
        let known: Option<String> = rows.first().and_then(|row| row.get(0));
        let said = format!("no key of sealed texts at {}", file.path().display());
        if let Some(known) = known {
            let said = format!("{said}, and this database's are sealed under {known}");
            let mend = "copy the file from another server, or from where keys escrow had it kept; name it in ENCRYPTION_KEY_FILE";
            return Ok(vec![Finding::fail("encryption_key", said, mend)]);
        }
        return Ok(vec![Finding::warn(
            "encryption_key",
            said,
            "agent-memory serve makes it; or name it in ENCRYPTION_KEY_FILE",
        )]);
    }
    let what = seal::escrow(&vault, owner).await?;
    Ok(vec![match what.matches_database {
        true => Finding::ok(
            "encryption_key",
            format!(
                "{} is the one of this database ({} tenants have sealed texts); keep a copy elsewhere",
                what.key_id, what.tenants
            ),
        ),
        false => Finding::fail(
            "encryption_key",
            format!(
                "{} is not the key that this database's texts are sealed under",
                what.key_id
            ),
            "name the right file in ENCRYPTION_KEY_FILE",
        ),
    }])
}

async fn audit(owner: &Target) -> Result<Vec<Finding>> {
    let chains = verify::all(owner).await?;
    let rows: i64 = chains.iter().map(|chain| chain.rows).sum();
    Ok(vec![match verify::check(&chains) {
        Ok(()) => Finding::ok("audit", format!("{rows} rows of the audit log hold")),
        Err(error) => Finding::fail("audit", error.to_string(), "agent-memory audit verify"),
    }])
}
