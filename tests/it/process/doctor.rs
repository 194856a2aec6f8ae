//! `doctor` names the cause and the mending command of each fault in a table.

use crate::support::process::{Running, works};
use crate::support::{Client, external, free_port, scratch};
use agent_memory::handoff;
use serde_json::{Value, json};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A fault: its name, how it is staged on a stopped installation (a script in its directory, what is set for doctor), and what doctor
/// has to say: the code, how bad it is, and a part of the command that mends it.
struct Fault {
    name: &'static str,
    script: &'static str,
    settings: &'static [(&'static str, &'static str)],
    code: &'static str,
    level: &'static str,
    mend: &'static str,
}

const fn fault(
    name: &'static str,
    script: &'static str,
    settings: &'static [(&'static str, &'static str)],
    code: &'static str,
    level: &'static str,
    mend: &'static str,
) -> Fault {
    Fault {
        name,
        script,
        settings,
        code,
        level,
        mend,
    }
}

/// In a script, `am` is the program on the installation, `$H` its directory, `$D` a directory beside it, `sql` a statement as superuser.
#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    fault("unknown setting", "echo '[server]\nprot = 1' > $D/config.toml", &[("CONFIG", "config.toml")], "configuration", "fail", "config check"),
    fault("misspelt variable", "", &[("BACKUP_DRI", "/x")], "unknown_variable", "warn", "config show"),
    fault("no Redis", "", &[("REDIS_URL", "redis://127.0.0.1:1")], "redis_away", "warn", "REDIS_URL"),
    fault("weak setting", "", &[("HOST", "0.0.0.0"), ("API_AUTH_ENABLED", "false")], "weak_setting", "fail", "API_AUTH_ENABLED"),
    fault("key that others can read", "chmod 644 $H/encryption-key", &[], "file_mode", "warn", "chmod 600"),
    fault("old secret", "touch -d '100 days ago' $H/encryption-key", &[], "secret_age", "warn", "rotate-encryption"),
    fault("few descriptors", "", &[("BEFORE", "ulimit -n 256")], "descriptors", "fail", "ulimit -n"),
    fault("little memory", "echo 'MemTotal: 1000000 kB' > $D/meminfo", &[("BEFORE", "mount --bind $D/meminfo /proc/meminfo")], "memory", "warn", "PGPOOL_MAX"),
    fault("no time zones", "", &[("BEFORE", "mount -t tmpfs none /usr/share/zoneinfo")], "tzdata", "warn", "apt-get install tzdata"),
    fault("small disk", "", &[( "BEFORE", "mount -t tmpfs -o size=600m,mode=777 none $D/small", ), ("BACKUP_DIR", "small/sets")], "disk_small", "warn", "BACKUP_KEEP_DAYS"),
    fault("full disk", "", &[( "BEFORE", "mount -t tmpfs -o size=100m,mode=777 none $D/small", ), ("BACKUP_DIR", "small/sets")], "disk_full", "fail", "make room"),
    fault("port in use", "", &[("PORT", "TAKEN")], "port", "fail", "ss -ltnp"),
    fault("path too long for a socket", "mv $H $D/$(printf 'x%.0s' $(seq 100)) && echo $D/$(printf 'x%.0s' $(seq 100)) > $D/moved", &[], "socket_path", "warn", "--data-dir"),
    fault("foreign owner", "chown daemon $H/postgres", &[], "foreign_owner", "fail", "chown"),
    fault("cluster open to others", "chmod 777 $H/postgres", &[], "cluster_mode", "fail", "chmod 700"),
    fault("other major version", "echo 9 > $H/postgres/PG_VERSION", &[], "other_major", "fail", "apt-get install postgresql-9"),
    fault("unreadable version", "echo x > $H/postgres/PG_VERSION", &[], "cluster_damaged", "fail", "backup restore"),
    fault("truncated control file", "truncate -s 100 $H/postgres/global/pg_control", &[], "control_file", "fail", "backup restore newest"),
    fault("stale pid", "echo 4194000 > $H/postgres/postmaster.pid; chown --reference=$H $H/postgres/postmaster.pid", &[], "stale_pid", "warn", "serve"),
    fault("orphan", "setpriv --reuid=$(stat -c %u $H) --regid=$(stat -c %g $H) --clear-groups setsid $PG/postgres -D $H/postgres -c listen_addresses= -c unix_socket_directories=$H >/dev/null 2>&1 & for i in $(seq 200); do grep -q ready $H/postgres/postmaster.pid 2>/dev/null && break; sleep 0.05; done", &[], "orphan", "warn", "kill -INT"),
    fault("pending migration", "sql 'delete from schema_migrations where version = (select max(version) from schema_migrations)'", &[], "schema", "warn", "migrate up"),
    fault("newer schema", "sql \"insert into schema_migrations (version, name, checksum) values (9999, 'later', 'x')\"", &[], "schema_newer", "fail", "newer agent-memory"),
    fault("another past", "sql \"update schema_migrations set checksum = 'x' where version = 3\"", &[], "schema_differs", "fail", "backup restore"),
    fault("policy missing", "sql 'alter table session_handoffs disable row level security'", &[], "policies", "fail", "ENABLE ROW LEVEL SECURITY"),
    fault("role too strong", "sql 'alter role agent_memory_user bypassrls'", &[], "role", "fail", "db init"),
    fault("index missing", "sql 'drop index idx_session_handoffs_tenant_created'", &[], "index_missing", "fail", "create index idx_session_handoffs_tenant_created on session_handoffs"),
    fault("index not whole", "sql \"update pg_index set indisvalid = false where indexrelid = 'idx_session_handoffs_tenant_created'::regclass\"", &[], "index_unusable", "fail", "REINDEX"),
    fault("key lost", "rm $H/encryption-key", &[], "encryption_key", "fail", "ENCRYPTION_KEY_FILE"),
    fault("another key", "head -c 32 /dev/urandom | base64 > $D/key", &[("ENCRYPTION_KEY_FILE", "key")], "encryption_key", "fail", "ENCRYPTION_KEY_FILE"),
    fault("key file damaged", "echo nonsense > $D/key", &[("ENCRYPTION_KEY_FILE", "key")], "encryption_key", "fail", "ENCRYPTION_KEY_FILE"),
    fault("keys not kept elsewhere", "", &[], "key_escrow", "warn", "keys escrow"),
    fault("audit log changed by hand", "am keys escrow; sql \"update audit_log set details = 'nothing'\"", &[], "audit", "fail", "audit verify"),
    fault("database writes no log", "", &[], "database_log", "warn", "log_statement"),
    fault("no backup", "", &[], "backup_missing", "warn", "backup create"),
    fault("backups off", "", &[("BACKUP_ENABLED", "false")], "backup_off", "warn", "BACKUP_ENABLED=true"),
    fault("old backup", "am backup create", &[("RPO_TARGET", "0s")], "backup_old", "fail", "backup create"),
    fault("backup not verified", "am backup create", &[], "backup_unverified", "warn", "--deep"),
    fault("slow to restore", "am backup create; am backup verify --deep", &[("RTO_TARGET", "0s")], "backup_slow", "warn", "RTO_TARGET"),
    fault("damaged backup", "am backup create; truncate -s 10 $H/backups/agent*/manifest.json", &[], "backup_damaged", "fail", "backup verify"),
    fault("backup failed", "BACKUP_DIR=/proc/none am backup create || true", &[], "backup_failed", "fail", "jobs history backup"),
    fault("directory of backups not writable", "", &[("BACKUP_DIR", "/proc/none")], "backup_directory", "fail", "BACKUP_DIR"),
    fault("no pg_dump", "mkdir $D/bin; ln -s $PG/* $D/bin; rm $D/bin/pg_dump", &[("AGENT_MEMORY_PG_BIN", "bin")], "pg_dump", "warn", "postgresql-client"),
];

