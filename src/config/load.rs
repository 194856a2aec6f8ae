//! Puts the layers of the configuration together and remembers where each value came from.

use super::variables::{SECRETS, VARIABLES, nearest};
use super::{Config, parse_env_file, service, url};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// packaging/config.toml: the documented default file is the default.
const DEFAULTS: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/packaging/config.toml"
));
/// Read when it is there and no other is named.
const SYSTEM_FILE: &str = "/etc/agent-memory/config.toml";

/// Secrets whose file can be read again while the server runs.
const SETTINGS_WITH_FILES: [&str; 2] = ["database.password_file", "database.owner_password_file"];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// packaging/config.toml
    Default,
    /// A configuration file.
    File(PathBuf),
    /// A variable of the environment or of an env file.
    Variable(String),
    /// The command line.
    Flag(String),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "${name}"),
            Self::Flag(name) => write!(f, "--{name}"),
        }
    }
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--config`
    pub file: Option<PathBuf>,
    /// `--env-file`, in order.
    pub env_files: Vec<PathBuf>,
    /// Whether .env and .env.production of the working directory are none of ours: it is somebody else's project.
    pub elsewhere: bool,
    /// Settings by their flag: (flag, setting, value).
    pub settings: Vec<(&'static str, &'static str, String)>,
}

/// A configuration with its history.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Every setting as text, with its source; secrets hidden.
    pub shown: Vec<(String, String, Source)>,
    /// What is odd without being wrong.
    pub warnings: Vec<String>,
    /// The home of whoever runs this.
    pub home: PathBuf,
}

/// Loads the configuration.
pub fn load(flags: &Flags) -> Result<Loaded> {
    let mut layers = Layers {
        table: toml::from_str(DEFAULTS).map_err(Error::internal)?,
        sources: BTreeMap::new(),
    };
    let file = flags
        .file
        .clone()
        .or_else(|| Some(PathBuf::from(SYSTEM_FILE)).filter(|path| path.is_file()));
    if let Some(path) = file {
        layers.file(&path)?;
    }
    let mut warnings = Vec::new();
    let environment = environment(flags)?;
    for (name, setting) in VARIABLES {
        if let Some((_, value)) = environment
            .iter()
            .rev()
            .find(|(variable, value)| variable == name && !value.is_empty())
        {
            layers.set(setting, value, Source::Variable((*name).to_owned()))?;
        } else if let Some((variable, path)) = environment.iter().rev().find(|(variable, value)| {
            !value.is_empty()
                && variable.strip_suffix("_FILE") == Some(name)
                && SECRETS.contains(setting)
        }) {
            let value = read(Path::new(path))?;
            layers.set(
                setting,
                value.trim_end_matches('\n'),
                Source::Variable(variable.clone()),
            )?;
            // Remembered where it can be read again.
            let file = format!("{setting}_file");
            if SETTINGS_WITH_FILES.contains(&file.as_str()) {
                layers.set(&file, path, Source::Variable(variable.clone()))?;
            }
        }
    }
    let get = |name: &str| lookup(&environment, name);
    if let Some(name) = get("PGSERVICE") {
        // As in libpq, a service says more than the other variables.
        let home = get("HOME").unwrap_or_default();
        let own = get("PGSERVICEFILE").unwrap_or_else(|| format!("{home}/.pg_service.conf"));
        let shared = get("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".to_owned());
        let files = [
            PathBuf::from(own),
            PathBuf::from(shared).join("pg_service.conf"),
        ];
        for (setting, value) in service::settings(&name, &files)? {
            layers.set(setting, &value, Source::Variable("PGSERVICE".to_owned()))?;
        }
    }
    for (name, _) in &environment {
        if let Some(meant) = nearest(name) {
            warnings.push(format!(
                "the environment variable {name} is not known; did you mean {meant}?"
            ));
        }
    }
    for (flag, setting, value) in &flags.settings {
        layers.set(setting, value, Source::Flag((*flag).to_owned()))?;
    }
    let (url, secured) = url::split(&layers.text("database.url"));
    if !secured.is_empty() {
        let source = layers.source("database.url");
        layers.set("database.url", &url, source.clone())?;
        for (setting, value) in secured {
            layers.set(setting, &value, source.clone())?;
        }
    }
    for (setting, file) in [
        ("database.sslrootcert", "root.crt"),
        ("database.sslcert", "postgresql.crt"),
        ("database.sslkey", "postgresql.key"),
    ] {
        // Where libpq looks.
        let usual = format!("{}/.postgresql/{file}", get("HOME").unwrap_or_default());
        if layers.text(setting).is_empty() && Path::new(&usual).is_file() {
            layers.set(setting, &usual, Source::Default)?;
        }
    }
    if layers.text("embedded.data_dir").is_empty() {
        layers.set(
            "embedded.data_dir",
            &data_dir(&environment),
            Source::Default,
        )?;
    }
    if layers.text("client.with_whom").is_empty() {
        let user = get("USER").or_else(|| get("LOGNAME")).unwrap_or_default();
        let user = if user.is_empty() { "user" } else { &user };
        layers.set("client.with_whom", user, Source::Default)?;
    }
    if layers.text("client.hook_dir").is_empty() {
        let home = get("HOME").unwrap_or_default();
        let state = get("XDG_STATE_HOME").filter(|state| !state.is_empty());
        let state = state.unwrap_or_else(|| format!("{home}/.local/state"));
        let directory = format!("{state}/agent-memory/hooks");
        layers.set("client.hook_dir", &directory, Source::Default)?;
    }
    // PostgreSQL changes its working directory: a relative path would mean another place there.
    let home = std::path::absolute(layers.text("embedded.data_dir")).map_err(Error::internal)?;
    layers.table["embedded"]["data_dir"] = Value::String(home.display().to_string());
    let config: Config = serde_path_to_error::deserialize(Value::Table(layers.table.clone()))
        .map_err(|error| {
            let setting = error.path().to_string();
            Error::invalid(format!("{setting}: {}", error.inner().message())).field(setting)
        })?;
    config.check()?;
    for weak in config.weaknesses() {
        warnings.push(format!("{} ({}); {}", weak.what, weak.setting, weak.mend));
    }
    Ok(Loaded {
        config,
        shown: layers.shown(),
        warnings,
        home: PathBuf::from(get("HOME").unwrap_or_default()),
    })
}

/// The environment; env files named, else .env and .env.production of the working directory, stand behind it.
fn environment(flags: &Flags) -> Result<Vec<(String, String)>> {
    let usual = [".env", ".env.production"].map(PathBuf::from);
    let files = match flags.env_files.is_empty() {
        true if flags.elsewhere => Vec::new(),
        true => usual.into_iter().filter(|path| path.is_file()).collect(),
        false => flags.env_files.clone(),
    };
    let mut variables = Vec::new();
    for path in &files {
        let text = read(path)?;
        variables.extend(parse_env_file(&text).map_err(|error| {
            Error::invalid(format!("{}: {error}", path.display())).field("env-file")
        })?);
    }
    variables.extend(
        std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }),
    );
    Ok(variables)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::invalid(format!("{} cannot be read: {error}", path.display())).field("config")
    })
}

/// A variable that says something; the last one wins.
fn lookup(environment: &[(String, String)], name: &str) -> Option<String> {
    let mut fitting = environment
        .iter()
        .rev()
        .filter(|(there, value)| there == name && !value.is_empty());
    fitting.next().map(|(_, value)| value.clone())
}

fn data_dir(environment: &[(String, String)]) -> String {
    let get = |name: &str| lookup(environment, name);
    if let Some(directory) = get("STATE_DIRECTORY") {
        // systemd gives several with colons; the first is ours.
        return directory.split(':').next().unwrap_or_default().to_owned();
    }
    if rustix::process::geteuid().is_root() {
        return "/var/lib/agent-memory".to_owned();
    }
    let base = get("XDG_DATA_HOME")
        .unwrap_or_else(|| format!("{}/.local/share", get("HOME").unwrap_or_default()));
    format!("{base}/agent-memory")
}

struct Layers {
    table: Table,
    sources: BTreeMap<String, Source>,
}

impl Layers {
    fn file(&mut self, path: &Path) -> Result<()> {
        let table: Table = toml::from_str(&read(path)?).map_err(|error| {
            Error::invalid(format!("{}: {}", path.display(), error.message())).field("config")
        })?;
        for (section, members) in table {
            let Value::Table(members) = members else {
                return Err(
                    Error::invalid(format!("{}: {section} is no section", path.display()))
                        .field(section),
                );
            };
            for (name, value) in members {
                let setting = format!("{section}.{name}");
                let there = self
                    .table
                    .get_mut(&section)
                    .and_then(|section| section.get_mut(&name));
                let there = there.ok_or_else(|| {
                    Error::invalid(format!("{}: there is no setting {setting}", path.display()))
                        .field(setting.clone())
                })?;
                if there.same_type(&value) {
                    *there = value;
                } else {
                    let message = format!(
                        "{}: {setting} has to be a {}",
                        path.display(),
                        there.type_str()
                    );
                    return Err(Error::invalid(message).field(setting));
                }
                self.sources.insert(setting, Source::File(path.to_owned()));
            }
        }
        Ok(())
    }

    /// Sets a value from text, of the type that its default has.
    fn set(&mut self, setting: &str, text: &str, source: Source) -> Result<()> {
        let (section, name) = setting
            .split_once('.')
            .ok_or_else(|| Error::internal(format!("{setting}: no section")))?;
        let there = self
            .table
            .get_mut(section)
            .and_then(|section| section.get_mut(name));
        let there = there.ok_or_else(|| Error::internal(format!("{setting}: no default")))?;
        let wrong = |what: &str| {
            Error::invalid(format!("{source}: {text:?} is not {what}")).field(setting.to_owned())
        };
        *there = match there {
            Value::Integer(_) => {
                Value::Integer(text.trim().parse().map_err(|_| wrong("a whole number"))?)
            }
            Value::Boolean(_) => Value::Boolean(match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "on" => true,
                "false" | "0" | "no" | "off" => false,
                _ => return Err(wrong("true or false")),
            }),
            _ => Value::String(text.to_owned()),
        };
        self.sources.insert(setting.to_owned(), source);
        Ok(())
    }

    fn text(&self, setting: &str) -> String {
        let value = setting
            .split_once('.')
            .and_then(|(section, name)| self.table.get(section)?.get(name));
        match value {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    fn source(&self, setting: &str) -> Source {
        self.sources
            .get(setting)
            .cloned()
            .unwrap_or(Source::Default)
    }

    fn shown(&self) -> Vec<(String, String, Source)> {
        let mut shown = Vec::new();
        for (section, members) in &self.table {
            for name in members.as_table().into_iter().flat_map(Table::keys) {
                let setting = format!("{section}.{name}");
                let value = self.text(&setting);
                let hidden = SECRETS.contains(&setting.as_str()) && !value.is_empty();
                let source = self.source(&setting);
                shown.push((
                    setting,
                    if hidden { "(hidden)".to_owned() } else { value },
                    source,
                ));
            }
        }
        shown
    }
}
