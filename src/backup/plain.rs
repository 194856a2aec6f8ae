//! Dumps in SQL: what psql loads onto an existing database, and a database filled from one.

use super::program::{PIECE, Programs};
use super::restore::{Restored, put};
use super::scratch::{Scratch, server_major};
use super::tenant::unpacked;
use crate::app::App;
use crate::db::{Target, hex};
use crate::error::{Error, Kind, Result};
use crate::file::io;
use crate::id;
use crate::report::Report;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

/// Writes a dump in SQL, packed with gzip, that `gunzip < FILE | psql DATABASE` loads onto an existing database.
///
/// # Errors
/// The role does not see every row, or pg_dump failed: nothing is written then that could be taken for a dump.
pub async fn export(app: &App, into: &Path, report: &Report) -> Result<u64> {
    let roles = &app.roles;
    let snapshot = super::snapshot::Snapshot::take(roles).await?;
    let programs = Programs::find(&app.config, snapshot.major)?;
    // A role that does not see everything is refused here.
    snapshot.rows(&roles.dumper).await?;
    report.stage("writing SQL", snapshot.bytes);
    let arguments = [
        "--clean",
        "--if-exists",
        "--no-password",
        "--snapshot",
        &snapshot.id,
    ];
    let mut running = programs.start(
        "pg_dump",
        &roles.dumper,
        &arguments,
        Stdio::null(),
        Stdio::piped(),
    )?;
    let partial = tempfile::Builder::new()
        .prefix(".partial-")
        .tempfile_in(
            into.parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or(Path::new(".")),
        )
        .map_err(|error| io("write", into, error))?;
    let failed = |error| io("write", into, error);
    let mut packed = GzEncoder::new(partial, Compression::fast());
    let mut buffer = vec![0; PIECE];
    loop {
        let piece = running.next(&mut buffer).await?;
        if piece.is_empty() {
            break;
        }
        packed.write_all(piece).map_err(failed)?;
        report.advance(piece.len() as u64);
    }
    running.end().await?;
    let partial = packed.finish().map_err(failed)?;
    partial.as_file().sync_all().map_err(failed)?;
    let size = partial.as_file().metadata().map_err(failed)?.len();
    partial
        .persist_noclobber(into)
        .map_err(|error| failed(error.error))?;
    crate::file::settle(into).map_err(failed)?;
    Ok(size)
}

/// Restores a dump in SQL: into a new database, then swapped in.
pub async fn restore(app: &App, file: &Path, dry_run: bool, report: &Report) -> Result<Restored> {
    let began = Instant::now();
    let scratch = Scratch::make(app).await?;
    let filled = scratch.fill_from_sql(app, file, report).await;
    let from = file.display().to_string();
    put(app, scratch, filled, dry_run, &from, began, report).await
}

impl Scratch {
    /// Fills it from a dump in SQL, all of it or nothing, and brings the schema up to date.
    pub async fn fill_from_sql(&self, app: &App, file: &Path, report: &Report) -> Result<String> {
        let major = server_major(&self.roles.restorer.connect().await?).await?;
        let programs = Programs::find(&app.config, major)?;
        load(&programs, &self.roles.restorer, file, report).await?;
        let status = crate::db::migrate::status(&self.roles.restorer).await?;
        if status.applied.is_empty() {
            let message = format!(
                "{} is a dump of something else: it has no agent-memory schema",
                file.display()
            );
            return Err(Error::new(Kind::Invalid, "unknown_backup", message).field("backup"));
        }
        let version = status.applied.last().map_or(0, |(version, _)| *version);
        self.migrate().await?;
        Ok(format!("every statement ran, schema version {version}"))
    }
}

async fn load(programs: &Programs, target: &Target, file: &Path, report: &Report) -> Result<()> {
    let reader = unpacked(file, report.clone())?;
    let arguments = [
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        "--no-password",
    ];
    let mut running = programs.start("psql", target, &arguments, Stdio::piped(), Stdio::null())?;
    let mut stdin = running
        .child
        .stdin
        .take()
        .ok_or_else(|| Error::internal("psql has no input"))?;
    let (sender, mut lines) = mpsc::channel::<Vec<u8>>(4);
    let filtering = tokio::task::spawn_blocking(move || {
        filter(reader, |piece| sender.blocking_send(piece).is_ok())
    });
    while let Some(piece) = lines.recv().await {
        // psql that has given up says why at its end.
        if stdin.write_all(&piece).await.is_err() {
            break;
        }
    }
    drop(lines);
    let filtered = filtering.await.map_err(Error::internal)?;
    if let Err(error) = filtered {
        // The transaction is not committed: psql is ended before its input is.
        let _ = running.child.kill().await;
        return Err(error);
    }
    drop(stdin);
    running.end().await
}

/// No line of a dump is longer than this, in bytes: PostgreSQL keeps no larger value than a gigabyte, and we take no larger item than 64 MiB.
const LINE: u64 = 256 << 20;

