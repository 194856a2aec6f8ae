//! Env files: one parser for what systemd, compose and dotenv write.

use crate::error::{Error, Result};

/// The variables of an env file, in order. Understood: `export`, comments, single and double quotes (with `\n` and `\"` in the
/// latter), values with spaces and no quotes such as `0 2 * * *`, and a ` #comment` after such a value.
pub fn parse(text: &str) -> Result<Vec<(String, String)>> {
    let mut variables = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            return Err(Error::invalid(format!(
                "line {}: expected NAME=value",
                index + 1
            )));
        };
        let name = name.trim();
        if name.is_empty()
            || !name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            return Err(Error::invalid(format!(
                "line {}: {name:?} is no variable's name",
                index + 1
            )));
        }
        variables.push((name.to_owned(), unquote(value.trim(), index + 1)?));
    }
    Ok(variables)
}

fn unquote(value: &str, line: usize) -> Result<String> {
    let open = || Error::invalid(format!("line {line}: the quote is not closed"));
    if let Some(rest) = value.strip_prefix('\'') {
        return rest
            .split_once('\'')
            .map(|(inside, _)| inside.to_owned())
            .ok_or_else(open);
    }
    let Some(rest) = value.strip_prefix('"') else {
        let end = value.find(" #").unwrap_or(value.len());
        return Ok(value[..end].trim_end().to_owned());
    };
    let mut text = String::new();
    let mut characters = rest.chars();
    loop {
        match characters.next().ok_or_else(open)? {
            '"' => return Ok(text),
            '\\' => match characters.next().ok_or_else(open)? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn the_union_of_the_dialects_is_read() {
        let text = "# comment\nexport A=1\nCONSOLIDATION_SCHEDULE=0 2 * * *\nB=\"two words\" # why\nC='it''s'\nD=\nE=a#b\nF=x # y\nG=\"q\\\"\\n\"\n; other";
        let read = parse(text).expect("it can be read");
        let of = |name: &str| {
            read.iter()
                .find(|(n, _)| n == name)
                .map(|(_, value)| value.as_str())
        };
        assert_eq!(of("A"), Some("1"));
        assert_eq!(of("CONSOLIDATION_SCHEDULE"), Some("0 2 * * *"));
        assert_eq!(of("B"), Some("two words"));
        assert_eq!(of("D"), Some(""));
        assert_eq!(of("E"), Some("a#b"));
        assert_eq!(of("F"), Some("x"));
        assert_eq!(of("G"), Some("q\"\n"));
        assert!(parse("A").is_err() && parse("A=\"x").is_err());
    }
}
