//! libpq's connection service files (PGSERVICE, section 34.17 of PostgreSQL's manual).

use crate::error::{Error, Result};
use std::path::{Path, PathBuf};

/// A parameter of a service file and the setting it stands for.
const PARAMETERS: &[(&str, &str)] = &[
    ("host", "database.host"),
    ("port", "database.port"),
    ("dbname", "database.name"),
    ("user", "database.user"),
    ("password", "database.password"),
    ("passfile", "database.passfile"),
    ("sslmode", "database.sslmode"),
];

/// The settings of a service, from the first file that has it.
pub fn settings(name: &str, files: &[PathBuf]) -> Result<Vec<(&'static str, String)>> {
    for file in files {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(settings) = section(&text, name, file)? {
            return Ok(settings);
        }
    }
    let looked: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let message = format!(
        "there is no service {name} (PGSERVICE) in {}",
        looked.join(", ")
    );
    Err(Error::invalid(message).field("database.host"))
}

fn section(text: &str, name: &str, file: &Path) -> Result<Option<Vec<(&'static str, String)>>> {
    let mut found = None;
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        if let Some(title) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            if found.is_some() {
                break;
            }
            found = (title == name).then(Vec::new);
        } else if let Some(settings) = &mut found {
            let (parameter, value) = line.split_once('=').unwrap_or((line, ""));
            let known = PARAMETERS
                .iter()
                .find(|(known, _)| *known == parameter.trim());
            let (_, setting) = known.ok_or_else(|| {
                let message = format!(
                    "{}: the parameter {parameter} of service {name} is not known here",
                    file.display()
                );
                Error::invalid(message).field("database.host")
            })?;
            settings.push((*setting, value.trim().to_owned()));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::section;
    use std::path::Path;

    #[test]
    fn the_named_section_is_read_and_no_other() {
        let text = "# services\n[other]\nhost=elsewhere\n[mine]\nhost=db.example\nport = 6432\n[last]\nuser=x\n";
        let of =
            |name: &str| section(text, name, Path::new("f")).map_err(|error| error.to_string());
        let mine = vec![
            ("database.host", "db.example".to_owned()),
            ("database.port", "6432".to_owned()),
        ];
        assert_eq!(of("mine"), Ok(Some(mine)));
        assert_eq!(of("none"), Ok(None));
        assert!(section("[a]\nmood=good", "a", Path::new("f")).is_err());
    }
}
