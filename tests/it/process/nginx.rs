//! The nginx of the deployment guide, real, before a server: what a client on the Internet notices.

use crate::support::process::{Running, keep};
use crate::support::{as_nobody_special, free_port, http, scratch};
use reqwest::StatusCode;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::process::Stdio;

/// The guide's file with other ports and paths, loaded and running: the ports of HTTP and HTTPS.
fn nginx(home: &Path, server: &str) -> (u16, u16) {
    let (plain, secure) = (free_port(), free_port());
    let made = as_nobody_special("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-subj",
            "/CN=memory.example.com",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        ])
        .args([
            "-addext",
            "subjectAltName=DNS:memory.example.com",
            "-keyout",
        ])
        .arg(home.join("key"))
        .arg("-out")
        .arg(home.join("crt"))
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let file = include_str!("../../../packaging/nginx/agent-memory.conf")
        .replace("listen 80;", &format!("listen 127.0.0.1:{plain};"))
        .replace(
            "listen 443 ssl http2;",
            &format!("listen 127.0.0.1:{secure} ssl http2;"),
        )
        .replace("listen [::]:80;", "")
        .replace("listen [::]:443 ssl http2;", "")
        .replace("127.0.0.1:3456", server.trim_start_matches("http://"))
        .replace(
            "/etc/ssl/certs/memory.example.com.crt",
            &home.join("crt").display().to_string(),
        )
        .replace(
            "/etc/ssl/private/memory.example.com.key",
            &home.join("key").display().to_string(),
        );
    std::fs::write(home.join("agent-memory.conf"), file).unwrap();
    let home = home.display();
    let main = format!(
        "daemon off; pid {home}/pid; error_log {home}/error.log;\nevents {{}}\nhttp {{ access_log off; client_body_temp_path {home}/body; \
         proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;\n\
         include {home}/agent-memory.conf; }}\n"
    );
    let conf = format!("{home}/nginx.conf");
    std::fs::write(&conf, main).unwrap();
    let log = format!("{home}/error.log");
    let nginx = |arguments: &[&str]| {
        let mut command = as_nobody_special("/usr/sbin/nginx");
        command.args(["-e", &log, "-c", &conf]).args(arguments);
        command
    };
    let tried = nginx(&["-t"]).output().expect("apt-get install nginx");
    let said = String::from_utf8_lossy(&tried.stderr).into_owned();
    assert!(tried.status.success() && !said.contains("warn"), "{said}");
    keep(nginx(&[]).spawn().unwrap());
    while std::net::TcpStream::connect(("127.0.0.1", secure)).is_err() {
        std::thread::yield_now();
    }
    (plain, secure)
}

/// A client at an address of its own, which knows the name and trusts the certificate.
fn at(last: u8, home: &Path) -> reqwest::Client {
    let _ = http();
    let certificate = std::fs::read(home.join("crt")).unwrap();
    reqwest::Client::builder()
        .local_address(IpAddr::V4(Ipv4Addr::new(127, 0, 9, last)))
        .resolve("memory.example.com", ([127, 0, 0, 1], 0).into())
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([reqwest::Certificate::from_pem(&certificate).unwrap()])
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_nginx_protects_and_passes_on() {
    let home = scratch("nginx");
    let (server, plain, secure) = tokio::task::spawn_blocking({
        let home = home.clone();
        move || {
            let server = Running::start(&home.join("data"), |command| {
                command
                    .env("API_AUTH_ENABLED", "true")
                    .env("TRUSTED_PROXIES", "127.0.0.1")
                    .env("ALLOWED_HOSTS", "memory.example.com");
            });
            let (plain, secure) = nginx(&home, &server.url);
            (server, plain, secure)
        }
    })
    .await
    .unwrap();
    let key = std::fs::read_to_string(home.join("data/admin-key")).unwrap();
    let url = |path: &str| format!("https://memory.example.com:{secure}{path}");
    let with_key =
        |client: &reqwest::Client, path: &str| client.get(url(path)).bearer_auth(key.trim());

    // From HTTP to HTTPS.
    let client = at(1, &home);
    let moved = client
        .get(format!("http://memory.example.com:{plain}/health"))
        .send()
        .await
        .unwrap();
    assert_eq!(moved.status(), StatusCode::MOVED_PERMANENTLY);
    assert_eq!(
        moved.headers()["location"],
        "https://memory.example.com/health"
    );

    // The guide's headers, once each, on answers of the server and of nginx.
    let headers = [
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("x-xss-protection", "1; mode=block"),
        ("strict-transport-security", "max-age=31536000"),
    ];
    let woke = with_key(&client, "/api/v1/wake-up?with_whom=me")
        .send()
        .await
        .unwrap();
    assert_eq!(woke.status(), StatusCode::OK);
    for (name, value) in headers {
        let all: Vec<_> = woke.headers().get_all(name).iter().collect();
        assert_eq!(all, [value], "{name}");
    }

    // Ten a second and twenty more at once; who asks faster is told when to come back, and health is never held back.
    let mut slower = None;
    for _ in 0..60 {
        let reply = with_key(&client, "/api/v1/wake-up?with_whom=me")
            .send()
            .await
            .unwrap();
        if reply.status() == StatusCode::TOO_MANY_REQUESTS {
            slower = Some(reply);
            break;
        }
    }
    let slower = slower.expect("sixty requests at once were all answered");
    assert_eq!(slower.headers()["retry-after"], "1");
    assert_eq!(slower.headers()["content-type"], "application/problem+json");
    for (name, value) in headers {
        assert_eq!(slower.headers()[name], value);
    }
    let problem: serde_json::Value =
        serde_json::from_slice(&slower.bytes().await.unwrap()).unwrap();
    assert_eq!(problem["status"], 429);
    for _ in 0..60 {
        assert_eq!(
            client.get(url("/health")).send().await.unwrap().status(),
            StatusCode::OK
        );
    }

    // Ten megabytes, and no more; another address is not held back.
    let other = at(2, &home);
    let large = other.post(url("/api/v1/import")).bearer_auth(key.trim());
    let large = large.body(vec![b' '; 11 << 20]).send().await.unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);

    // The server counts guesses at keys by the address that nginx names, whatever the client claims.
    let guesser = at(3, &home);
    let mut refused = None;
    while refused.is_none() {
        let guess = guesser.get(url("/api/v1/wake-up?with_whom=me"));
        let guess = guess
            .bearer_auth("am_wrong")
            .header("x-forwarded-for", "127.0.9.4")
            .send()
            .await
            .unwrap();
        let status = guess.status();
        let text = guess.text().await.unwrap();
        match status {
            StatusCode::UNAUTHORIZED => (),
            _ if text.contains("too_many_guesses") => refused = Some(status),
            // nginx's own limit: it is over soon.
            StatusCode::TOO_MANY_REQUESTS => (),
            other => panic!("{other}: {text}"),
        }
    }
    assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS));
    let innocent = with_key(&at(4, &home), "/api/v1/wake-up?with_whom=me")
        .send()
        .await
        .unwrap();
    assert_eq!(innocent.status(), StatusCode::OK);
    // Who reaches the server past nginx is not believed to be another.
    let past = at(5, &home).get(format!("{}/api/v1/wake-up?with_whom=me", server.url));
    let past = past
        .header("x-forwarded-for", "127.0.9.3")
        .header("host", "memory.example.com");
    let past = past.bearer_auth("am_wrong").send().await.unwrap();
    assert_eq!(past.status(), StatusCode::UNAUTHORIZED);
}