/// Passes a dump on in pieces, without what only a superuser may do and what the new database has already: extensions, owners and grants.
/// psql is told first to take no command of its own (`\!` would run a program) whatever follows: only who knows the random word could
/// tell it otherwise.
fn filter(reader: impl Read, mut pass: impl FnMut(Vec<u8>) -> bool) -> Result<()> {
    let word = id::new("x").0 + &hex(&id::random::<16>());
    let mut reader = BufReader::with_capacity(256 * 1024, reader);
    let (mut at, mut ended) = (Lexer::default(), false);
    let mut piece = format!("\\restrict {}\n", word.replace('_', "")).into_bytes();
    let (mut line, mut rows) = (Vec::new(), false);
    loop {
        line.clear();
        let read = (&mut reader).take(LINE).read_until(b'\n', &mut line);
        let read = read.map_err(|error| refused(&format!("the dump cannot be read: {error}")))?;
        if read == 0 {
            break;
        }
        if read as u64 == LINE {
            return Err(refused(
                "the dump has a line of more than 256 MiB, which none of ours has",
            ));
        }
        if rows {
            rows = !line.starts_with(b"\\.");
        } else {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            let begins = at.takes(&line);
            if begins {
                ended |= text == "-- PostgreSQL database dump complete";
                rows = text.starts_with("COPY ") && text.ends_with("FROM stdin;");
                let own = ["\\restrict ", "\\unrestrict "];
                if own.iter().any(|word| text.starts_with(word)) || is_the_databases_own(text) {
                    continue;
                }
            }
        }
        piece.extend_from_slice(&line);
        if piece.len() >= 64 * 1024 && !pass(std::mem::take(&mut piece)) {
            return Ok(());
        }
    }
    if !ended || rows {
        let message = "the dump is cut off: its last line is missing";
        return Err(Error::new(Kind::Invalid, "backup_damaged", message).field("backup"));
    }
    pass(piece);
    Ok(())
}

fn refused(message: &str) -> Error {
    Error::new(Kind::Invalid, "unknown_backup", message.to_owned()).field("backup")
}

/// Knows whether a line of SQL begins a statement: a line of a text must never be taken for one.
#[derive(Default)]
struct Lexer {
    /// What ends the text that is open: a quote, a dollar's word, or the end of a comment.
    open: Option<Vec<u8>>,
    /// Whether a statement has begun and not ended.
    within: bool,
}

impl Lexer {
    /// Takes the next line; whether a statement could begin with it.
    fn takes(&mut self, line: &[u8]) -> bool {
        let begins = self.open.is_none() && !self.within;
        let mut rest = line;
        while let Some(first) = rest.first() {
            if let Some(end) = &self.open {
                match rest.windows(end.len()).position(|part| part == end) {
                    Some(at) => {
                        rest = &rest[at + end.len()..];
                        self.open = None;
                    }
                    None => break,
                }
                continue;
            }
            match first {
                b'-' if rest.starts_with(b"--") => break,
                b'/' if rest.starts_with(b"/*") => self.open = Some(b"*/".to_vec()),
                b'\'' | b'"' => self.open = Some(vec![*first]),
                b'$' => {
                    let word = rest[1..].iter().position(|c| *c == b'$');
                    let is_word = |c: &u8| c.is_ascii_alphanumeric() || *c == b'_';
                    if let Some(length) =
                        word.filter(|length| rest[1..=*length].iter().all(is_word))
                    {
                        self.open = Some(rest[..length + 2].to_vec());
                        rest = &rest[length + 1..];
                    }
                }
                b';' => self.within = false,
                c if !c.is_ascii_whitespace() => self.within = true,
                _ => {}
            }
            if matches!(first, b'\'' | b'"' | b'$') {
                self.within = true;
            }
            rest = &rest[1..];
        }
        // A command of psql's own ends with its line; psql refuses it.
        if begins && line.starts_with(b"\\") {
            (self.open, self.within) = (None, false);
        }
        begins
    }
}

/// Statements about what the new database has already, or what its owner may not do; pg_dump writes each on a line.
fn is_the_databases_own(line: &str) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    begins(&[
        "CREATE EXTENSION ",
        "DROP EXTENSION ",
        "COMMENT ON EXTENSION ",
        "GRANT ",
        "REVOKE ",
        "ALTER DEFAULT PRIVILEGES ",
    ]) || (line.starts_with("ALTER ") && line.contains(" OWNER TO "))
        || line == "DROP SCHEMA IF EXISTS public;"
        || line == "CREATE SCHEMA public;"
}

#[cfg(test)]
mod tests {
    use super::filter;

    fn filtered(text: &str) -> Result<String, String> {
        let mut all = Vec::new();
        let done = filter(text.as_bytes(), |piece| {
            all.extend(piece);
            true
        });
        done.map(|()| String::from_utf8_lossy(&all).into_owned())
            .map_err(|error| error.message().to_owned())
    }

    #[test]
    fn rows_and_texts_pass_as_they_are_and_statements_of_the_database_do_not() {
        let end = "-- PostgreSQL database dump complete\n";
        let kept = |text: &str| {
            let filtered = filtered(&format!("{text}{end}")).expect("a dump");
            let (first, rest) = filtered.split_once('\n').expect("lines");
            assert!(
                first.starts_with("\\restrict ") && first.len() > 40,
                "{first}"
            );
            rest.trim_end_matches(end).to_owned()
        };
        assert_eq!(
            kept(
                "CREATE EXTENSION x;\nCREATE TABLE t (a text);\nALTER TABLE t OWNER TO somebody;\nGRANT ALL ON t TO you;\n"
            ),
            "CREATE TABLE t (a text);\n"
        );
        // Rows, texts over several lines, functions, comments: all as they are.
        for text in [
            "COPY public.t (a) FROM stdin;\nCREATE EXTENSION is a memory\n\\\\! too\nGRANT\n\\.\n",
            "INSERT INTO t VALUES ('it''s\nGRANT yourself patience\nALTER TABLE manners OWNER TO nobody\n');\n",
            "CREATE FUNCTION f() RETURNS void AS $_$\nREVOKE 'x;\n$_$;\n",
            "/*\nCOPY x FROM stdin;\n*/\n",
            "SELECT \"GRANT\n\";\n",
        ] {
            assert_eq!(kept(text), text);
        }
        assert_eq!(kept("\\restrict abc\n\\unrestrict abc\n"), "");
        assert!(
            filtered("SELECT 1;\n")
                .expect_err("no end")
                .contains("cut off")
        );
    }
}