const FUNCTIONS: &str = r#"set -eu
am() { "$AM" --data-dir "$H" "$@" >/dev/null; }
sql() { "$AM" --data-dir "$H" psql --as superuser -- -q -v ON_ERROR_STOP=1 -d "$(am_url)" -c "set allow_system_table_mods = on" -c "$1" >/dev/null; }
am_url() { "$AM" --data-dir "$H" db url | sed 's/agent_memory_user@/postgres@/'; }
"#;

/// Stages a fault on a copy of an installation, and what doctor finds.
fn doctor(base: &Path, fault: &Fault, taken: u16) -> Vec<Value> {
    let dir = scratch("faults").join(fault.name.replace(' ', "-"));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(dir.join("small")).unwrap();
    works(Command::new("chmod").arg("-R").arg("777").arg(&dir));
    let mut home = dir.join("data");
    works(Command::new("cp").arg("-a").arg(base).arg(&home));
    let bash = |script: &str| {
        let mut command = Command::new("bash");
        command
            .args(["-c", &format!("{FUNCTIONS}{script}")])
            .env("H", &home)
            .env("D", &dir)
            .env("AM", crate::support::process::program())
            .env("PG", external::binaries())
            .env_remove("PGHOST")
            .env_remove("DATABASE_URL");
        command
    };
    works(&mut bash(fault.script));
    if let Ok(moved) = std::fs::read_to_string(dir.join("moved")) {
        home = PathBuf::from(moved.trim());
    }
    let of = |name: &str| {
        fault
            .settings
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    };
    let config = of("CONFIG").map_or(String::new(), |file| {
        format!("--config {}/{file}", dir.display())
    });
    // In a mount namespace of its own: what is mounted for it is nobody else's.
    let script = format!(
        "{}\n\"$AM\" --data-dir '{}' {config} doctor --json",
        of("BEFORE").unwrap_or("true"),
        home.display()
    );
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "bash", "-c", &script])
        .env("D", &dir)
        .env("AM", crate::support::process::program());
    command
        .env("PORT", free_port().to_string())
        .env_remove("PGHOST")
        .env_remove("DATABASE_URL");
    for (name, value) in fault
        .settings
        .iter()
        .filter(|(name, _)| !["CONFIG", "BEFORE"].contains(name))
    {
        match (*name, *value) {
            ("PORT", _) => command.env("PORT", taken.to_string()),
            ("BACKUP_DIR" | "ENCRYPTION_KEY_FILE" | "AGENT_MEMORY_PG_BIN", path) => {
                command.env(name, dir.join(path))
            }
            (name, value) => command.env(name, value),
        };
    }
    let output = command.output().unwrap();
    let found = serde_json::from_slice(&output.stdout);
    let found: Vec<Value> = found.unwrap_or_else(|_| {
        panic!(
            "{}: {}",
            fault.name,
            String::from_utf8_lossy(&output.stderr)
        )
    });
    let failed = found.iter().any(|finding| finding["level"] == "fail");
    assert_eq!(
        output.status.code(),
        Some(if failed { 78 } else { 0 }),
        "{}",
        fault.name
    );
    // What was left running on the copy ends with it.
    if let Ok(text) = std::fs::read_to_string(home.join("postgres/postmaster.pid"))
        && fault.name == "orphan"
    {
        let pid = text.lines().next().unwrap().to_owned();
        let _ = Command::new("kill").args(["-QUIT", &pid]).status();
    }
    std::fs::remove_dir_all(&dir).unwrap();
    found
}

