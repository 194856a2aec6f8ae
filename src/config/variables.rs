//! The environment variables we know, and the settings they stand for.

/// Variable and setting; where two variables name one setting, the later wins.
pub const VARIABLES: &[(&str, &str)] = &[
    ("HOST", "server.host"),
    ("PORT", "server.port"),
    ("DRAIN_SECONDS", "server.drain_seconds"),
    ("AGENT_MEMORY_DATABASE", "database.mode"),
    ("DATABASE_URL", "database.url"),
    ("PGHOST", "database.host"),
    ("PGPORT", "database.port"),
    ("PGTARGETSESSIONATTRS", "database.target_session_attrs"),
    ("PGREPLICA_HOST", "database.replica_host"),
    ("PGREPLICA_PORT", "database.replica_port"),
    ("CACHE_MIB", "cache.mib"),
    ("REDIS_URL", "cache.redis_url"),
    ("PGDATABASE", "database.name"),
    ("PGUSER", "database.user"),
    ("PGPASSWORD", "database.password"),
    ("PGPASSFILE", "database.passfile"),
    ("PGSSLMODE", "database.sslmode"),
    ("PGSSLROOTCERT", "database.sslrootcert"),
    ("PGSSLCERT", "database.sslcert"),
    ("PGSSLKEY", "database.sslkey"),
    ("PGCHANNELBINDING", "database.channel_binding"),
    ("PGOWNER_USER", "database.owner_user"),
    ("PGOWNER_PASSWORD", "database.owner_password"),
    ("PGPOOL_MODE", "database.pool_mode"),
    ("PGPOOL_MAX", "database.pool_max"),
    ("PGPOOL_MIN", "database.pool_min"),
    ("PGIDLE_TIMEOUT", "database.idle_timeout_ms"),
    ("PGCONNECTION_TIMEOUT", "database.connection_timeout_ms"),
    ("PGSTATEMENT_TIMEOUT", "database.statement_timeout_ms"),
    ("PGQUERY_TIMEOUT", "database.query_timeout_ms"),
    ("AGENT_MEMORY_DATA_DIR", "embedded.data_dir"),
    ("AGENT_MEMORY_PG_BIN", "embedded.bin_dir"),
    ("AGENT_MEMORY_PG_VERSION", "embedded.version"),
    ("AGENT_MEMORY_PG_MIRROR", "embedded.mirror"),
    ("AGENT_MEMORY_PG_SHA256", "embedded.sha256"),
    ("AGENT_MEMORY_PG_DOWNLOAD", "embedded.download"),
    ("AGENT_MEMORY_DISK_RESERVE_MIB", "embedded.reserve_mib"),
    ("AGENT_MEMORY_RUN_AS", "embedded.run_as"),
    ("API_AUTH_ENABLED", "access.enabled"),
    ("ADMIN_KEY_FILE", "access.admin_key_file"),
    ("ENCRYPTION_KEY_FILE", "access.encryption_key_file"),
    ("TRUSTED_PROXIES", "access.trusted_proxies"),
    ("CORS_ORIGINS", "access.cors_origins"),
    ("X_XSS_PROTECTION", "access.xss_protection"),
    ("ALLOWED_HOSTS", "access.allowed_hosts"),
    ("METRICS_PUBLIC", "access.metrics_public"),
    ("NODE_ENV", "log.environment"),
    ("AGENT_MEMORY_ENV", "log.environment"),
    ("LOG_LEVEL", "log.level"),
    ("TRANSPARENT_MEMORY", "memory.transparent"),
    ("CONTEXT_INJECTION", "memory.injection"),
    ("CONTEXT_MAX_TOKENS", "memory.max_tokens"),
    ("UPSTREAM_LLM_URL", "memory.upstream_url"),
    ("AGENT_MEMORY_URL", "client.url"),
    ("AGENT_MEMORY_KEY", "client.key"),
    ("AGENT_MEMORY_TENANT", "client.tenant"),
    ("AGENT_MEMORY_WITH", "client.with_whom"),
    ("AGENT_MEMORY_HOOK_DIR", "client.hook_dir"),
    ("CONSOLIDATION_ENABLED", "consolidation.enabled"),
    ("CONSOLIDATION_SCHEDULE", "consolidation.schedule"),
    ("CONSOLIDATION_TIMEZONE", "consolidation.timezone"),
    ("BACKUP_ENABLED", "backup.enabled"),
    ("BACKUP_SCHEDULE", "backup.schedule"),
    ("BACKUP_VERIFY_SCHEDULE", "backup.verify_schedule"),
    ("BACKUP_DIR", "backup.dir"),
    ("BACKUP_KEEP_DAYS", "backup.keep_days"),
    ("BACKUP_KEEP_WEEKS", "backup.keep_weeks"),
    ("BACKUP_KEEP_MONTHS", "backup.keep_months"),
    ("BACKUP_KEEP_MINIMUM", "backup.keep_minimum"),
    ("RTO_TARGET", "backup.rto_target"),
    ("RPO_TARGET", "backup.rpo_target"),
    ("PGBACKUP_USER", "backup.user"),
    ("PGBACKUP_PASSWORD", "backup.password"),
    ("PGBACKUP_HOST", "backup.host"),
    ("PGBACKUP_PORT", "backup.port"),
    ("BACKUP_OFFSITE", "backup.offsite"),
    ("BACKUP_OFFSITE_ENDPOINT", "backup.offsite_endpoint"),
    ("BACKUP_OFFSITE_REGION", "backup.offsite_region"),
    ("BACKUP_OFFSITE_KEY_ID", "backup.offsite_key_id"),
    ("BACKUP_OFFSITE_SECRET", "backup.offsite_secret"),
    ("BACKUP_OFFSITE_CA", "backup.offsite_ca"),
    ("AGENT_MEMORY_CLOCK", "server.clock"),
];

