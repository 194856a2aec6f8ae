//! The server on its own PostgreSQL, as a process.

use crate::support::process::{Running, program, signal};
use crate::support::{Client, scratch, until};
use agent_memory::handoff;
use serde_json::json;
use std::process::{Command, Stdio};

#[tokio::test]
async fn a_memory_survives_a_restart_and_the_first_line_says_where_it_is() {
    let home = scratch("restart").join("data");
    let first = Running::start(&home, |_| {});
    assert!(
        first.greeting.contains("is ready") && first.greeting.contains(home.to_str().unwrap()),
        "{}",
        first.greeting
    );
    let client = Client::new(&first.url);
    let made = client
        .call::<handoff::Create>(
            json!({"session_id": "s", "with_whom": "Ada", "story": "survives"}),
        )
        .await
        .ok();
    assert_eq!(first.stop(), Some(0));
    assert!(
        !home.join("postgres/postmaster.pid").exists(),
        "PostgreSQL was stopped in order"
    );
    let second = Running::start(&home, |_| {});
    let got = Client::new(&second.url)
        .call::<handoff::Last>(json!({}))
        .await
        .ok();
    assert_eq!(got, made["handoff"]);
    let log = std::fs::read_to_string(home.with_extension("log")).unwrap();
    assert!(
        log.lines()
            .next()
            .unwrap()
            .contains("its own PostgreSQL in"),
        "{log}"
    );
    assert!(!log.contains("survives"), "a memory's text reached the log");
}

#[tokio::test]
async fn files_are_private_and_a_second_server_is_told_who_is_there() {
    use std::os::unix::fs::PermissionsExt;
    let home = scratch("private").join("data");
    let running = Running::start(&home, |_| {});
    let mode = |path: &str| {
        std::fs::metadata(home.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        [
            mode(""),
            mode("postgres"),
            mode("run"),
            mode("pgpass"),
            mode("lock")
        ],
        [0o700, 0o700, 0o700, 0o600, 0o600]
    );
    let port = running.url.rsplit(':').next().unwrap();
    let output = Command::new(program())
        .arg("--data-dir")
        .arg(&home)
        .args(["serve", "--port", "0"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("another agent-memory (process"), "{said}");
    let output = Command::new(program())
        .arg("--data-dir")
        .arg(scratch("other").join("data"))
        .args(["serve", "--port", port])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(
        said.lines()
            .last()
            .unwrap()
            .contains(&format!("port {port} is taken")),
        "{said}"
    );
    assert!(
        !scratch("other").join("data/postgres").exists(),
        "nothing was made for a server that cannot listen"
    );
}

#[tokio::test]
async fn a_postmaster_that_dies_is_started_again_and_an_orphan_is_stopped() {
    let home = scratch("supervised").join("data");
    let mut running = Running::start(&home, |_| {});
    let client = Client::new(&running.url);
    let write = async || {
        client
            .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
            .await
            .status
    };
    let pid_file = home.join("postgres/postmaster.pid");
    let postmaster = || {
        std::fs::read_to_string(&pid_file)
            .ok()?
            .lines()
            .next()?
            .parse::<u32>()
            .ok()
    };
    assert_eq!(write().await, 201);
    let first = postmaster().unwrap();
    signal(first, "KILL");
    let is_new = || postmaster() != Some(first);
    until("another postmaster that takes writes", 20, async || {
        is_new() && write().await == 201
    })
    .await;
    // The server is killed: its PostgreSQL goes with it, and what may be left of it is stopped by the next server.
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    let again = Running::start(&home, |_| {});
    let total = Client::new(&again.url)
        .call::<handoff::Stats>(json!({}))
        .await
        .ok()["total"]
        .as_u64()
        .unwrap();
    assert!(total >= 2, "{total}");
}

/// The power goes while the first start makes a database, at one moment or another.
#[test]
fn a_first_start_that_was_killed_is_made_again_at_once() {
    for moment in [20, 150, 300, 600, 1200] {
        let home = scratch("killed").join(moment.to_string());
        let mut command = Command::new(program());
        let first = command
            .arg("--data-dir")
            .arg(&home)
            .args(["serve", "--port", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut first = first.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(moment));
        first.kill().unwrap();
        first.wait().unwrap();
        Running::start(&home, |_| {}).stop();
    }
}

#[tokio::test]
async fn keys_are_on_for_an_open_listener_and_the_first_key_is_in_a_private_file() {
    use std::os::unix::fs::PermissionsExt;
    let home = scratch("open").join("data");
    let running = Running::start(&home, |command| {
        command.env("HOST", "0.0.0.0");
    });
    let url = running.url.replace("0.0.0.0", "127.0.0.1");
    Client::new(&url)
        .call::<handoff::Last>(json!({}))
        .await
        .refused(401);
    let file = home.join("admin-key");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let key = std::fs::read_to_string(&file).unwrap();
    assert_eq!(key.trim().len(), 46);
    Client::new(&url)
        .key(key.trim())
        .call::<handoff::Create>(json!({"session_id": "s", "with_whom": "Ada", "story": "x"}))
        .await
        .ok();
    let log = std::fs::read_to_string(home.with_extension("log")).unwrap();
    assert!(
        !log.contains(key.trim())
            && !running.greeting.contains(key.trim())
            && running.greeting.contains("admin-key")
    );
}

#[test]
fn a_foreign_directory_is_left_alone_and_a_missing_postgres_names_its_package() {
    let home = scratch("foreign").join("data");
    std::fs::create_dir_all(home.join("postgres")).unwrap();
    std::fs::write(home.join("postgres/precious"), "data").unwrap();
    assert!(
        Command::new("chmod")
            .args(["-R", "a+rwX"])
            .arg(&home)
            .status()
            .unwrap()
            .success()
    );
    let log = Running::try_start(&home, |_| {}).err().unwrap();
    assert!(
        log.contains("belongs to another user") || log.contains("left alone"),
        "{log}"
    );
    assert_eq!(
        std::fs::read_to_string(home.join("postgres/precious")).unwrap(),
        "data"
    );
    let missing = scratch("missing");
    let log = Running::try_start(&missing.join("data"), |command| {
        command.env("AGENT_MEMORY_PG_BIN", "/nonexistent");
    });
    assert!(log.err().unwrap().contains("AGENT_MEMORY_PG_BIN"));
}

#[tokio::test]
async fn systemd_is_told_when_it_is_ready_alive_and_stopping() {
    use std::os::unix::fs::PermissionsExt;
    let home = scratch("notify");
    let socket = home.join("notify");
    let listener = std::os::unix::net::UnixDatagram::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, PermissionsExt::from_mode(0o777)).unwrap();
    listener
        .set_read_timeout(Some(std::time::Duration::from_secs(20)))
        .unwrap();
    let running = Running::start(&home.join("data"), |command| {
        command
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "400000");
    });
    let heard = |wanted: &str| {
        let mut buffer = [0; 4096];
        loop {
            let size = listener
                .recv(&mut buffer)
                .unwrap_or_else(|_| panic!("systemd never heard {wanted}"));
            let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
            if text.contains(wanted) {
                break text;
            }
        }
    };
    // The first to say so is the server: PostgreSQL, which could too, does not know the socket.
    let ready = heard("READY=1");
    assert!(
        ready.contains("STATUS=serving on http://127.0.0.1:"),
        "{ready}"
    );
    heard("WATCHDOG=1");
    running.signal("TERM");
    heard("STOPPING=1");
    assert_eq!(running.wait(), Some(0));
}
