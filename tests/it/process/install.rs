//! Settings of the programs that agents run in, as their documentation has them: ours goes in, works, and comes out to the byte.

use crate::support::process::{Running, program, said, works};
use crate::support::{Client, scratch};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

const CLAUDE: &str = r#"{
  "permissions": {
    "allow": ["Bash(npm run lint)", "Read(~/.zshrc)"],
    "deny": ["Read(./.env)"]
  },
	"env": {"FOO": "1"},
  "hooks": {
    "PostToolUse": [
      {"matcher": "Edit|Write", "hooks": [{"type": "command", "command": "npx prettier --write"}]}
    ],
    "Stop": []
  }
}"#;
const CURSOR: &str = "{\"version\": 1, \"hooks\": {\"stop\": [{\"command\": \"./audit.sh\"}]}}\n";
const CODEX: &str = "model = \"gpt-5\" # the good one\n\n[mcp_servers.other]\ncommand = \"other\"\n\n[features]\nhooks = true\n";

/// A file of settings, and what stands in it.
type Settings = (&'static str, Option<&'static str>);

/// Every host with its files and what stands in them, if they are there.
fn hosts() -> [(&'static str, [Settings; 2]); 3] {
    [
        (
            "claude-code",
            [
                (".claude/settings.json", Some(CLAUDE)),
                (
                    ".claude.json",
                    Some(
                        "{\"numStartups\": 7, \"mcpServers\": {\"github\": {\"type\": \"http\", \"url\": \"https://x.example\"}}}",
                    ),
                ),
            ],
        ),
        (
            "codex",
            [
                (".codex/hooks.json", None),
                (".codex/config.toml", Some(CODEX)),
            ],
        ),
        (
            "cursor",
            [
                (".cursor/hooks.json", Some(CURSOR)),
                (".cursor/mcp.json", Some("\r\n")),
            ],
        ),
    ]
}

fn run(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(words)
        .env("HOME", home)
        .env("AGENT_MEMORY_HOOK_DIR", home.join("state"))
        .current_dir(home);
    command
}

fn fill(name: &str, files: &[Settings]) -> PathBuf {
    let home = scratch(name);
    for (path, text) in files {
        if let Some(text) = text {
            std::fs::create_dir_all(home.join(path).parent().unwrap()).unwrap();
            std::fs::write(home.join(path), text).unwrap();
        }
    }
    home
}

fn text(home: &Path, path: &str) -> Option<String> {
    std::fs::read_to_string(home.join(path)).ok()
}

/// Every command of our hooks in a file of settings.
fn hooks(settings: &Value) -> Vec<String> {
    match settings {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| match value.as_str() {
                Some(text) if name == "command" && text.contains(" hook ") => vec![text.to_owned()],
                _ => hooks(value),
            })
            .collect(),
        Value::Array(items) => items.iter().flat_map(hooks).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_is_installed_works_and_is_removed_to_the_byte() {
    for (host, files) in hosts() {
        let home = fill(&format!("install-{host}"), &files);
        let before: Vec<Option<String>> = files.iter().map(|(path, _)| text(&home, path)).collect();
        let shown = works(&mut run(&home, &["install", host, "--dry-run"]));
        assert!(
            shown.contains("  + ") && shown.contains(" hook session-start"),
            "{shown}"
        );
        let now: Vec<Option<String>> = files.iter().map(|(path, _)| text(&home, path)).collect();
        assert_eq!(before, now, "{host}");
        // Nobody is there to be asked.
        let (code, told) = said(&mut run(&home, &["install", host]));
        assert!(code != 0 && told.contains("--yes"), "{told}");

        works(&mut run(&home, &["install", host, "--yes"]));
        let settings = text(&home, files[0].0).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let commands = hooks(&settings);
        assert!(commands.len() >= 6, "{host}: {commands:?}");
        for command in &commands {
            assert!(command.ends_with(&format!("--host {host}")), "{command}");
            // As the host would run it.
            works(
                Command::new("sh")
                    .args(["-c", command])
                    .env("HOME", &home)
                    .stdin(std::process::Stdio::null()),
            );
        }
        let servers = text(&home, files[1].0).unwrap();
        let named = match host {
            "codex" => serde_json::to_value(toml::from_str::<toml::Table>(&servers).unwrap())
                .unwrap()["mcp_servers"]["agent-memory"]
                .clone(),
            _ => serde_json::from_str::<Value>(&servers).unwrap()["mcpServers"]["agent-memory"]
                .clone(),
        };
        assert_eq!(
            (&named["command"], &named["args"]),
            (&serde_json::json!(program()), &serde_json::json!(["mcp"]))
        );
        // What was there is there.
        for kept in ["npx prettier", "Read(~/.zshrc)", "\t\"env\""]
            .iter()
            .filter(|_| host == "claude-code")
        {
            assert!(text(&home, files[0].0).unwrap().contains(kept));
        }
        let once: Vec<Option<String>> = files.iter().map(|(path, _)| text(&home, path)).collect();
        assert_eq!(
            works(&mut run(&home, &["install", host, "--yes"])).trim(),
            "nothing to change"
        );
        let twice: Vec<Option<String>> = files.iter().map(|(path, _)| text(&home, path)).collect();
        assert_eq!(once, twice);

        works(&mut run(&home, &["uninstall", host, "--yes"]));
        let after: Vec<Option<String>> = files.iter().map(|(path, _)| text(&home, path)).collect();
        assert_eq!(before, after, "{host}");
        assert_eq!(
            works(&mut run(&home, &["uninstall", host, "--yes"])).trim(),
            "nothing to change"
        );
    }
}

#[test]
fn what_others_changed_since_stays() {
    for (host, files) in hosts() {
        let home = fill(&format!("install-changed-{host}"), &files);
        works(&mut run(&home, &["install", host, "--project", "--yes"]));
        let path = if host == "claude-code" {
            ".mcp.json"
        } else {
            files[1].0
        };
        let changed = match host {
            "codex" => format!(
                "{}\n[profiles.mine]\nmodel = \"x\"\n",
                text(&home, path).unwrap()
            ),
            _ => text(&home, path)
                .unwrap()
                .replacen('{', "{\"mine\": true,", 1),
        };
        std::fs::write(home.join(path), changed).unwrap();
        let told = works(&mut run(&home, &["uninstall", host, "--project", "--yes"]));
        assert!(told.contains("only ours goes"), "{told}");
        let left = text(&home, path).unwrap();
        assert!(
            left.contains("mine") && !left.contains("agent-memory"),
            "{left}"
        );
        assert_eq!(
            text(&home, files[0].0),
            files[0].1.map(str::to_owned),
            "{host}"
        );
    }
    let home = fill(
        "install-broken",
        &[(".claude/settings.json", Some("{\"hooks\": ["))],
    );
    let (code, told) = said(&mut run(&home, &["install", "claude-code", "--yes"]));
    assert!(code != 0 && told.contains("settings.json"), "{told}");
    assert_eq!(
        text(&home, ".claude/settings.json").unwrap(),
        "{\"hooks\": ["
    );
    assert_eq!(text(&home, ".claude.json"), None);
    let broken = "mcp_servers = { other = { command = \"x\" } }\n";
    let home = fill("install-inline", &[(".codex/config.toml", Some(broken))]);
    let (code, told) = said(&mut run(&home, &["install", "codex", "--yes"]));
    assert!(code != 0 && told.contains("config.toml"), "{told}");
    assert_eq!(text(&home, ".codex/config.toml").unwrap(), broken);
    // A group that holds a hook of somebody else keeps it, a server that we did not put there stays, and a program that moved is found.
    let shared = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "./mine.sh"}, {"type": "command", "command": "/old/agent-memory hook stop"}]}]}}"#;
    let server =
        r#"{"mcpServers": {"agent-memory": {"type": "http", "url": "https://x.example/mcp"}}}"#;
    let settings = [
        (".claude/settings.json", Some(shared)),
        (".claude.json", Some(server)),
    ];
    let home = fill("install-shared", &settings);
    works(&mut run(&home, &["install", "claude-code", "--yes"]));
    let now = text(&home, ".claude/settings.json").unwrap();
    assert!(now.contains("./mine.sh") && !now.contains("/old/"), "{now}");
    assert_eq!(
        hooks(&serde_json::from_str(&now).unwrap()).len(),
        7,
        "{now}"
    );
    assert_eq!(text(&home, ".claude.json").unwrap(), server);
    std::fs::remove_file(home.join("state/installed.json")).unwrap();
    works(&mut run(&home, &["uninstall", "claude-code", "--yes"]));
    let now = text(&home, ".claude/settings.json").unwrap();
    assert!(
        now.contains("./mine.sh") && !now.contains("agent-memory"),
        "{now}"
    );
    assert_eq!(text(&home, ".claude.json").unwrap(), server);
    let (code, told) = said(&mut run(&home, &["install", "emacs"]));
    assert!(
        code != 0 && told.contains("claude-code, codex and cursor"),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_proves_that_a_memory_goes_all_the_way_round() {
    let home = fill("doctor agents", &[]);
    let work = home.join("work");
    std::fs::create_dir_all(&work).unwrap();
    let server = Running::start(&home.join("data"), |_| ());
    let doctor = |url: &str| {
        let mut command = run(&home, &["doctor", "agents", "--json"]);
        let (code, text) = said(command.current_dir(&work).env("AGENT_MEMORY_URL", url));
        let json = text
            .rsplit_once(']')
            .map_or(text.clone(), |(list, _)| format!("{list}]"));
        let found: Vec<Value> = serde_json::from_str(&json).unwrap_or_else(|_| panic!("{text}"));
        let of = |code: &str| {
            let these = found.iter().filter(|finding| finding["code"] == code);
            these
                .map(|finding| finding["level"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        (
            code,
            of("agents"),
            of("tools"),
            of("recall"),
            of("hooks"),
            of("round trip"),
        )
    };
    let ok = || vec!["ok".to_owned()];
    let bare = doctor(&server.url);
    assert_eq!(bare, (0, vec!["warn".to_owned()], ok(), ok(), ok(), ok()));
    works(&mut run(&home, &["install", "claude-code", "--yes"]));
    works(&mut run(&home, &["install", "codex", "--yes"]));
    let hooks = home.join(".codex/hooks.json");
    let text = std::fs::read_to_string(&hooks).unwrap();
    std::fs::write(&hooks, text.replace("session-start", "session-end")).unwrap();
    let found = doctor(&server.url);
    assert_eq!(
        found,
        (
            0,
            vec!["ok".to_owned(), "warn".to_owned()],
            ok(),
            ok(),
            ok(),
            ok()
        )
    );
    // Nothing stays of it that a wake-up or recall could show.
    let client = Client::new(&server.url);
    for shown in ["knowledge", "handoffs", "wake-up?with_whom=Ada"] {
        let shown = client.get(&format!("/api/v1/{shown}")).await;
        assert!(!shown.text.contains("doctor"), "{}", shown.text);
    }
    let (code, ..) = doctor("http://127.0.0.1:9");
    assert_ne!(code, 0, "a server that is away");
}
