//! Agents: whether hooks and tools stand in the settings of their programs, and whether a memory goes all the way round: written with a
//! tool, as an agent does it, and put before a model by a hook.

use super::Finding;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::hook::Host;
use crate::id;
use crate::install::{Place, targets, with, without};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// How long a program may take; the first start of a database takes the longest.
const PATIENCE: Duration = Duration::from_secs(60);

/// All checks of agents: the person's settings, the project's here, the way round.
pub fn agents(config: &Config, home: &Path, here: &Path, program: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for host in [Host::ClaudeCode, Host::Codex, Host::Cursor] {
        for project in [None, Some(here).filter(|here| *here != home)] {
            found.extend(settings(host, &Place { home, project }, program));
        }
    }
    if found.is_empty() {
        let mend = "agent-memory install claude-code (or codex, cursor)";
        found.push(Finding::warn(
            "agents",
            "no program's settings have hooks or tools of ours",
            mend,
        ));
    }
    found.extend(round(config, here, program));
    found
}

/// One host's settings; nothing where they have nothing of ours.
fn settings(host: Host, place: &Place<'_>, program: &str) -> Option<Finding> {
    let targets = targets(host, place);
    let texts: Vec<String> = targets
        .iter()
        .map(|target| std::fs::read_to_string(&target.path).unwrap_or_default())
        .collect();
    let parts = || targets.iter().zip(&texts);
    let has = |(target, text): (&crate::install::Target, &String)| {
        without(target.part, text).is_ok_and(|bare| bare != *text)
    };
    if !parts().any(has) {
        return None;
    }
    let whole = parts()
        .all(|(target, text)| with(target.part, text, program).is_ok_and(|same| same == *text));
    let (name, option) = (host.name(), place.project.map_or("", |_| " --project"));
    let files: Vec<String> = targets
        .iter()
        .map(|target| target.path.display().to_string())
        .collect();
    let files = files.join(", ");
    Some(match whole {
        true => Finding::ok("agents", format!("{name}: hooks and tools are in {files}")),
        false => Finding::warn(
            "agents",
            format!("{name}: {files} lack a part of ours, or name another program than {program}"),
            format!("agent-memory install {name}{option}"),
        ),
    })
}

/// Writes with a tool and reads with a hook.
fn round(config: &Config, here: &Path, program: &str) -> Vec<Finding> {
    let word = id::new("doctor").0;
    let client = &config.client.url;
    let mut tools = match Tools::start(program, here, config.data_dir()) {
        Ok(tools) => tools,
        Err(error) => {
            return vec![Finding::fail(
                "tools",
                error.causes(),
                "agent-memory mcp --help",
            )];
        }
    };
    let text = format!("agent-memory doctor looks whether {word} comes back.");
    let note = match tools.call("knowledge_note", &json!({"text": text})) {
        Ok(reply) => reply["note_id"].as_str().unwrap_or_default().to_owned(),
        Err(error) => {
            let mend = "agent-memory doctor; AGENT_MEMORY_URL and AGENT_MEMORY_KEY where the memory is elsewhere";
            return vec![Finding::fail("tools", error.causes(), mend)];
        }
    };
    let mut found = vec![Finding::ok(
        "tools",
        "a note was written over MCP (agent-memory mcp)",
    )];
    let recalled = tools.call("recall", &json!({"query": word}));
    found.push(
        match recalled.is_ok_and(|reply| reply.to_string().contains(&text)) {
            true => Finding::ok("recall", "it was found over MCP"),
            false => Finding::fail(
                "recall",
                "it was not found over MCP",
                "agent-memory jobs run",
            ),
        },
    );
    let begun = hook(
        program,
        here,
        "session-start",
        &json!({"session_id": word, "source": "startup"}),
    );
    found.push(match begun {
        Ok(said) if said.contains("wake_up") => Finding::ok(
            "hooks",
            format!("a session began with its memory, from {client}"),
        ),
        _ if !config.memory.injection => Finding::warn(
            "hooks",
            "nothing is put before a model",
            "CONTEXT_INJECTION=true",
        ),
        Ok(_) => away(config, client),
        Err(error) => Finding::fail("hooks", error.causes(), "agent-memory hook --help"),
    });
    if found
        .last()
        .is_some_and(|last| last.level == super::Level::Ok)
    {
        let asked = json!({"session_id": word, "prompt": format!("Does {word} come back?")});
        let said = hook(program, here, "user-prompt", &asked).unwrap_or_default();
        found.push(match said.contains(&text) {
            true => Finding::ok("round trip", "what was written with a tool was put before a model by a hook"),
            false => Finding::fail(
                "round trip",
                format!("tools and hooks have two memories: hooks ask {client}, agent-memory mcp works on {}", config.data_dir().display()),
                "AGENT_MEMORY_URL (and AGENT_MEMORY_KEY) in the environment of the program that the agent runs in: tools go there too then",
            ),
        });
    }
    if let Err(error) = tools.call("knowledge_delete", &json!({"id": note})) {
        found.push(Finding::warn(
            "tools",
            format!("the note stays: {}", error.causes()),
            format!("agent-memory call knowledge_delete --id {note}"),
        ));
    }
    found
}

