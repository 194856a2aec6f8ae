//! Texts that read like orders to a model. A memory is what somebody said, never an order: what tries to be one is marked where it is
//! quoted, and what looks like an attack is kept back when it is written, until somebody has looked at it.
//!
//! The rules are documented in README; tests/fixtures/injection.tsv says what they make of each of its texts.

mod rules;

use crate::error::{Error, Kind};

use crate::seal::Sealable;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use regex::bytes::RegexSet;
use rules::{ELSEWHERE, RULES, Rule, Weight};
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

/// Why a memory that takes another's place is not written: neither would be seen.
pub fn refusal(rule: &str) -> Error {
    let message = format!(
        "this looks like an attack on a model ({rule}), which is kept back: it cannot take another memory's place, and nothing was changed; \
         say it in other words, or store it by itself"
    );
    Error::new(Kind::Unprocessable, "looks_like_an_attack", message)
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
    RegexSet::new(RULES.iter().map(Rule::pattern))
        .expect("the rules are patterns: every test of a write uses them")
});
static OTHERS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(ELSEWHERE).expect("a pattern that every test of a write uses"));

/// Words that are long enough to hold an order in another alphabet.
static ENCODED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new("[A-Za-z0-9+/]{24,}={0,2}").expect("a pattern that every test of a write uses")
});

/// What a text is taken for.
pub fn judge(text: &str) -> Verdict {
    let plain = readable(text);
    let letters = letters(&plain);
    let mut found = by_rules(&letters);
    // A sentence goes on in the next line, and emphasis is no word of it.
    if letters.contains(['\n', '*', '_']) && found.attack().is_none() {
        let wrapped = letters.replace('\n', " ").replace(['*', '_'], "");
        found = found.max(by_rules(&wrapped));
    }
    if found.attack().is_some() {
        return found;
    }
    if !text.is_ascii() && smuggled(text) {
        return Verdict::Attack("hidden");
    }
    if OTHERS.is_match(&plain) {
        return Verdict::Attack("override");
    }
    let holds_attack = |word: &str| {
        let text = STANDARD
            .decode(word)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok());
        text.is_some_and(|text| by_rules(&self::letters(&text)).attack().is_some())
    };
    match ENCODED
        .find_iter(&plain)
        .any(|word| holds_attack(word.as_str()))
    {
        true => Verdict::Attack("encoded"),
        false => found,
    }
}

fn by_rules(text: &str) -> Verdict {
    // Most texts fit no rule, which is quicker to see than which rules they fit.
    if !SET.is_match(text.as_bytes()) {
        return Verdict::Plain;
    }
    let found: Vec<&Rule> = SET
        .matches(text.as_bytes())
        .into_iter()
        .map(|index| &RULES[index])
        .collect();
    let first = |weight| found.iter().find(|rule| rule.weight == weight);
    match (
        first(Weight::Attack),
        first(Weight::Lure),
        first(Weight::Demand),
    ) {
        (Some(rule), ..) => Verdict::Attack(rule.name),
        (None, Some(_), Some(demand)) if demand.name != "command" => Verdict::Attack(demand.name),
        (None, Some(rule), _) | (None, None, Some(rule)) => Verdict::Order(rule.name),
        (None, None, None) => Verdict::Plain,
    }
}

/// As a model reads it: compatible forms are one (NFKC, Unicode Standard Annex 15), what nobody sees is gone, runs of spaces are one.
fn readable(text: &str) -> Cow<'_, str> {
    if text.is_ascii() && !text.contains("  ") && !text.contains('\t') {
        return Cow::Borrowed(text);
    }
    let mut read = String::new();
    for c in normal(text).chars().filter(|c| !unseen(*c)) {
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

/// A text in NFKC. ASCII is so already, but for a last letter that what follows may be a mark of: most texts have little else.
fn normal(text: &str) -> String {
    let mut normal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(other) = rest.find(|c: char| !c.is_ascii()) {
        let (ascii, others) = rest.split_at(other.saturating_sub(1));
        normal.push_str(ascii);
        let after = others.bytes().skip(1).position(|byte| byte.is_ascii());
        let (piece, after) = others.split_at(after.map_or(others.len(), |at| at + 1));
        normal.extend(piece.nfkc());
        rest = after;
    }
    normal + rest
}

/// The ASCII letters of a text, and those that look like them; any other character is `~`.
fn letters(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => text.chars().map(latin).collect(),
    }
}

/// Characters without a shape: joiners, directions, variation selectors, tags.
fn unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of other alphabets that look like Latin ones (Unicode Technical Standard 39, confusables), and punctuation as ASCII has it.
fn latin(c: char) -> char {
    match c {
        c if c.is_ascii() => c,
        '’' | '‘' | 'ʼ' => '\'',
        '“' | '”' | '„' | '«' | '»' | '「' | '」' => '"',
        '–' | '—' => '-',
        '•' => '*',
        '…' | '。' => '.',
        '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
        'а' | 'α' => 'a',
        'е' | 'ε' => 'e',
        'і' | 'ι' => 'i',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'ѕ' => 's',
        'х' => 'x',
        'у' => 'y',
        'ν' => 'v',
        _ => '~',
    }
}

/// Whether a text says something in characters that nobody sees (tags). A flag's region is said in them too.
fn smuggled(text: &str) -> bool {
    let (mut in_flag, mut letters) = (false, 0);
    for c in text.chars() {
        let tag = (c as u32)
            .checked_sub(0xe0000)
            .and_then(char::from_u32)
            .filter(char::is_ascii);
        in_flag = c == '\u{1f3f4}' || in_flag && tag.is_some();
        letters += usize::from(!in_flag && tag.is_some_and(|tag| tag.is_ascii_alphabetic()));
    }
    letters >= 8
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

    #[test]
    fn a_text_in_pieces_has_the_normal_form_of_the_whole() {
        for text in [
            "",
            "plain",
            "e\u{301}",
            "one\u{301}\u{323}a\u{323}\u{301}b…",
            "…a…b\u{300}",
            "ﬁn 각ㄱ\u{1100}\u{1161} x\u{1161}",
            "i\u{307}\u{fe0f}①\n②",
        ] {
            assert_eq!(normal(text), text.nfkc().collect::<String>(), "{text:?}");
        }
    }
}
