//! Backups of a real installation: wiped and restored, killed in between, on a disk that is full, on another's database, off-site.

use crate::support::process::{Running, on, said, works};
use crate::support::{Client, external, scratch, small_disk, until, worlds};
use agent_memory::{handoff, tenant};
use serde_json::{Value, json};
use std::path::Path;

pub fn client(running: &Running, name: &str) -> Client {
    Client::new(&running.url).tenant(name)
}

/// Fills tenants `w0` to `w{many}`, some at once; their bodies.
pub async fn filled(running: &Running, many: u64) -> Vec<String> {
    let fills = (0..many).map(|seed| {
        let client = client(running, &format!("w{seed}"));
        async move {
            // An empty one too comes into being.
            let gone = json!({"session_id": "s", "with_whom": "Ada", "story": "gone"});
            let made = client.call::<handoff::Create>(gone).await.ok();
            let id = json!({"id": made["handoff_id"], "erase": true});
            client.call::<handoff::Delete>(id).await.ok();
            worlds::fill(&client, seed).await;
        }
    });
    let mut running_fills = fills.collect::<Vec<_>>().into_iter();
    loop {
        let some: Vec<_> = running_fills.by_ref().take(8).collect();
        if some.is_empty() {
            break;
        }
        futures_util::future::join_all(some).await;
    }
    bodies(running, many).await
}