fn away(config: &Config, client: &str) -> Finding {
    let log = Path::new(&config.client.hook_dir).join("hook.log");
    Finding::fail(
        "hooks",
        format!("no memory came from {client}; {} says why", log.display()),
        "agent-memory serve, or AGENT_MEMORY_URL and AGENT_MEMORY_KEY where it is elsewhere",
    )
}

/// Calls a hook as a host does; what it says.
fn hook(program: &str, here: &Path, event: &str, more: &Value) -> Result<String> {
    let mut input = json!({"cwd": here, "transcript_path": "", "hook_event_name": event});
    if let (Some(input), Some(more)) = (input.as_object_mut(), more.as_object()) {
        input.extend(more.clone());
    }
    let mut child = Command::new(program)
        .args(["hook", event])
        .current_dir(here)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Error::internal)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin
            .write_all(input.to_string().as_bytes())
            .map_err(Error::internal)?;
    }
    let output = child.wait_with_output().map_err(Error::internal)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// `agent-memory mcp`, as a host starts it.
struct Tools {
    child: Child,
    /// There until the program is to end.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    asked: u64,
}

impl Tools {
    fn start(program: &str, here: &Path, data: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .arg("mcp")
            .arg("--data-dir")
            .arg(data)
            .current_dir(here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::internal)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::internal("a program without pipes"));
        };
        let pid = child.id();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let _ = Command::new("kill")
                .arg(pid.to_string())
                .stderr(Stdio::null())
                .status();
        });
        let mut tools = Self {
            child,
            input: Some(input),
            output: BufReader::new(output),
            asked: 0,
        };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "doctor", "version": "1"}});
        tools.ask("initialize", &hello)?;
        tools.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        Ok(tools)
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Result<Value> {
        let result = self.ask("tools/call", &json!({"name": tool, "arguments": arguments}))?;
        match result["isError"] == true {
            true => Err(Error::invalid(format!(
                "{tool}: {}",
                result["content"][0]["text"].as_str().unwrap_or_default()
            ))),
            false => Ok(result["structuredContent"].clone()),
        }
    }

    fn ask(&mut self, method: &str, params: &Value) -> Result<Value> {
        self.asked += 1;
        self.say(&json!({"jsonrpc": "2.0", "id": self.asked, "method": method, "params": params}))?;
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(Error::internal)?;
        let reply: Value = serde_json::from_str(&line).map_err(|_| {
            Error::unavailable(
                "no_tools",
                "agent-memory mcp ended without an answer: run it by hand to see why",
            )
        })?;
        match reply["error"]["message"].as_str() {
            Some(message) => Err(Error::invalid(format!("{method}: {message}"))),
            None => Ok(reply["result"].clone()),
        }
    }

    fn say(&mut self, message: &Value) -> Result<()> {
        let gone = || Error::internal("a program whose input is closed");
        writeln!(self.input.as_mut().ok_or_else(gone)?, "{message}").map_err(Error::internal)
    }
}

impl Drop for Tools {
    fn drop(&mut self) {
        // It ends by itself, and its database with it.
        self.input = None;
        let _ = self.child.wait();
    }
}
