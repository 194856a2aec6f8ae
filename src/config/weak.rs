//! Settings that work and are not safe: refused in production, warned of elsewhere.

use super::Config;
use super::is_loopback_name;

/// The least length of a database password, in characters; as the deployment guide has it.
pub const PASSWORD: usize = 32;

/// A setting that is not safe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weakness {
    /// Which.
    pub setting: &'static str,
    /// What is wrong with it.
    pub what: String,
    /// What to do.
    pub mend: &'static str,
}

impl Config {
    /// Whether connections to the database leave this machine.
    pub fn database_is_remote(&self) -> bool {
        self.is_external()
            && self
                .database_hosts()
                .iter()
                .any(|host| !host.is_empty() && !host.starts_with('/') && !is_loopback_name(host))
    }

    /// PGSSLMODE as it is meant: in production nothing leaves the machine in the clear unless told otherwise.
    pub fn sslmode(&self) -> &str {
        match self.database.sslmode.as_str() {
            "auto" if self.is_production() && self.database_is_remote() => "require",
            "auto" => "prefer",
            mode => mode,
        }
    }

    /// What is not safe about the settings.
    pub fn weaknesses(&self) -> Vec<Weakness> {
        let mut found = Vec::new();
        if self.access.enabled == "false" && self.is_open() {
            found.push(Weakness {
                setting: "access.enabled",
                what: "keys are off (API_AUTH_ENABLED=false) on an open listener: whoever reaches it reads and writes everything".to_owned(),
                mend: "set API_AUTH_ENABLED=true, or HOST=127.0.0.1",
            });
        }
        if self.cors_origins().any(|origin| origin == "*") && !self.keys_on().unwrap_or(true) {
            found.push(Weakness {
                setting: "access.cors_origins",
                what: "every web page may read and write everything (CORS_ORIGINS=* while keys are off)".to_owned(),
                mend: "name the origins, or set API_AUTH_ENABLED=true",
            });
        }
        if self.database_is_remote() && matches!(self.sslmode(), "disable" | "allow") {
            found.push(Weakness {
                setting: "database.sslmode",
                what: format!(
                    "PGSSLMODE={} over a network: passwords and memories travel in the clear",
                    self.sslmode()
                ),
                mend: "set PGSSLMODE=require, better verify-full with PGSSLROOTCERT",
            });
        }
        let short = |password: &str| {
            let length = password.chars().count();
            (1..PASSWORD).contains(&length).then_some(length)
        };
        for (setting, password) in [
            ("database.password", self.database_password()),
            (
                "database.owner_password",
                Some(self.database.owner_password.clone()),
            ),
        ] {
            if let Some(length) = password
                .as_deref()
                .and_then(short)
                .filter(|_| self.is_external())
            {
                found.push(Weakness {
                    setting,
                    what: format!(
                        "the database password has {length} characters, {PASSWORD} are the least"
                    ),
                    mend: "make another with: agent-memory secrets generate",
                });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Flags, load};

    fn config(settings: &[(&'static str, &str)]) -> crate::config::Config {
        let flags = Flags {
            env_files: vec!["/dev/null".into()],
            settings: settings
                .iter()
                .map(|(setting, value)| ("test", *setting, (*value).to_owned()))
                .collect(),
            ..Flags::default()
        };
        load(&flags).expect("it can be used").config
    }

    #[test]
    fn each_weakness_is_found_and_refused_in_production() {
        let weak = |settings: &[(&'static str, &str)]| {
            let found = config(settings).weaknesses();
            found.iter().map(|w| w.setting).collect::<Vec<_>>()
        };
        assert_eq!(weak(&[]), Vec::<&str>::new());
        assert_eq!(
            weak(&[("access.enabled", "false"), ("server.host", "0.0.0.0")]),
            ["access.enabled"]
        );
        let remote = ("database.host", "db.example.com");
        assert_eq!(
            weak(&[
                remote,
                ("database.sslmode", "disable"),
                ("database.password", "short")
            ]),
            ["database.sslmode", "database.password"]
        );
        assert_eq!(
            weak(&[
                ("database.host", "127.0.0.1"),
                ("database.sslmode", "disable")
            ]),
            Vec::<&str>::new()
        );
        assert_eq!(config(&[remote]).sslmode(), "prefer");
        let production = ("log.environment", "production");
        assert_eq!(config(&[remote, production]).sslmode(), "require");
        assert_eq!(
            config(&[remote, production, ("database.sslmode", "verify-full")]).sslmode(),
            "verify-full"
        );
        assert_eq!(
            config(&[("database.host", "::1"), production]).sslmode(),
            "prefer"
        );
        let url = ("database.url", "postgres://u:short@db.example.com/m");
        assert_eq!(weak(&[url]), ["database.password"]);
    }
}