pub async fn bodies(running: &Running, many: u64) -> Vec<String> {
    let mut all = Vec::new();
    for seed in 0..many {
        all.push(worlds::body(&client(running, &format!("w{seed}"))).await);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_makes_no_backup_and_says_so() {
    let home = scratch("backup-disk").join("data");
    let mount = scratch("backup-disk").join("backups");
    small_disk(&mount, 4);
    let dir = mount.join("sets");
    let environment = |command: &mut std::process::Command| {
        command
            .env("BACKUP_DIR", &dir)
            .env("AGENT_MEMORY_DISK_RESERVE_MIB", "1");
    };
    let running = Running::start(&home, environment);
    let acme = client(&running, "acme");
    let run = |arguments: &[&str]| {
        let mut command = on(&home, arguments);
        environment(&mut command);
        said(&mut command)
    };
    assert_eq!(run(&["backup", "create"]).0, 0);
    for _ in 0..40 {
        let story: String = (0..2000).map(|_| agent_memory::key::fresh()).collect();
        acme.call::<handoff::Create>(
            json!({"session_id": "s", "with_whom": "Ada", "story": story}),
        )
        .await
        .ok();
    }
    let (code, refusal) = run(&["backup", "create"]);
    assert!(
        code == 74 && refusal.contains("BACKUP_DIR"),
        "{code} {refusal}"
    );
    let there: Vec<String> = std::fs::read_dir(&dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".lock")
        .collect();
    assert_eq!(there.len(), 1, "{there:?}");
    assert_eq!(run(&["backup", "verify", "newest"]).0, 0);
    let (_, history) = run(&["jobs", "history", "backup", "--failed"]);
    assert!(
        history.contains("failed") && history.contains("no backup was made"),
        "{history}"
    );
    let (_, doctor) = run(&["doctor"]);
    assert!(doctor.contains("backup_failed"), "{doctor}");
    running.stop();
    std::process::Command::new("umount")
        .arg(&mount)
        .status()
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_way_works_psql_cron_and_its_file_names() {
    let home = scratch("guides").join("data");
    let backups = scratch("guides").join("backups");
    let running = Running::start(&home, |command| {
        command.env("BACKUP_ENABLED", "false");
    });
    let before = filled(&running, 12).await;
    let sql = backups.join("agent_memory_20260217_020000.sql.gz");
    std::fs::create_dir_all(&backups).unwrap();
    std::os::unix::fs::chown(&backups, Some(65534), None).unwrap();
    works(std::process::Command::new("chmod").arg("777").arg(&backups));
    works(&mut on(
        &home,
        &["backup", "export-sql", sql.to_str().unwrap()],
    ));
    // gunzip < … | psql, onto the database as it is, without an error.
    let lost = client(&running, "w3");
    worlds::fill(&lost, 5).await;
    let url = works(&mut on(&home, &["db", "url"]));
    let url = url.trim().replace("agent_memory_user@", "postgres@");
    let load = format!(
        "gunzip < {} | psql -v ON_ERROR_STOP=1 -q -o /dev/null '{url}'",
        sql.display()
    );
    let (code, said_by_psql) = said(
        std::process::Command::new("bash")
            .args(["-c", &load])
            .env("PGPASSFILE", home.join("pgpass")),
    );
    assert_eq!(
        (code, said_by_psql.matches("ERROR").count()),
        (0, 0),
        "{said_by_psql}"
    );
    assert_eq!(bodies(&running, 12).await, before);
    // The same file, and the guide's export, are restored as they are.
    worlds::fill(&lost, 5).await;
    works(&mut on(
        &home,
        &["backup", "restore", sql.to_str().unwrap()],
    ));
    until("the restored one", 20, async || {
        lost.call::<handoff::Stats>(json!({})).await.status == 200
    })
    .await;
    assert_eq!(bodies(&running, 12).await, before);
    let export = backups.join("export_20260217_020000.json.gz");
    let curl = format!(
        "curl -s '{}/api/v1/export/all?tenant_id=w3&include_events=true' | gzip > {}",
        running.url,
        export.display()
    );
    works(std::process::Command::new("bash").args(["-c", &curl]));
    works(&mut on(
        &home,
        &[
            "backup",
            "restore",
            export.to_str().unwrap(),
            "--as",
            "w3-again",
        ],
    ));
    let again = worlds::body(&client(&running, "w3-again")).await;
    assert_eq!(
        worlds::shape(&again.replace("w3-again", "w3")),
        worlds::shape(&before[3])
    );
    // The script for cron: it works, and where it cannot it is loud.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/backup.sh");
    let cron = |dir: &Path| {
        let mut command = std::process::Command::new(script);
        command
            .arg("--data-dir")
            .arg(&home)
            .env("AGENT_MEMORY", crate::support::process::program())
            .env("BACKUP_DIR", dir);
        said(&mut command)
    };
    let (code, told) = cron(&backups);
    assert!(
        code == 0 && told.contains("every byte as it was written"),
        "{told}"
    );
    let (code, told) = cron(Path::new("/proc/nowhere"));
    assert!(code != 0 && told.contains("/proc/nowhere"), "{code} {told}");
    // psql's own commands run no program, wherever they stand.
    let token = backups.join("token");
    for hostile in [
        " \\! touch TOKEN",
        "select 1; \\! touch TOKEN",
        "select 1 \\g |touch TOKEN",
        "/*\nCOPY x FROM stdin;\n*/\n\\! touch TOKEN\n/*\n\\.\n*/",
        "\\! touch TOKEN",
    ] {
        let whole = unpacked(&std::fs::read(&sql).unwrap());
        let (head, rest) = whole.split_at(whole.find("SET ").unwrap());
        let hostile = hostile.replace("TOKEN", token.to_str().unwrap());
        let file = backups.join("hostile.sql");
        std::fs::write(&file, format!("{head}{hostile}\n{rest}")).unwrap();
        let (code, refusal) = said(&mut on(
            &home,
            &["backup", "restore", file.to_str().unwrap(), "--dry-run"],
        ));
        assert!(code != 0 && !token.exists(), "{hostile}: {code} {refusal}");
    }
    for (file, why) in [("cut.sql.gz", "cut off"), ("empty.sql.gz", "neither")] {
        let whole = std::fs::read(&sql).unwrap();
        let file = backups.join(file);
        match why {
            "neither" => std::fs::write(&file, b"").unwrap(),
            _ => works_cut(&whole, &file),
        }
        let (code, refusal) = said(&mut on(
            &home,
            &["backup", "restore", file.to_str().unwrap()],
        ));
        assert!(code != 0, "{refusal}");
    }
    assert_eq!(bodies(&running, 12).await, before);
}

fn unpacked(packed: &[u8]) -> String {
    use std::io::Read;
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// The first half of a packed dump, packed whole: what a dump that was cut off looks like.
fn works_cut(whole: &[u8], into: &Path) {
    use std::io::Write;
    let text = unpacked(whole);
    let mut packed = flate2::write::GzEncoder::new(
        std::fs::File::create(into).unwrap(),
        flate2::Compression::fast(),
    );
    packed
        .write_all(&text.as_bytes()[..text.len() / 2])
        .unwrap();
    packed.finish().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn anothers_database_is_dumped_by_a_role_that_sees_everything_or_not_at_all() {
    let (port, _) = tokio::task::spawn_blocking(|| external::start("backup-cluster", ""))
        .await
        .unwrap();
    let home = scratch("backup-external").join("data");
    let admin = format!(
        "postgres://postgres:{}@127.0.0.1:{port}/postgres",
        external::PASSWORD
    );
    let settings = scratch("backup-external").join("env");
    let _ = std::fs::remove_file(&settings);
    let bare = |arguments: &[&str]| on(&home, arguments);
    works(&mut bare(&[
        "db",
        "init",
        "--admin-url",
        &admin,
        "--write",
        settings.to_str().unwrap(),
    ]));
    let written = std::fs::read_to_string(&settings).unwrap();
    let variables: Vec<(String, String)> = written
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let with = |command: &mut std::process::Command, skip: &str| {
        let kept = variables
            .iter()
            .filter(|(name, _)| skip.is_empty() || !name.starts_with(skip));
        command.env_remove("DATABASE_URL").envs(kept.cloned());
    };
    let running = Running::start(&home, |command| with(command, ""));
    let before = filled(&running, 6).await;
    let run = |arguments: &[&str], skip: &str| {
        let mut command = on(&home, arguments);
        with(&mut command, skip);
        said(&mut command)
    };
    let made = |skip: &str| -> Value {
        let (code, text) = run(&["backup", "create", "--json"], skip);
        assert_eq!(code, 0, "{text}");
        serde_json::from_str(&text[text.find('{').unwrap()..]).unwrap()
    };
    assert_eq!(made("")["dump"], true, "by the role that db init made");
    assert_eq!(
        made("PGBACKUP")["dump"],
        true,
        "the owner sees everything where it is another than the application"
    );
    for deep in [true, false] {
        let (code, text) = run(
            &[
                "backup",
                "restore",
                "newest",
                if deep { "--dry-run" } else { "--json" },
            ],
            "",
        );
        assert_eq!(code, 0, "{text}");
    }
    until("the restored one", 20, async || {
        client(&running, "w1")
            .call::<handoff::Stats>(json!({}))
            .await
            .status
            == 200
    })
    .await;
    assert_eq!(bodies(&running, 6).await, before);
    running.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_one_role_makes_exports_tries_them_elsewhere_and_restores_once_it_may() {
    let (port, _, admin) = external::guide("guide-cluster").await;
    let home = scratch("guide-role").join("data");
    let port = port.to_string();
    let settings = |command: &mut std::process::Command| {
        command
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", &port)
            .env("PGPASSWORD", external::PASSWORD)
            .env("AGENT_MEMORY_RUN_AS", "postgres");
    };
    let running = Running::start(&home, settings);
    let before = filled(&running, 5).await;
    let run = |arguments: &[&str]| {
        let mut command = on(&home, arguments);
        settings(&mut command);
        said(&mut command)
    };
    let operator = Client::new(&running.url);
    let bounds = json!({"tenant_id": "w1", "max_rows": 100_000});
    operator.call::<tenant::Update>(bounds).await.ok();
    let gone = operator.clone().tenant("gone");
    worlds::fill(&gone, 3).await;
    operator
        .call::<tenant::Delete>(json!({"tenant_id": "gone"}))
        .await
        .ok();
    // Under forced policies its dump would have no row: it makes none, and says so.
    let (code, made) = run(&["backup", "create"]);
    assert!(
        code == 0 && made.contains("exports only") && made.contains("PGBACKUP_USER"),
        "{code} {made}"
    );
    let (code, tried) = run(&["backup", "verify", "newest", "--deep"]);
    assert!(
        code == 0 && tried.contains("6 tenants the same to the byte"),
        "{code} {tried}"
    );
    let (code, refusal) = run(&["backup", "restore", "newest"]);
    assert!(
        code == 77 && refusal.contains("CREATEDB"),
        "{code} {refusal}"
    );
    admin
        .batch("alter role agent_memory_user createdb")
        .await
        .unwrap();
    let (code, restored) = run(&["backup", "restore", "newest"]);
    assert!(code == 0, "{code} {restored}");
    until("the restored one", 20, async || {
        let acme = client(&running, "w1");
        acme.call::<handoff::Stats>(json!({})).await.status == 200
    })
    .await;
    let kept = operator
        .call::<tenant::Get>(json!({"tenant_id": "w1"}))
        .await
        .ok();
    assert_eq!(kept["tenant"]["quotas"]["max_rows"], 100_000, "{kept}");
    gone.call::<handoff::List>(json!({})).await.refused(404);
    assert_eq!(bodies(&running, 5).await, before);
    running.stop();
}