/// Settings that are never shown, and can be given as NAME_FILE.
pub const SECRETS: &[&str] = &[
    "database.url",
    "database.password",
    "database.owner_password",
    "backup.password",
    "backup.offsite_secret",
    "cache.redis_url",
    "client.key",
];

/// The known variable that a misspelt one may have meant: one or two slips away, and not a variable of its own.
pub fn nearest(name: &str) -> Option<&'static str> {
    let ours = [
        "PG",
        "AGENT_MEMORY",
        "API_",
        "CONSOLIDATION",
        "TRANSPARENT",
        "CONTEXT_",
        "METRICS_",
        "ALLOWED_",
        "ADMIN_",
        "ENCRYPTION_",
        "TRUSTED_",
        "CORS_",
        "BACKUP_",
        "RTO_",
        "RPO_",
    ];
    // libpq's own variables, which we leave to PostgreSQL's tools.
    let others = [
        "PGAPPNAME",
        "PGOPTIONS",
        "PGTZ",
        "PGDATA",
        "PGSERVICE",
        "PGSERVICEFILE",
    ];
    let known = VARIABLES
        .iter()
        .any(|(variable, _)| *variable == name || name.strip_suffix("_FILE") == Some(variable));
    if known || others.contains(&name) || !ours.iter().any(|prefix| name.starts_with(prefix)) {
        return None;
    }
    let distance = |variable: &str| strsim::damerau_levenshtein(name, variable);
    let best = VARIABLES
        .iter()
        .map(|(variable, _)| *variable)
        .min_by_key(|variable| distance(variable))?;
    (distance(best) <= 3).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_noticed_and_strangers_left_alone() {
        assert_eq!(nearest("PGHSOT"), Some("PGHOST"));
        assert_eq!(nearest("PGPOOL_MAXX"), Some("PGPOOL_MAX"));
        assert_eq!(nearest("PGPASSWORD_FILE"), None);
        assert_eq!(nearest("PGAPPNAME"), None);
        assert_eq!(nearest("PATH"), None);
    }
}
