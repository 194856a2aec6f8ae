//! `generate`: what packages carry of the command line: its man pages and its completions.

use super::Cli;
use crate::error::{Error, Result};
use clap::{CommandFactory, Subcommand};
use std::path::PathBuf;

/// What is generated.
#[derive(Subcommand)]
#[command(
    after_help = "Examples:\n  agent-memory generate completion bash > /etc/bash_completion.d/agent-memory\n  agent-memory generate man /usr/local/share/man/man1"
)]
pub enum Generate {
    /// A shell's completion, on standard output.
    Completion {
        /// bash, elvish, fish, powershell or zsh.
        shell: clap_complete::Shell,
    },
    /// The man pages, one a command, into a directory.
    Man {
        /// Where they go.
        directory: PathBuf,
    },
}

impl Generate {
    /// Runs the command.
    pub fn run(self) -> Result<()> {
        let mut command = Cli::command();
        match self {
            Self::Completion { shell } => {
                let mut text = Vec::new();
                clap_complete::generate(shell, &mut command, "agent-memory", &mut text);
                super::print(String::from_utf8_lossy(&text).trim_end())
            }
            Self::Man { directory } => {
                let written = std::fs::create_dir_all(&directory)
                    .and_then(|()| clap_mangen::generate_to(command, &directory));
                written.map_err(|error| {
                    let place = directory.display();
                    Error::invalid(format!(
                        "the man pages cannot be written to {place}: {error}"
                    ))
                })
            }
        }
    }
}
