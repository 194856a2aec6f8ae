//! Texts that read like orders to a model. A memory is what somebody said, never an order: what tries to be one is marked where it is
//! quoted, and what looks like an attack is kept back when it is written, until somebody has looked at it.
//!
//! The rules are documented in README; tests/fixtures/injection.tsv says what they make of each of its texts.

mod rules;

use crate::seal::Sealable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::{Regex, RegexSet};
use rules::{RULES, Rule};
use std::borrow::Cow;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// What a text is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Something that is told.
    Plain,
    /// Something that reads like an order to a model, by the rule of this name.
    Order(&'static str),
    /// Something that looks like an attack on a model, by the rule of this name.
    Attack(&'static str),
}

impl Verdict {
    /// The rule by which it is kept back, if it is.
    pub fn attack(self) -> Option<&'static str> {
        match self {
            Self::Attack(rule) => Some(rule),
            _ => None,
        }
    }
}

/// By which rule a memory that is about to be written looks like an attack, if one of its texts does.
pub fn attack(memory: &mut impl Sealable) -> Option<&'static str> {
    let texts = memory.texts();
    texts.iter().find_map(|(_, text)| judge(text).attack())
}

/// All rules in one pass.
static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns: Vec<String> = RULES.iter().map(Rule::pattern).collect();
    RegexSet::new(patterns).expect("the rules are patterns: a test reads them all")
});

/// Words that are long enough to hold an order in another alphabet.
static ENCODED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("[A-Za-z0-9+/]{24,}={0,2}").expect("a pattern that a test uses"));

/// How much of a text is read, in bytes: an order that nobody reads before is none.
const READ: usize = 64 * 1024;

/// What a text is taken for.
pub fn judge(text: &str) -> Verdict {
    let text = &text[..text.floor_char_boundary(READ)];
    let plain = readable(text);
    let mut found = by_rules(&plain);
    if !plain.is_ascii() {
        found = found.max(by_rules(&plain.chars().map(latin).collect::<String>()));
    }
    if found.attack().is_some() || !text.is_ascii() && smuggled(text) {
        return match found {
            Verdict::Attack(_) => found,
            _ => Verdict::Attack("hidden"),
        };
    }
    let decoded = ENCODED.find_iter(&plain).filter_map(|word| {
        let bytes = STANDARD.decode(word.as_str()).ok()?;
        by_rules(&String::from_utf8(bytes).ok()?).attack()
    });
    decoded
        .take(1)
        .next()
        .map_or(found, |_| Verdict::Attack("encoded"))
}

fn by_rules(text: &str) -> Verdict {
    let found = SET.matches(text).into_iter().map(|index| &RULES[index]);
    found
        .map(|rule| match rule.attack {
            true => Verdict::Attack(rule.name),
            false => Verdict::Order(rule.name),
        })
        .max()
        .unwrap_or(Verdict::Plain)
}

/// As a model reads it: compatible forms are one (NFKC, Unicode Standard Annex 15), what nobody sees is gone, runs of spaces are one.
fn readable(text: &str) -> Cow<'_, str> {
    let tidy = |c: char| c != '\t' && c != '\u{a0}';
    if text.is_ascii() && text.chars().all(tidy) && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    for c in text.nfkc().filter(|c| !unseen(*c)) {
        let c = if c != '\n' && c.is_whitespace() {
            ' '
        } else {
            c
        };
        if !(c == ' ' && read.ends_with(' ')) {
            read.push(c);
        }
    }
    Cow::Owned(read)
}

/// Characters without a shape: joiners, directions, variation selectors, tags.
fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of other alphabets that look like Latin ones, where they are used for them (Unicode Technical Standard 39, confusables).
fn latin(c: char) -> char {
    match c {
        '’' | '‘' | 'ʼ' => '\'',
        'а' => 'a',
        'е' => 'e',
        'і' => 'i',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'ѕ' => 's',
        'х' => 'x',
        'ο' => 'o',
        'α' => 'a',
        'ε' => 'e',
        'ι' => 'i',
        'ν' => 'v',
        _ => c,
    }
}

/// Whether a text says something that nobody sees: a sentence in tag characters, or a rule that only holds without its hidden letters.
fn smuggled(text: &str) -> bool {
    let tags: String = text
        .chars()
        .filter_map(|c| char::from_u32((c as u32).checked_sub(0xe0000)?))
        .filter(char::is_ascii)
        .collect();
    tags.chars().filter(char::is_ascii_alphabetic).count() >= 8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text of the table, by its label; what is wrong is said for all of them at once.
    #[test]
    fn each_text_of_the_table_is_taken_for_what_it_is() {
        let table = include_str!("../../tests/fixtures/injection.tsv");
        let mut wrong = Vec::new();
        let (mut attempts, mut told) = (0, 0);
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.splitn(3, '\t');
            let mut next = || columns.next().expect("three columns");
            let (label, origin, text) = (next(), next(), next());
            let text: String = serde_json::from_str(text).expect("a JSON string");
            let verdict = judge(&text);
            let found = match verdict {
                Verdict::Plain => "plain",
                Verdict::Order(_) => "order",
                Verdict::Attack(_) => "attack",
            };
            match origin {
                "attempt" => attempts += 1,
                _ => told += 1,
            }
            if found != label {
                wrong.push(format!("{label}, taken for {verdict:?}: {text:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(attempts >= 200 && told >= 80, "{attempts} {told}");
    }
}
