//! Every sslmode against every kind of server: the verdict is libpq's, asked in the same moment.

use crate::support::{as_nobody_special, external, scratch};
use agent_memory::db::{Parts, Password, Security, Sql, Target};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const MODES: [&str; 6] = agent_memory::config::SSLMODES;

/// A kind of server: which certificate it shows (none: no TLS), and who may connect how.
struct Kind {
    name: &'static str,
    certificate: Option<&'static str>,
    hba: &'static str,
}

const ANY: &str = "host all all 127.0.0.1/32 scram-sha-256";
const KINDS: [Kind; 12] = [
    Kind {
        name: "no TLS",
        certificate: None,
        hba: ANY,
    },
    Kind {
        name: "self-signed",
        certificate: Some("self"),
        hba: ANY,
    },
    Kind {
        name: "signed",
        certificate: Some("good"),
        hba: ANY,
    },
    Kind {
        name: "signed for its common name only",
        certificate: Some("common"),
        hba: ANY,
    },
    Kind {
        name: "signed for any host of a domain",
        certificate: Some("wild"),
        hba: ANY,
    },
    Kind {
        name: "wrong host",
        certificate: Some("other"),
        hba: ANY,
    },
    Kind {
        name: "right common name, wrong alternative names",
        certificate: Some("contrary"),
        hba: ANY,
    },
    Kind {
        name: "expired",
        certificate: Some("expired"),
        hba: ANY,
    },
    Kind {
        name: "wrong authority",
        certificate: Some("stranger"),
        hba: ANY,
    },
    Kind {
        name: "TLS only",
        certificate: Some("good"),
        hba: "hostssl all all 127.0.0.1/32 scram-sha-256",
    },
    Kind {
        name: "never TLS",
        certificate: Some("good"),
        hba: "hostnossl all all 127.0.0.1/32 scram-sha-256",
    },
    Kind {
        name: "client certificate required",
        certificate: Some("good"),
        hba: "hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca",
    },
];

fn openssl(arguments: &str, home: &Path) {
    let output = as_nobody_special("openssl")
        .args(arguments.split(' ').map(|word| word.replace('_', " ")))
        .current_dir(home)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes every certificate of the table.
fn certificates(home: &Path) {
    for authority in ["ca", "foreign"] {
        openssl(
            &format!(
                "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN={authority} -keyout {authority}.key -out {authority}.crt"
            ),
            home,
        );
    }
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout self.key -out self.crt",
        home,
    );
    for (name, common, alternative, authority, days) in [
        ("good", "localhost", "DNS:localhost", "ca", 30),
        ("common", "localhost", "", "ca", 30),
        ("wild", "x", "DNS:*.localhost", "ca", 30),
        ("other", "other.example", "DNS:other.example", "ca", 30),
        ("contrary", "localhost", "DNS:other.example", "ca", 30),
        ("expired", "localhost", "DNS:localhost", "ca", -1),
        ("stranger", "localhost", "DNS:localhost", "foreign", 30),
        ("client", "agent", "", "ca", 30),
    ] {
        openssl(
            &format!(
                "req -newkey rsa:2048 -nodes -subj /CN={common} -keyout {name}.key -out {name}.csr"
            ),
            home,
        );
        let extensions = match alternative {
            "" => "basicConstraints=CA:FALSE\n".to_owned(),
            alternative => format!("basicConstraints=CA:FALSE\nsubjectAltName={alternative}\n"),
        };
        std::fs::write(home.join("extensions"), extensions).unwrap();
        openssl(
            &format!(
                "x509 -req -in {name}.csr -CA {authority}.crt -CAkey {authority}.key -CAcreateserial -days {days} -extfile extensions -out {name}.crt"
            ),
            home,
        );
    }
    for name in [
        "self", "good", "common", "wild", "other", "contrary", "expired", "stranger", "client",
    ] {
        let key = home.join(format!("{name}.key"));
        assert!(
            as_nobody_special("chmod")
                .arg("600")
                .arg(key)
                .status()
                .unwrap()
                .success()
        );
    }
}

/// Makes the server one of a kind.
fn become_kind(kind: &Kind, certificates: &Path, data: &Path, port: u16) {
    let mut settings = std::fs::read_to_string(data.join("postgresql.auto.conf")).unwrap();
    settings.clear();
    match kind.certificate {
        None => settings.push_str("ssl = off\n"),
        Some(name) => settings.push_str(&format!(
            "ssl = on\nssl_cert_file = '{home}/{name}.crt'\nssl_key_file = '{home}/{name}.key'\nssl_ca_file = '{home}/ca.crt'\n",
            home = certificates.display()
        )),
    }
    std::fs::write(data.join("postgresql.auto.conf"), settings).unwrap();
    let hba = format!("local all all scram-sha-256\n{}\n", kind.hba);
    std::fs::write(data.join("pg_hba.conf"), hba).unwrap();
    let before = loaded_at(certificates, port);
    let status = as_nobody_special(external::binaries().join("pg_ctl").to_str().unwrap())
        .args(["-D", data.to_str().unwrap(), "reload"])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let began = Instant::now();
    while loaded_at(certificates, port) == before {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{} was not loaded",
            kind.name
        );
    }
}

