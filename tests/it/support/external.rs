//! An external cluster as a host would have it: Debian's PostgreSQL over TCP with TLS and scram, and PgBouncer before it.

use super::cluster::{Cluster, Mode};
use super::process::keep;
use super::{as_nobody_special, free_port, scratch};
use agent_memory::db::{Connection, Parts, Password, Security, Target};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub const PASSWORD: &str = "a-password-of-the-test-cluster-32-characters";

/// Where Debian keeps PostgreSQL's programs.
pub fn binaries() -> PathBuf {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .unwrap()
        .map(|entry| entry.unwrap().path().join("bin"))
        .collect();
    found.retain(|dir| dir.join("initdb").is_file());
    found.sort();
    found.pop().expect("apt-get install postgresql-15")
}

/// The external cluster, started once: its port.
pub fn port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| start("external", "").0)
}

/// A cluster of its own, with its sockets in a directory or without any: its port and its data directory.
pub fn start(name: &str, sockets: &str) -> (u16, PathBuf) {
    let (home, port) = (scratch(name), free_port());
    let data = home.join("data");
    std::fs::write(home.join("password"), PASSWORD).unwrap();
    let make = |program: &str, arguments: &[&str]| {
        let program = binaries().join(program);
        let status = as_nobody_special(program.to_str().unwrap())
            .args(arguments)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{} failed", program.display());
    };
    let password = home.join("password").display().to_string();
    make(
        "initdb",
        &[
            "-D",
            data.to_str().unwrap(),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            &password,
            "--no-sync",
        ],
    );
    certificate(&data);
    let settings = format!(
        "port={port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{sockets}'\nssl=on\nmax_connections=300\npassword_encryption='scram-sha-256'\nfsync=on\n"
    );
    append(&data.join("postgresql.conf"), &settings);
    keep(run(&data, port));
    (port, data)
}

/// Runs PostgreSQL on a cluster until it takes connections.
pub fn run(data: &Path, port: u16) -> Child {
    let server = as_nobody_special(binaries().join("postgres").to_str().unwrap())
        .args(["-D", data.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(data.with_extension("log")).unwrap())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let ready = || {
        Command::new(binaries().join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
    };
    while !ready().unwrap().success() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the external cluster did not become ready"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    server
}

/// A standby of a cluster, with settings of its own: its port and its data directory.
pub fn standby(name: &str, primary: u16, settings: &str) -> (u16, PathBuf) {
    let (home, port) = (scratch(name), free_port());
    let data = home.join("data");
    let connection = format!(
        "host=127.0.0.1 port={primary} user=postgres password={PASSWORD} application_name={name}"
    );
    let status = as_nobody_special(binaries().join("pg_basebackup").to_str().unwrap())
        .args(["-d", &connection, "-R", "-X", "stream", "-c", "fast", "-D"])
        .arg(&data)
        .status()
        .unwrap();
    assert!(status.success(), "pg_basebackup failed");
    append(
        &data.join("postgresql.conf"),
        &format!("port={port}\n{settings}\n"),
    );
    (port, data)
}

/// A cluster of its own as the guide sets it up, with one role that owns the database: its port, its data directory, its superuser.
pub async fn guide(name: &'static str) -> (u16, PathBuf, Connection) {
    let (port, data) = tokio::task::spawn_blocking(move || start(name, ""))
        .await
        .unwrap();
    let admin = target(port, "postgres", "postgres", "require", true)
        .connect()
        .await
        .unwrap();
    let role = format!("create role agent_memory_user login password '{PASSWORD}'");
    admin.batch(&role).await.unwrap();
    admin
        .batch("create database agent_memory owner agent_memory_user")
        .await
        .unwrap();
    (port, data, admin)
}

/// PgBouncer 1.18 as Debian has it, in transaction mode before the cluster: its port.
pub fn bouncer() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let (home, port) = (scratch("pgbouncer"), free_port());
        std::fs::write(home.join("users"), format!("\"agent_memory_user\" \"{PASSWORD}\"\n")).unwrap();
        let settings = format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
             auth_type = scram-sha-256\nauth_file = {home}/users\npool_mode = transaction\nmax_client_conn = 1000\n\
             default_pool_size = 3\nlogfile = {home}/log\npidfile = {home}/pid\n",
            self::port(),
            home = home.display(),
        );
        std::fs::write(home.join("pgbouncer.ini"), settings).unwrap();
        let child = as_nobody_special("pgbouncer")
            .args(["-q", home.join("pgbouncer.ini").to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("apt-get install pgbouncer");
        keep(child);
        wait_for(port);
        port
    })
}

/// The parts of a connection to the cluster.
pub fn target(port: u16, user: &str, database: &str, sslmode: &str, named: bool) -> Target {
    let parts = Parts {
        host: "127.0.0.1",
        port: &port.to_string(),
        database,
        user,
        security: Security {
            sslmode,
            ..Security::default()
        },
    };
    let password = Password::Given(PASSWORD.to_owned());
    Target::new(&parts, password, Duration::from_secs(5), named).unwrap()
}

/// The environment that points a server at the cluster.
pub fn environment(command: &mut Command, port: u16, database: &str) {
    command
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", port.to_string())
        .env("PGUSER", "agent_memory_user")
        .env("PGPASSWORD", PASSWORD)
        .env("PGDATABASE", database);
}

/// The cluster as the suite sees it: one role is owner and application, as the guide has it.
pub fn cluster(mode: Mode) -> Cluster {
    let through = if mode == Mode::Transaction {
        bouncer()
    } else {
        port()
    };
    let superuser = target(port(), "postgres", "postgres", "require", true);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let admin = superuser.connect().await.unwrap();
        admin
            .batch(&format!(
                "create role agent_memory_user login password '{PASSWORD}'"
            ))
            .await
            .unwrap();
    });
    let application = target(
        through,
        "agent_memory_user",
        "memory_template",
        "prefer",
        mode == Mode::Session,
    );
    Cluster {
        mode,
        owner: application.clone(),
        application,
        superuser,
    }
}

/// A certificate that signs itself.
fn certificate(data: &Path) {
    let (key, cert) = (data.join("server.key"), data.join("server.crt"));
    let status = as_nobody_special("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-keyout",
        ])
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let status = as_nobody_special("chmod")
        .arg("600")
        .arg(&key)
        .status()
        .unwrap();
    assert!(status.success());
}

pub fn append(file: &Path, text: &str) {
    use std::io::Write;
    std::fs::OpenOptions::new()
        .append(true)
        .open(file)
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
}

fn wait_for(port: u16) {
    let began = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "nothing listens on port {port}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
