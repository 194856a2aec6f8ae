//! The download: an archive made of the system's PostgreSQL, served by a server of this test.

use crate::support::process::{Running, keep, program};
use crate::support::{external, free_port, scratch};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = "15.99.0";

/// Serves a directory over HTTP.
fn serve(directory: &Path) -> String {
    let port = free_port();
    let child = Command::new("python3")
        .args([
            "-m",
            "http.server",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--directory",
        ])
        .arg(directory)
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    keep(child);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    format!("http://127.0.0.1:{port}")
}

fn shell(script: &str) {
    assert!(
        Command::new("sh")
            .args(["-ec", script])
            .status()
            .unwrap()
            .success(),
        "{script}"
    );
}

/// A mirror with the archive of this machine's PostgreSQL: programs that run wherever the libraries of the system are.
fn mirror(name: &str) -> (PathBuf, PathBuf) {
    let root = scratch(name);
    let target = "x86_64-unknown-linux-gnu";
    let target = if cfg!(target_arch = "aarch64") {
        "aarch64-unknown-linux-gnu"
    } else {
        target
    };
    let (folder, file) = (
        root.join(format!("mirror/{VERSION}")),
        format!("postgresql-{VERSION}-{target}"),
    );
    let system = external::binaries().parent().unwrap().to_owned();
    // Debian's programs find their share directory beside their own place: the same distance below the new root.
    shell(&format!(
        "mkdir -p {folder} {root}/make/{file}; cd {root}/make; cp -rL {system}/bin {system}/lib {file}/; \
         mkdir -p {file}/share && cp -rL /usr/share/postgresql/15/. {file}/share/; tar czf {folder}/{file}.tar.gz {file}; rm -rf {root}/make; \
         cd {folder}; sha256sum {file}.tar.gz > {file}.tar.gz.sha256",
        folder = folder.display(),
        root = root.display(),
        system = system.display(),
    ));
    let archive = folder.join(format!("{file}.tar.gz"));
    (root.join("mirror"), archive)
}

/// A server on a machine without PostgreSQL: the system's programs are hidden from it, their libraries stay for the archive's.
fn start(home: &Path, mirror: &str, sha256: &str) -> Result<Running, String> {
    let hide =
        "for bin in /usr/lib/postgresql/*/bin; do mount -t tmpfs none $bin; done; exec \"$@\"";
    let mut hidden = Command::new("unshare");
    hidden.args(["--mount", "sh", "-ec", hide, "sh", program()]);
    Running::try_start_as(hidden, home, |command| {
        command
            .env("AGENT_MEMORY_PG_MIRROR", mirror)
            .env("AGENT_MEMORY_PG_VERSION", VERSION)
            .env("AGENT_MEMORY_PG_SHA256", sha256)
            .env("LOG_LEVEL", "info");
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_is_fetched_verified_unpacked_and_run() {
    let (root, archive) = mirror("download");
    let url = serve(&root);
    let home = scratch("download").join("data");
    let running = start(&home, &url, "").unwrap_or_else(|log| panic!("{log}"));
    assert!(
        running.greeting.contains("(downloaded)"),
        "{}",
        running.greeting
    );
    let log = std::fs::read_to_string(home.with_extension("log")).unwrap();
    assert!(
        log.contains("downloading PostgreSQL 15.99.0") && log.contains("downloaded 100 %"),
        "{log}"
    );
    assert!(
        std::fs::read_to_string(home.join("postgres-source"))
            .unwrap()
            .contains("downloaded")
    );
    running.stop();
    // The second start needs no mirror.
    std::fs::remove_file(&archive).unwrap();
    let again = start(&home, "http://127.0.0.1:1", "").unwrap_or_else(|log| panic!("{log}"));
    assert!(again.greeting.contains("(unpacked)"), "{}", again.greeting);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_trusted_is_refused_and_never_run() {
    let (root, archive) = mirror("distrust");
    let url = serve(&root);
    let sum = archive.with_file_name(format!(
        "{}.sha256",
        archive.file_name().unwrap().to_str().unwrap()
    ));
    let (good, good_sum) = (
        std::fs::read(&archive).unwrap(),
        std::fs::read(&sum).unwrap(),
    );
    let marker = scratch("distrust").join("executed");
    let evil = format!(
        "cd {dir}; mkdir -p evil/bin; for p in postgres initdb; do printf '#!/bin/sh\\ntouch {marker}\\n' > evil/bin/$p; chmod 755 evil/bin/$p; done",
        dir = scratch("distrust").display(),
        marker = marker.display(),
    );
    shell(&evil);
    let pack = |arguments: &str| {
        shell(&format!(
            "cd {}; tar czPf {} {arguments}",
            scratch("distrust").display(),
            archive.display()
        ));
        shell(&format!(
            "cd {}; sha256sum {} > {}",
            archive.parent().unwrap().display(),
            archive.file_name().unwrap().to_str().unwrap(),
            sum.display()
        ));
    };
    let refused = |case: &str, sha256: &str, why: &str| {
        let home = scratch("distrust").join(case);
        let log = start(&home, &url, sha256)
            .err()
            .unwrap_or_else(|| panic!("{case} was accepted"));
        assert!(log.contains(why), "{case}: {log}");
        assert!(
            log.contains("apt-get install postgresql-15"),
            "{case} names no way out: {log}"
        );
        assert!(
            !home.join("programs").join(VERSION).exists() && !marker.exists(),
            "{case} was unpacked or run"
        );
    };
    std::fs::remove_file(&sum).unwrap();
    refused("no-checksum", "", "without it nothing is unpacked");
    std::fs::write(&sum, "0000").unwrap();
    refused("short-checksum", "", "holds no checksum");
    std::fs::write(&sum, &good_sum).unwrap();
    refused("own-checksum", &"ab".repeat(32), "expected abab");
    std::fs::write(&archive, &good[..good.len() / 2]).unwrap();
    refused("truncated", "", "checksum is");
    pack("--transform 's,^evil,evil/../../../escaped,' evil");
    refused("traversal", "", "outside its directory");
    pack("--transform 's,^evil,/tmp/agent-memory-absolute,' evil");
    refused("absolute", "", "outside its directory");
    shell(&format!(
        "cd {}; ln -sfn /etc evil/link",
        scratch("distrust").display()
    ));
    pack("evil");
    refused("link", "", "outside its directory");
    std::fs::remove_file(&archive).unwrap();
    refused("missing", "", "404");
    assert!(
        !Path::new("/tmp/agent-memory-absolute").exists()
            && !scratch("distrust").join("escaped").exists()
    );
}