/// When the server's settings were last read; asked over its socket.
fn loaded_at(sockets: &Path, port: u16) -> String {
    let output = Command::new("psql")
        .env("PGPASSWORD", external::PASSWORD)
        .args(["-XAt", "-U", "postgres", "-c", "select pg_conf_load_time()"])
        .args(["-h", sockets.to_str().unwrap(), "-p", &port.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Connected or not, encrypted or not, as libpq has it.
fn libpq(port: u16, host: &str, security: &Security<'_>) -> Option<bool> {
    let output = Command::new("psql")
        .env_clear()
        .env("PATH", std::env::var("PATH").unwrap())
        .env("HOME", "/nonexistent")
        .env("PGPASSWORD", external::PASSWORD)
        .env("PGSSLMODE", security.sslmode)
        .env("PGSSLROOTCERT", or_nothing(security.sslrootcert))
        .env("PGSSLCERT", or_nothing(security.sslcert))
        .env("PGSSLKEY", or_nothing(security.sslkey))
        .env("PGCHANNELBINDING", security.channel_binding)
        .env("PGGSSENCMODE", "disable")
        .env("PGCONNECT_TIMEOUT", "5")
        .args([
            "-X",
            "-A",
            "-t",
            "-h",
            host,
            "-p",
            &port.to_string(),
            "-U",
            "postgres",
            "-d",
            "postgres",
            "-c",
            ASK,
        ])
        .output()
        .unwrap();
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim() == "t")
}

fn or_nothing(file: &str) -> &str {
    if file.is_empty() {
        "/nonexistent"
    } else {
        file
    }
}

const ASK: &str = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";

/// The same, as we have it.
async fn ours(port: u16, host: &str, security: &Security<'_>) -> Option<bool> {
    static SQL: Sql = Sql {
        name: "test/ssl",
        text: ASK,
    };
    let parts = Parts {
        host,
        port: &port.to_string(),
        database: "postgres",
        user: "postgres",
        security: *security,
    };
    let password = Password::Given(external::PASSWORD.to_owned());
    let target = Target::new(&parts, password, Duration::from_secs(5), true).ok()?;
    let connection = target.connect().await.ok()?;
    Some(connection.query(&SQL, &[]).await.unwrap()[0].get(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mode_against_every_server_has_libpqs_verdict() {
    let (home, (port, data)) = tokio::task::spawn_blocking(|| {
        let home = scratch("certificates");
        certificates(&home);
        let sockets = home.display().to_string();
        (home, external::start("tls-table", &sockets))
    })
    .await
    .unwrap();
    let file = |name: &str| home.join(name).display().to_string();
    let roots = [String::new(), file("ca.crt"), file("self.crt")];
    let (certificate, key) = (file("client.crt"), file("client.key"));
    let open: PathBuf = home.join("open.key");
    std::fs::copy(home.join("client.key"), &open).unwrap();
    std::fs::set_permissions(&open, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    let open = open.display().to_string();
    let (mut cells, mut connected) = (0, 0);
    for kind in &KINDS {
        become_kind(kind, &home, &data, port);
        for root in &roots {
            for mode in MODES {
                let identities: &[(&str, &str)] = match kind.name.contains("client") {
                    true => &[("", ""), (&certificate, &key), (&certificate, &open)],
                    false => &[("", "")],
                };
                let bindings: &[&str] = if root.ends_with("ca.crt") {
                    &["prefer", "require", "disable"]
                } else {
                    &["prefer"]
                };
                for (sslcert, sslkey) in identities {
                    for channel_binding in bindings {
                        let security = Security {
                            sslmode: mode,
                            sslrootcert: root,
                            sslcert,
                            sslkey,
                            channel_binding,
                        };
                        for host in ["localhost", "127.0.0.1"] {
                            let (theirs, ours) = (
                                libpq(port, host, &security),
                                ours(port, host, &security).await,
                            );
                            assert_eq!(
                                ours, theirs,
                                "{}: {security:?} at {host}: ours against libpq's",
                                kind.name
                            );
                            cells += 1;
                            connected += u32::from(theirs.is_some());
                        }
                    }
                }
            }
        }
    }
    println!("{cells} cells, {connected} of them connected");
    assert!(
        cells > 500 && connected > 100 && connected < cells - 100,
        "{cells} {connected}"
    );
}
