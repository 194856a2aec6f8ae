//! `call`: any operation from the command line.

use crate::config::Flags;
use crate::endpoint::{Endpoint, Run};
use crate::error::{Error, Result};
use crate::http::{Shape, argument, arguments, description};
use crate::json::Args as Arguments;
use crate::operation;
use crate::registry;
use bytes::Bytes;
use clap::{Arg, ArgAction, Args};
use futures_util::{StreamExt, TryStreamExt};
use std::io::{Read, Write};
use std::sync::Arc;

/// Options of `call`.
#[derive(Args)]
#[command(disable_help_flag = true)]
pub struct Call {
    /// The operation and its arguments: handoff_create --session-id s1 --with-whom Ada --learned "…"
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "NAME [--argument VALUE]…"
    )]
    words: Vec<String>,
}

impl Call {
    /// Runs the operation as the operator of this installation: whoever can reach the database needs no key.
    pub fn run(self, flags: &Flags) -> Result<()> {
        let Some(endpoint) = self.words.first().and_then(|name| registry::find(name)) else {
            return match self.words.first().map(String::as_str) {
                None | Some("--help" | "-h" | "help") => list(),
                Some(name) => Err(unknown(name)),
            };
        };
        let (args, key) = parse(endpoint, &self.words)?;
        operate(flags, endpoint, args, key)
    }
}

/// Runs an operation by its name with these members as arguments, and null for those in `nulls`: what the commands for
/// administrators are made of.
pub fn administer(
    flags: &Flags,
    name: &str,
    members: &serde_json::Value,
    nulls: &[String],
) -> Result<()> {
    let endpoint = registry::find(name).ok_or_else(|| unknown(name))?;
    let mut args = Arguments::default();
    for (name, value) in members.as_object().into_iter().flatten() {
        if !value.is_null() {
            args.put(name, crate::json::raw(value)?)?;
        }
    }
    for name in nulls {
        args.put(name, crate::json::raw(&())?)?;
    }
    operate(flags, endpoint, args, None)
}

fn operate(
    flags: &Flags,
    endpoint: &'static Endpoint,
    args: Arguments,
    idempotency_key: Option<String>,
) -> Result<()> {
    super::open::with_app(flags, async |app| {
        let call = operation::Call {
            idempotency_key,
            ..operation::Call::of_operator(args)
        };
        answer(endpoint, &app, call).await
    })
}

async fn answer(
    endpoint: &'static Endpoint,
    app: &Arc<crate::app::App>,
    call: operation::Call,
) -> Result<()> {
    let bytes = match endpoint.run {
        Run::Json(_) => endpoint.call(app, call).await?,
        Run::Upload(_) => endpoint.take(app, call, stdin()).await?,
        Run::Download(_) => {
            let mut pieces = endpoint.open(app, call).await?.pieces;
            let mut out = std::io::stdout().lock();
            while let Some(piece) = pieces.try_next().await? {
                out.write_all(&piece).map_err(Error::internal)?;
            }
            return out.flush().map_err(Error::internal);
        }
    };
    let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(Error::internal)?;
    super::print(&serde_json::to_string_pretty(&value).map_err(Error::internal)?)
}

/// Standard input in pieces, from a thread of its own.
fn stdin() -> operation::Bodies {
    let (sender, receiver) = tokio::sync::mpsc::channel(2);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let piece = match std::io::stdin().lock().read(&mut buffer) {
                Ok(0) => return,
                Ok(size) => Ok(Bytes::copy_from_slice(&buffer[..size])),
                Err(error) => Err(Error::internal(error)),
            };
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
        }
    });
    futures_util::stream::unfold(receiver, |mut receiver| async move {
        Some((receiver.recv().await?, receiver))
    })
    .boxed()
}

/// The arguments of an operation as flags: --with-whom stands for with_whom; lists are repeated.
fn parse(endpoint: &'static Endpoint, words: &[String]) -> Result<(Arguments, Option<String>)> {
    let members = arguments(endpoint);
    let mut command = clap::Command::new(format!("agent-memory call {}", endpoint.name))
        .about(description(endpoint))
        .no_binary_name(true);
    for member in &members {
        let action = if member.shape == Shape::List {
            ArgAction::Append
        } else {
            ArgAction::Set
        };
        let argument = Arg::new(member.name.clone())
            .long(member.name.replace('_', "-"))
            .required(member.required)
            .action(action);
        command = command.arg(
            argument
                .help(member.description.clone())
                .value_name("VALUE")
                .allow_hyphen_values(true),
        );
    }
    command = command.arg(
        Arg::new("Idempotency-Key")
            .long("idempotency-key")
            .value_name("KEY")
            .help("Do it once, answer it again."),
    );
    let matches = command.get_matches_from(&words[1..]);
    let mut args = Arguments::default();
    for member in &members {
        if let Some(values) = matches.get_many::<String>(&member.name) {
            let values: Vec<String> = values.cloned().collect();
            args.put(&member.name, argument(&member.name, &values, member.shape)?)?;
        }
    }
    Ok((args, matches.get_one::<String>("Idempotency-Key").cloned()))
}

fn list() -> Result<()> {
    let mut text =
        "Operations (agent-memory call NAME --help lists the arguments of one):\n".to_owned();
    for endpoint in registry::all() {
        let first = description(endpoint);
        let first = first.split(['.', ':', ';']).next().unwrap_or_default();
        text.push_str(&format!("\n  {:22} {first}", endpoint.name));
    }
    super::print(&text)
}

fn unknown(name: &str) -> Error {
    let nearest = registry::all()
        .map(|endpoint| endpoint.name)
        .min_by_key(|known| strsim::damerau_levenshtein(known, name));
    let hint = nearest
        .map(|known| format!("; did you mean {known}?"))
        .unwrap_or_default();
    Error::not_found(format!(
        "no operation is called {name}{hint} (agent-memory call lists them all)"
    ))
}
