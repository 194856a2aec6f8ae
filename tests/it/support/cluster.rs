//! The cluster of this test process: ours, started by the program itself; or an external one, by AGENT_MEMORY_TEST_MODE.

use super::process::Running;
use super::{external, scratch};
use agent_memory::db::{Parts, Password, Security, Target, migrate};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// Which database the suite runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Our own PostgreSQL: owner and application are two roles.
    Embedded,
    /// Another cluster, prepared statements, one role for everything.
    Session,
    /// The same behind PgBouncer in transaction mode, unnamed statements.
    Transaction,
}

/// How to reach a cluster.
pub struct Cluster {
    pub mode: Mode,
    pub application: Target,
    pub owner: Target,
    /// Makes databases; never behind a pooler.
    pub superuser: Target,
}

const TEMPLATE: &str = "memory_template";

/// The mode that the environment asks for.
pub fn mode() -> Mode {
    match std::env::var("AGENT_MEMORY_TEST_MODE").as_deref() {
        Ok("session") => Mode::Session,
        Ok("transaction") => Mode::Transaction,
        Ok("embedded") | Err(_) => Mode::Embedded,
        Ok(other) => panic!("AGENT_MEMORY_TEST_MODE={other}: use embedded, session or transaction"),
    }
}

/// The cluster, started once a test process, with its template migrated.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        std::thread::spawn(|| {
            let cluster = match mode() {
                Mode::Embedded => embedded(),
                mode => external::cluster(mode),
            };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(make_template(&cluster));
            cluster
        })
        .join()
        .unwrap()
    })
}

/// The embedded cluster by a server that keeps it running.
fn embedded() -> Cluster {
    let home = scratch("cluster").join("data");
    let running = Running::start(&home, |_| {});
    std::mem::forget(running);
    let passwords = std::fs::read_to_string(home.join("pgpass")).unwrap();
    let password = |role: &str| {
        let line = passwords
            .lines()
            .find(|line| line.contains(&format!(":{role}:")))
            .unwrap();
        line.rsplit(':').next().unwrap().to_owned()
    };
    let host = home.join("run").display().to_string();
    let target = |user: &str, database: &str| {
        let parts = Parts {
            host: &host,
            port: "5432",
            database,
            user,
            security: Security::default(),
        };
        let password = Password::Given(password(user));
        Target::new(&parts, password, Duration::from_secs(5), true).unwrap()
    };
    Cluster {
        mode: Mode::Embedded,
        application: target("agent_memory_user", TEMPLATE),
        owner: target("agent_memory_owner", TEMPLATE),
        superuser: target("postgres", "postgres"),
    }
}

async fn make_template(cluster: &Cluster) {
    let owner = cluster.owner.user();
    let admin = cluster.superuser.connect().await.unwrap();
    admin
        .batch(&format!("create database {TEMPLATE} owner {owner}"))
        .await
        .unwrap();
    let done = migrate::up(&cluster.owner, cluster.application.user())
        .await
        .unwrap();
    assert_eq!(done, migrate::all().unwrap().len());
    // A pooler keeps its connection to the template, and a template must have none.
    admin
        .batch(&format!(
            "alter database {TEMPLATE} allow_connections false"
        ))
        .await
        .unwrap();
    admin
        .batch(&format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{TEMPLATE}'"
        ))
        .await
        .unwrap();
}

impl Cluster {
    /// A fresh, migrated database.
    pub async fn database(&self) -> String {
        let name = self.empty_name();
        let admin = self.superuser.connect().await.unwrap();
        admin
            .batch(&format!(
                "create database {name} template {TEMPLATE} owner {}",
                self.owner.user()
            ))
            .await
            .unwrap();
        name
    }

    /// A fresh database without anything in it.
    pub async fn empty_database(&self) -> String {
        let name = self.empty_name();
        let admin = self.superuser.connect().await.unwrap();
        admin
            .batch(&format!(
                "create database {name} owner {}",
                self.owner.user()
            ))
            .await
            .unwrap();
        name
    }

    fn empty_name(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        format!("memory_{}", NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
