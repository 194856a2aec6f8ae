//! `hook`: what the programs that agents run in call. It exits with 0 within five seconds whatever happens, and says what went wrong
//! in its own log alone: a memory that is away keeps nobody from working.

use crate::config::{Config, Flags, load};
use crate::error::{Error, Result};
use crate::hook::{Event, Given, Hook, Host, Spool, deliver};
use crate::remote::Remote;
use crate::{clock, log as logging};
use clap::Args;
use std::io::{IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Options of `hook`.
#[derive(Args)]
#[command(
    after_help = "Events: session-start, user-prompt, post-tool-use, stop, subagent-stop, pre-compact, session-end. The host's JSON comes on standard input.\n\nExamples:\n  agent-memory hook session-start < hook.json\n  agent-memory hook stop --host codex < hook.json"
)]
pub struct Run {
    /// What happened.
    event: String,
    /// The program that the agent runs in: claude-code, codex or cursor.
    #[arg(long, default_value = "claude-code")]
    host: String,
}

/// Nothing takes longer than the five seconds that hosts are promised.
const LONGEST: Duration = Duration::from_millis(4500);
/// What a host says is at most this long, in bytes.
const INPUT: u64 = 16 * 1024 * 1024;

impl Run {
    /// Runs the hook.
    pub fn run(self, flags: &Flags) -> Result<()> {
        // Nobody waits for what is delivered beside the host.
        if self.event != "deliver" {
            std::thread::spawn(|| {
                std::thread::sleep(LONGEST);
                std::process::exit(0);
            });
        }
        let loaded = match load(flags) {
            Ok(loaded) => loaded,
            Err(error) => {
                logging::complain(error.message());
                return Ok(());
            }
        };
        let config = loaded.config;
        if let Err(error) = self.act(&config) {
            let line = format!("{} of {}: {}", self.event, self.host, error.causes());
            crate::hook::note(&home(&config), &line);
        }
        Ok(())
    }

    fn act(&self, config: &Config) -> Result<()> {
        let spool = Spool::open(&home(config))?;
        let unknown =
            |what: &str| Error::invalid(format!("there is no {what}; agent-memory hook --help"));
        let event = Event::find(&self.event).ok_or_else(|| unknown(&self.event))?;
        let host = Host::find(&self.host).ok_or_else(|| unknown(&self.host))?;
        let remote = Remote::new(&config.client, event == Event::Deliver)?;
        if event == Event::Deliver {
            return super::open::block_on(deliver(&spool, &remote));
        }
        let given = Given::parse(&input()?, clock::now().to_rfc3339());
        if given.session().is_empty() {
            return Err(Error::invalid(
                "the host named no session on standard input",
            ));
        }
        let hook = Hook {
            config,
            given: &given,
            host,
            spool: &spool,
        };
        let kept = hook.keep(event);
        // What waits from before belongs into what the session begins with.
        let said = super::open::block_on(async {
            if event == Event::SessionStart && spool.waiting()?.len() > 1 {
                let soon = tokio::time::timeout(Duration::from_secs(1), deliver(&spool, &remote));
                // What cannot be told yet is no reason to know less.
                let _ = soon.await;
            }
            hook.inject(event, &remote).await
        });
        if let Ok(Some(text)) = &said {
            let _ = writeln!(std::io::stdout().lock(), "{text}");
        }
        if kept? {
            beside()?;
        }
        said.map(drop)
    }
}

fn input() -> Result<String> {
    let mut text = String::new();
    if !std::io::stdin().is_terminal() {
        let read = std::io::stdin()
            .lock()
            .take(INPUT)
            .read_to_string(&mut text);
        read.map_err(Error::internal)?;
    }
    Ok(text)
}

fn home(config: &Config) -> PathBuf {
    PathBuf::from(&config.client.hook_dir)
}

/// Delivers what waits in a process of its own, for which nobody waits.
fn beside() -> Result<()> {
    use std::os::unix::process::CommandExt;
    let program = std::env::current_exe().map_err(Error::internal)?;
    let options = std::env::args_os()
        .skip(1)
        .take_while(|word| word != "hook");
    let started = Command::new(program)
        .args(options)
        .args(["hook", "deliver"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    started.map(drop).map_err(Error::internal)
}
