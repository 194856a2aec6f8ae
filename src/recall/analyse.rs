//! Words as recall compares them: one function for memories and for questions.

use fnv::FnvHasher;
use snowball_stemmers_rs::{Algorithm, Stemmer};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::Hasher;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

/// The 127 English stop words of PostgreSQL's list (src/backend/snowball/stopwords/english.stop).
static STOP: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("words/stop.txt").split_whitespace().collect());

/// Irregular forms and their bases.
static IRREGULAR: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let lines = include_str!("words/irregular.tsv").lines();
    lines.filter_map(|line| line.split_once('\t')).collect()
});

static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));
static RUSSIAN: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::Russian));

/// Longer runs of letters are no words; the beginning of one stands for it.
const LONGEST: usize = 64;

/// A text as it is compared: compatibility forms and composed characters made one (NFKC), the typographic apostrophe made plain.
pub fn normalise(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(
            text.nfkc()
                .map(|c| if c == '’' { '\'' } else { c })
                .collect(),
        ),
    }
}

/// Scripts that put no spaces between words: Thai, Lao, Khmer, Myanmar, kana, Han, Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c), 0x0e00..=0x0eff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3040..=0x30ff | 0x31f0..=0x31ff
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0x20000..=0x323af)
}

/// Han characters are words by themselves as well.
fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xf900..=0xfaff | 0x20000..=0x323af)
}

/// Letters, digits, and the marks that belong to letters.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric()
        || matches!(u32::from(c), 0x0300..=0x036f | 0x0591..=0x05c7 | 0x0610..=0x065f | 0x0900..=0x0dff)
}

/// The runs of letters and digits of a normalised text, each with what follows an apostrophe in it, as they are written.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(is_letter)?;
        rest = &rest[start..];
        let unspaced = rest.starts_with(is_unspaced);
        let belongs = |c: char| is_letter(c) && is_unspaced(c) == unspaced;
        let mut end = rest.find(|c| !belongs(c)).unwrap_or(rest.len());
        if !unspaced && rest[end..].starts_with('\'') {
            let after = &rest[end + 1..];
            let suffix = after.find(|c| !belongs(c)).unwrap_or(after.len());
            end += if suffix > 0 { 1 + suffix } else { 0 };
        }
        let token;
        (token, rest) = rest.split_at(end);
        Some(token)
    })
}

/// Whose words they are: questions look for a run of characters, memories offer its parts too.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What is looked through.
    Memory,
    /// What is looked for.
    Question,
}

/// Calls `each` with the stem of every word that counts, in their order.
pub fn stems(text: &str, side: Side, mut each: impl FnMut(&str)) {
    let text = normalise(text);
    let mut lower = String::new();
    for token in tokens(&text) {
        if token.starts_with(is_unspaced) {
            characters(token, side, &mut each);
            continue;
        }
        lower.clear();
        lower_into(token, &mut lower);
        if let Some(stem) = stem(&lower) {
            each(&stem);
        }
    }
}

/// Overlapping pairs of characters; a single one by itself, and in memories every Han character.
fn characters(run: &str, side: Side, each: &mut impl FnMut(&str)) {
    let ends: Vec<usize> = run
        .char_indices()
        .map(|(at, _)| at)
        .chain([run.len()])
        .collect();
    if ends.len() == 2 {
        return each(run);
    }
    for pair in ends.windows(3) {
        each(&run[pair[0]..pair[2]]);
    }
    if side == Side::Memory {
        let alone = ends.windows(2).map(|one| &run[one[0]..one[1]]);
        alone.filter(|c| c.starts_with(is_han)).for_each(each);
    }
}

/// Lower case, and Latin letters without their marks: café is cafe, München is munchen.
fn lower_into(token: &str, lower: &mut String) {
    for c in token.chars().take(LONGEST).flat_map(char::to_lowercase) {
        match u32::from(c) {
            0..0x80 => lower.push(c),
            0xdf => lower.push_str("ss"),
            0x80..0x250 => lower.extend(std::iter::once(c).nfd().next()),
            0x300..0x370 => {}
            _ => lower.push(c),
        }
    }
}

/// A lower-case token's stem; none for stop words.
fn stem(token: &str) -> Option<Cow<'_, str>> {
    if STOP.contains(token) {
        return None;
    }
    let word = match token.split_once('\'') {
        Some((word, _)) if STOP.contains(word) => return None,
        Some((word, _)) => word,
        None => token,
    };
    let base = IRREGULAR.get(word).copied().unwrap_or(word);
    Some(match base.bytes().all(|b| b.is_ascii_lowercase()) {
        true => ENGLISH.stem(base),
        false if base.starts_with(|c| ('а'..='ё').contains(&c)) => RUSSIAN.stem(base),
        false => Cow::Borrowed(base),
    })
}

/// A stem of a tenant as the index knows it: FNV-1a of the tenant's number and the stem, so that a posting list belongs to one tenant.
pub fn term(tenant: i32, stem: &str) -> i64 {
    let mut hasher = FnvHasher::default();
    hasher.write(&tenant.to_le_bytes());
    hasher.write(stem.as_bytes());
    hasher.finish() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, side: Side) -> Vec<String> {
        let mut found = Vec::new();
        stems(text, side, |stem| found.push(stem.to_owned()));
        found
    }

    #[test]
    fn forms_of_a_word_are_one_and_stop_words_are_none() {
        for (memory, question, words) in [
            ("The children WENT running", "child go run", "child go run"),
            (
                "Caroline’s bicycles don't rust",
                "bicycle rust Caroline",
                "bicycl rust carolin",
            ),
            (
                "handoff_create(v2) fails: ECONNRESET!",
                "handoff create",
                "handoff creat",
            ),
            (
                "Ich fahre nach München, in die Straße",
                "munchen strasse",
                "munchen strass",
            ),
            ("Решения принимались вчера", "решение", "решен"),
            ("기억을 잃지 않는다", "기억", "기억"),
            ("東京で寿司を食べた", "寿司", "寿司"),
            ("我喜欢喝茶", "茶", "茶"),
            ("ฉันชอบกาแฟ", "กาแฟ", "กา าแ แฟ"),
            ("ｆｕｌｌ ｗｉｄｔｈ", "full width", "full width"),
        ] {
            let memory = of(memory, Side::Memory);
            let question = of(question, Side::Question);
            assert!(
                question.iter().all(|word| memory.contains(word)),
                "{question:?} in {memory:?}"
            );
            assert!(
                words
                    .split(' ')
                    .all(|word| question.iter().any(|q| q == word)),
                "{question:?}"
            );
        }
        assert_eq!(
            of("what did you do to it, and don't I?", Side::Question),
            Vec::<String>::new()
        );
        assert!(of(&"x".repeat(5000), Side::Memory)[0].len() <= LONGEST);
    }

    #[test]
    fn a_tenant_s_terms_are_its_own() {
        assert_ne!(term(1, "bicycl"), term(2, "bicycl"));
        // Pinned: what is stored was hashed by this.
        assert_eq!(term(7, "bicycl"), term(7, "bicycl"));
    }
}
