//! Where the benchmark happens: a server on a fresh data directory, and pgbench on the same database.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// One handoff: begin, set_config, insert, commit in a pipeline.
pub const WRITE: &str = "\\set n random(1, 1000000000000)
\\startpipeline
begin;
select set_config('app.tenant', 'default', true);
insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, experienced, noticed, learned, story, becoming, remember, significance, tags, created_at)
values ('default', 'sh_bench' || :n || clock_timestamp(), 'bench', 'Callin', 'Investigated the slow listing page, profiled the query plan and rewrote the join so that it uses the covering index; verified with the staging data set.', 'The planner chose a sequential scan whenever the filter list held more than a few hundred entries.', 'A partial index pays off only when its predicate matches the query text literally; otherwise it is dead weight on every insert.', 'We started from a vague complaint about a slow page, found the one query behind it, and ended with a two-line change and a regression test.', 'An agent that measures before it changes anything', 'Re-check the plan after the next bulk import.', 0.6, array['bench', 'performance', 'index'], clock_timestamp());
commit;
\\endpipeline
";

/// A wake-up as three plain reads in a pipeline.
pub const READ: &str = "\\startpipeline
begin;
select set_config('app.tenant', 'default', true);
select * from session_handoffs where tenant_id = 'default' and with_whom = 'Callin' and deleted_at is null order by created_at desc, handoff_id desc limit 1;
select handoff_id, becoming, created_at from session_handoffs where tenant_id = 'default' and becoming is not null and deleted_at is null order by created_at desc, handoff_id desc limit 10;
select * from decisions where tenant_id = 'default' and superseded_by is null order by pinned desc, created_at desc, decision_id desc limit 10;
commit;
\\endpipeline
";

/// A wake-up by the very statement the server uses, with the arguments of a 500-token one.
pub fn own_statement() -> String {
    let file = |name: &str, arguments: &[&str]| {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("sql/{name}.sql"));
        let text = std::fs::read_to_string(path).unwrap();
        let plain: Vec<&str> = text
            .lines()
            .filter(|line| !line.starts_with("--"))
            .collect();
        let mut text = plain.join("\n");
        for (index, argument) in arguments.iter().enumerate().rev() {
            text = text.replace(&format!("${}", index + 1), argument);
        }
        text + ";\n"
    };
    let bind = file(
        "system/bind",
        &["'default'", "'30s'", "'force_generic_plan'"],
    );
    let wake = file(
        "wake/up",
        &[
            ":t",
            ":w",
            "null",
            ":sessions",
            ":remember",
            ":six",
            ":six",
            ":pinned",
            "3",
        ],
    );
    format!("\\startpipeline\nbegin read only;\n{bind}{wake}commit;\n\\endpipeline\n")
}

/// A server with its database.
pub struct Place {
    server: Child,
    home: PathBuf,
    pub address: String,
    /// Seconds from the command to the greeting, on an empty directory.
    pub cold: f64,
    /// The same on the directory as it was left.
    pub warm: f64,
}

impl Place {
    /// Starts the server twice: cold, then warm.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings of its own.
    pub fn start_with(environment: &[(&str, &str)]) -> Self {
        let home = std::env::temp_dir()
            .join(format!(
                "agent-memory-bench-{}-{}",
                std::process::id(),
                environment.len()
            ))
            .join("data");
        let (mut first, _, cold) = start(&home, environment);
        Command::new("kill")
            .args(["-TERM", &first.id().to_string()])
            .status()
            .unwrap();
        first.wait().unwrap();
        let (server, address, warm) = start(&home, environment);
        Self {
            server,
            home,
            address,
            cold,
            warm,
        }
    }

    /// Its data directory.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Resident memory of our process, in MiB.
    pub fn memory(&self) -> f64 {
        self.status("VmRSS")
    }

    /// The most of it there ever was.
    pub fn peak(&self) -> f64 {
        self.status("VmHWM")
    }

    fn status(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace()
            .nth(1)
            .unwrap()
            .parse::<f64>()
            .unwrap()
            / 1024.0
    }

    /// Transactions a second of a pgbench script.
    pub fn pgbench(&self, script: &str, clients: u32, duration: Duration) -> f64 {
        let file = self.home.with_extension("sql");
        std::fs::write(&file, script).unwrap();
        let passwords = std::fs::read_to_string(self.home.join("pgpass")).unwrap();
        let password = passwords
            .lines()
            .find_map(|line| line.strip_prefix("*:*:*:agent_memory_user:"))
            .unwrap();
        let output = Command::new("pgbench")
            .args([
                "-n",
                "-M",
                "prepared",
                "-j",
                "1",
                "-c",
                &clients.to_string(),
                "-T",
                &duration.as_secs().to_string(),
            ])
            .args([
                "-D",
                "t=default",
                "-D",
                "w=Callin",
                "-D",
                "sessions=4",
                "-D",
                "remember=23",
                "-D",
                "six=6",
                "-D",
                "pinned=19",
                "-f",
            ])
            .arg(&file)
            .args([
                "-h",
                self.home.join("run").to_str().unwrap(),
                "-U",
                "agent_memory_user",
                "agent_memory",
            ])
            .env("PGPASSWORD", password)
            .output()
            .expect("pgbench: apt-get install postgresql-15");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let tps = text.lines().find_map(|line| line.strip_prefix("tps = "));
        let tps =
            tps.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        tps.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Adds handoffs of about a kilobyte.
    pub fn seed(&self, count: u32) {
        self.sql(&format!(
            "insert into session_handoffs (tenant_id, handoff_id, session_id, with_whom, experienced, noticed, learned, story, becoming, remember, significance, tags, created_at) \
             select 'default', 'sh_seed' || n || clock_timestamp(), 's' || n / 2, case when n % 3 = 0 then 'Other' else 'Callin' end, repeat(md5(n::text) || ' ', 8), \
             repeat(md5('a' || n) || ' ', 4), repeat(md5('b' || n) || ' ', 5), repeat(md5('c' || n) || ' ', 8), 'An agent that ' || md5('d' || n), md5('e' || n), \
             random(), array['memory', 'index'], clock_timestamp() from generate_series(1, {count}) n"
        ));
    }

    /// Forgets all handoffs and adds some.
    pub fn start_over(&self, count: u32) {
        self.sql("truncate session_handoffs");
        self.seed(count);
        self.analyze();
    }

    /// What autovacuum would do in its own time.
    pub fn analyze(&self) {
        self.sql("vacuum analyze session_handoffs");
        self.sql("checkpoint");
    }

    /// Runs a statement as the superuser.
    pub fn sql(&self, text: &str) {
        let status = Command::new(env!("CARGO_BIN_EXE_agent-memory"))
            .arg("--data-dir")
            .arg(&self.home)
            .args(["psql", "--as", "superuser", "--", "-q", "-c", text])
            .status()
            .unwrap();
        assert!(status.success());
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = Command::new("kill")
            .args(["-TERM", &self.server.id().to_string()])
            .status();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(self.home.parent().unwrap());
    }
}

fn start(home: &PathBuf, environment: &[(&str, &str)]) -> (Child, String, f64) {
    let began = Instant::now();
    let mut server = Command::new(env!("CARGO_BIN_EXE_agent-memory"))
        .arg("--data-dir")
        .arg(home)
        .args(["--log-level", "error", "serve", "--port", "0"])
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| {
        let (_, url) = line.split_once("address")?;
        Some(url.trim().trim_start_matches("http://").to_owned())
    });
    (
        server,
        address.expect("the server greets"),
        began.elapsed().as_secs_f64(),
    )
}