pub fn expect(name: &str, found: &[Value], code: &str, level: &str, mend: &str) {
    let finding = found
        .iter()
        .find(|finding| finding["code"] == code && finding["level"] == level);
    let finding =
        finding.unwrap_or_else(|| panic!("{name}: no {level} {code} in {}", json!(found)));
    assert!(
        finding["mend"].as_str().unwrap().contains(mend),
        "{name}: {finding}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_staged_fault_is_named_with_the_command_that_mends_it() {
    let base = scratch("faults").join("base");
    let running = Running::start(&base, |_| {});
    let sealed =
        json!({"session_id": "s", "with_whom": "Ada", "story": "x", "sensitivity": "secret"});
    Client::new(&running.url)
        .call::<handoff::Create>(sealed)
        .await
        .ok();
    assert_eq!(running.stop(), Some(0));
    assert!(
        std::fs::metadata(&base).unwrap().uid() != 0,
        "PostgreSQL is not run as root"
    );
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    for fault in FAULTS {
        let found = tokio::task::block_in_place(|| doctor(&base, fault, port));
        expect(fault.name, &found, fault.code, fault.level, fault.mend);
        // Exactly the one index is named.
        if fault.code == "index_missing" {
            assert_eq!(
                found
                    .iter()
                    .filter(|finding| finding["code"] == "index_missing")
                    .count(),
                1
            );
        }
    }
}
