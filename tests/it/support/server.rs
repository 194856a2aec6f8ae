//! A server in this process, on a database of its own.

use super::client::Client;
use super::cluster::{Cluster, Mode, cluster};
use agent_memory::app::App;
use agent_memory::config::{Config, Flags, load};
use agent_memory::db::{Connection, Roles, Sql, Target};
use agent_memory::postgres::Disk;
use agent_memory::stop::Stopper;
use agent_memory::{cli, http, id, key, tenant};
use std::sync::Arc;

/// A running server.
pub struct Server {
    pub url: String,
    pub app: Arc<App>,
    pub database: String,
    /// An admin key of the installation, when keys are on.
    pub admin: String,
    stopper: Stopper,
}

/// A test that has several, one after the other, takes no more connections than one.
impl Drop for Server {
    fn drop(&mut self) {
        self.stopper.stop();
    }
}

impl Server {
    /// A server with keys off.
    pub async fn start() -> Self {
        Self::configured(false, |_| ()).await
    }

    /// A server with keys on.
    pub async fn with_keys() -> Self {
        Self::configured(true, |_| ()).await
    }

    /// A server with settings of its own.
    pub async fn configured(keys: bool, configure: impl FnOnce(&mut Config)) -> Self {
        Self::made(keys, configure, |_| ()).await
    }

    /// A server with roles of its own.
    pub async fn with_roles(change: impl FnOnce(&mut Roles)) -> Self {
        Self::made(false, |_| (), change).await
    }

    async fn made(
        keys: bool,
        configure: impl FnOnce(&mut Config),
        change: impl FnOnce(&mut Roles),
    ) -> Self {
        let cluster = tokio::task::spawn_blocking(cluster).await.unwrap();
        let database = cluster.database().await;
        let mut config = configuration(cluster);
        config.access.enabled = if keys { "true" } else { "false" }.to_owned();
        let key = super::scratch("keys").join(&database);
        config.access.encryption_key_file = key.display().to_string();
        config.backup.enabled = false;
        config.backup.dir = super::scratch("backups")
            .join(&database)
            .display()
            .to_string();
        configure(&mut config);
        let past_the_pooler = cluster.superuser.as_role_of(&cluster.owner);
        let mut roles = Roles {
            replica: None,
            application: cluster.application.with_database(&database),
            owner: cluster.owner.with_database(&database),
            restorer: past_the_pooler.with_database(&database),
            dumper: cluster.superuser.with_database(&database),
            maker: cluster.superuser.clone(),
        };
        change(&mut roles);
        let admin = key::fresh();
        if keys {
            first_key(&cluster.superuser.with_database(&database), &admin).await;
        }
        let app = App::new(config, roles, Disk::default()).unwrap();
        let listeners = http::bind(&[[127, 0, 0, 1].into()], 0).await.unwrap();
        let url = format!("http://{}", listeners.sockets[0].local_addr().unwrap());
        let (served, stopper) = (app.clone(), Stopper::default());
        let stops = stopper.clone();
        tokio::spawn(async move { cli::serve::serve(&served, listeners, &stops).await });
        Self {
            url,
            app,
            database,
            admin,
            stopper,
        }
    }

    /// A client of a tenant: without a key while keys are off, else with a fresh key of that tenant.
    pub async fn tenant(&self, name: &str) -> Client {
        // The suite runs again with tenants that have a schema of their own; one that a test made itself stays as it is.
        if std::env::var("AGENT_MEMORY_TEST_ISOLATION").is_ok_and(|isolation| isolation == "schema")
        {
            let operator = match self.app.keys_on {
                true => Client::new(&self.url).key(&self.admin),
                false => Client::new(&self.url),
            };
            let made = operator
                .call::<tenant::Create>(
                    serde_json::json!({"tenant_id": name, "isolation": "schema"}),
                )
                .await;
            assert!([201, 409].contains(&made.status), "{}", made.text);
        }
        if !self.app.keys_on {
            return Client::new(&self.url).tenant(name);
        }
        self.key(name, "write").await
    }

    /// A client with a key of some access.
    pub async fn key(&self, tenant: &str, access: &str) -> Client {
        let admin = Client::new(&self.url).key(&self.admin);
        let made = admin
            .call::<key::Create>(serde_json::json!({"tenant_id": tenant, "access": access}))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        Client::new(&self.url).key(made.json["key"].as_str().unwrap())
    }

    /// A connection to this server's database as a superuser.
    pub async fn superuser(&self) -> Connection {
        cluster()
            .superuser
            .with_database(&self.database)
            .connect()
            .await
            .unwrap()
    }

    /// Waits until no run of a job waits or is under way.
    pub async fn jobs_done(&self) {
        static OPEN: Sql = Sql {
            name: "open runs",
            text: "select count(*) from job_runs where state in ('waiting', 'running')",
        };
        let superuser = self.superuser().await;
        super::until("the jobs to be done", 60, async || {
            superuser.query(&OPEN, &[]).await.unwrap()[0].get::<_, i64>(0) == 0
        })
        .await;
    }

    /// A connection as the application's role.
    pub async fn application(&self) -> Connection {
        cluster()
            .application
            .with_database(&self.database)
            .connect()
            .await
            .unwrap()
    }
}

/// The defaults, as the suite's mode has them.
pub fn configuration(cluster: &Cluster) -> Config {
    let mut config = load(&Flags {
        env_files: vec!["/dev/null".into()],
        ..Flags::default()
    })
    .unwrap()
    .config;
    config.database.pool_mode = if cluster.mode == Mode::Transaction {
        "transaction"
    } else {
        "session"
    }
    .to_owned();
    config
}

async fn first_key(superuser: &Target, admin: &str) {
    let connection = superuser.connect().await.unwrap();
    let (key_id, at) = id::new("key");
    connection
        .query(
            agent_memory::sql!("system/first_key"),
            &[&key_id, &key::digest(admin), &at],
        )
        .await
        .unwrap();
}
