//! Whether the settings can be used together.

use super::{Config, SSLMODES, VARIABLES, items, network};
use crate::backup::offsite;
use crate::cache;
use crate::consolidation::Overrides;
use crate::error::{Error, Result};
use crate::jobs::Schedule;

impl Config {
    /// Refuses what cannot work, naming the setting.
    pub fn check(&self) -> Result<()> {
        let bad =
            |field: &str, message: String| Err(Error::invalid(message).field(field.to_owned()));
        let one_of = |field: &str, value: &str, known: &[&str]| match known.contains(&value) {
            true => Ok(()),
            false => bad(
                field,
                format!("{field} = {value:?}: use one of {}", known.join(", ")),
            ),
        };
        self.addresses()?;
        one_of(
            "database.mode",
            &self.database.mode,
            &["auto", "embedded", "external"],
        )?;
        one_of(
            "database.pool_mode",
            &self.database.pool_mode,
            &["auto", "session", "transaction"],
        )?;
        if self.database.sslmode != "auto" {
            one_of("database.sslmode", &self.database.sslmode, &SSLMODES)?;
        }
        one_of(
            "database.channel_binding",
            &self.database.channel_binding,
            &["disable", "prefer", "require"],
        )?;
        one_of(
            "database.target_session_attrs",
            &self.database.target_session_attrs,
            &["auto", "any", "read-write", "read-only"],
        )?;
        let hosts = self.database.host.split(',').count();
        for (field, list) in [
            ("database.port", &self.database.port),
            ("database.replica_port", &self.database.replica_port),
        ] {
            let good = |port: &str| port.trim().parse::<u16>().is_ok();
            let as_usual = list.is_empty() && field == "database.replica_port";
            if !as_usual && !list.split(',').all(good) {
                return bad(
                    field,
                    format!("{field} = {list:?} is no port, and no list of ports"),
                );
            }
        }
        let ports = self.database.port.split(',').count();
        if ports > 1 && ports != hosts {
            let message = format!(
                "PGPORT names {ports} ports for {hosts} hosts: one for all, or one for each"
            );
            return bad("database.port", message);
        }
        one_of(
            "access.enabled",
            &self.access.enabled,
            &["auto", "true", "false"],
        )?;
        let upstream = &self.memory.upstream_url;
        let schemes = ["http://", "https://"];
        let usable = schemes.iter().any(|scheme| upstream.starts_with(scheme));
        if !upstream.is_empty() && !usable {
            let message =
                format!("UPSTREAM_LLM_URL = {upstream} begins with neither http:// nor https://");
            return bad("memory.upstream_url", message);
        }
        if !(100..=65_000).contains(&self.memory.max_tokens) {
            let message = format!(
                "CONTEXT_MAX_TOKENS = {} is not from 100 to 65000",
                self.memory.max_tokens
            );
            return bad("memory.max_tokens", message);
        }
        one_of(
            "log.environment",
            &self.log.environment,
            &["development", "production", "test"],
        )?;
        one_of(
            "log.level",
            &self.log.level,
            &["error", "warn", "info", "debug", "trace"],
        )?;
        if self.database.pool_max < 3 {
            return bad(
                "database.pool_max",
                "database.pool_max (PGPOOL_MAX) is at least 3: a reader, the committer, the owner"
                    .into(),
            );
        }
        if self.database.mode == "external"
            && self.database.host.is_empty()
            && self.database.url.is_empty()
        {
            return bad(
                "database.host",
                "the database is external, and neither PGHOST nor DATABASE_URL says where".into(),
            );
        }
        for proxy in items(&self.access.trusted_proxies) {
            if network(proxy).is_none() {
                let message = format!(
                    "access.trusted_proxies (TRUSTED_PROXIES): {proxy} is no address, and no network such as 10.0.0.0/8"
                );
                return bad("access.trusted_proxies", message);
            }
        }
        if let Err(error) = Overrides::default().check(&self.consolidation) {
            let field = error.at_field().unwrap_or("consolidation").to_owned();
            let variable = VARIABLES.iter().find(|(_, setting)| *setting == field);
            let variable = variable.map_or(String::new(), |(name, _)| format!(" ({name})"));
            let why = error
                .message()
                .trim_start_matches(field.as_str())
                .trim_start();
            return bad(&field, format!("{field}{variable}: {why}"));
        }
        self.clock()?;
        self.recovery_targets()?;
        if !self.backup.dir.is_empty() && !self.backup.dir.starts_with('/') {
            let message = format!(
                "backup.dir (BACKUP_DIR) = {:?}: a path from the root, since the working directory is another one under cron",
                self.backup.dir
            );
            return bad("backup.dir", message);
        }
        offsite::check(&self.backup)?;
        cache::check(&self.cache.redis_url)?;
        for (field, schedule) in [
            ("backup.schedule", &self.backup.schedule),
            ("backup.verify_schedule", &self.backup.verify_schedule),
        ] {
            if let Err(error) = Schedule::parse(schedule, &self.consolidation.timezone) {
                return bad(field, format!("{field}: {}", error.message()));
            }
        }
        let weak = self.weaknesses();
        match weak.first() {
            Some(first) if self.is_production() => {
                let list = weak
                    .iter()
                    .map(|weak| format!("{}: {}; {}", weak.setting, weak.what, weak.mend));
                let message = format!(
                    "refused in production: {}",
                    list.collect::<Vec<_>>().join(" | ")
                );
                return bad(first.setting, message);
            }
            _ => {}
        }
        Ok(())
    }
}
