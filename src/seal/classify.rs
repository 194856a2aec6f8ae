//! How sensitive a text is: a fixed table of what real secrets and personal numbers look like. The words that speak of them alone are
//! none.

use super::check::{address, any, card, chosen, iban, mixed, phone, social_security};
use crate::types::Sensitivity;
use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

/// Whether what a pattern found is what it looks like; gets the first group, or all of it.
type Check = fn(&str) -> bool;

/// What it looks like, how sensitive it is, and what else has to hold. Formats are the providers' own, as they publish them for
/// scanners of leaked secrets.
const TABLE: &[(&str, Sensitivity, Check)] = &[
    // private keys: PEM and PuTTY
    (
        r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY(?: BLOCK)?-----",
        Sensitivity::Secret,
        any,
    ),
    (r"PuTTY-User-Key-File-\d", Sensitivity::Secret, any),
    (r"\bAGE-SECRET-KEY-1[0-9A-Z]{50,}", Sensitivity::Secret, any),
    // providers' keys
    (
        r"\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}\b",
        Sensitivity::Secret,
        any,
    ),
    (
        r"\b(?:gh[pousr]_[0-9A-Za-z]{36,}|github_pat_[0-9A-Za-z_]{36,})",
        Sensitivity::Secret,
        any,
    ),
    (
        r"\bgl(?:pat|dt|ptt|rt|soat)-[0-9A-Za-z_\-]{20,}",
        Sensitivity::Secret,
        any,
    ),
    (
        r"\bsk-(?:ant|proj|svcacct|admin|or)-[0-9A-Za-z_\-]{20,}",
        Sensitivity::Secret,
        mixed,
    ),
    (r"\bsk-[0-9A-Za-z]{32,}\b", Sensitivity::Secret, mixed),
    (r"\bAIza[0-9A-Za-z_\-]{35}", Sensitivity::Secret, any),
    (r"\bya29\.[0-9A-Za-z_\-]{30,}", Sensitivity::Secret, any),
    (
        r"\bxox[abeoprs]-[0-9A-Za-z\-]{10,}",
        Sensitivity::Secret,
        mixed,
    ),
    (r"\bxapp-\d-[0-9A-Za-z\-]{20,}", Sensitivity::Secret, any),
    (
        r"https://hooks\.slack\.com/services/T[0-9A-Z]+/B[0-9A-Z]+/[0-9A-Za-z]{16,}",
        Sensitivity::Secret,
        any,
    ),
    (
        r"https://discord(?:app)?\.com/api/webhooks/\d{15,}/[0-9A-Za-z_\-]{40,}",
        Sensitivity::Secret,
        any,
    ),
    (
        r"\b(?:sk|rk|whsec)_(?:live_|test_)?[0-9A-Za-z]{20,}\b",
        Sensitivity::Secret,
        mixed,
    ),
    (
        r"\bSG\.[0-9A-Za-z_\-]{22}\.[0-9A-Za-z_\-]{43}",
        Sensitivity::Secret,
        any,
    ),
    (r"\bnpm_[0-9A-Za-z]{36}\b", Sensitivity::Secret, any),
    (r"\bpypi-[0-9A-Za-z_\-]{50,}", Sensitivity::Secret, any),
    (r"\bhf_[0-9A-Za-z]{30,}\b", Sensitivity::Secret, any),
    (r"\bdo[opr]_v1_[0-9a-f]{64}\b", Sensitivity::Secret, any),
    (
        r"\b(?:hvs|hvb)\.[0-9A-Za-z_\-]{24,}",
        Sensitivity::Secret,
        any,
    ),
    (r"\bdckr_pat_[0-9A-Za-z_\-]{20,}", Sensitivity::Secret, any),
    (
        r"\bsq0(?:atp|csp)-[0-9A-Za-z_\-]{22,}",
        Sensitivity::Secret,
        any,
    ),
    (r"\bSK[0-9a-f]{32}\b", Sensitivity::Secret, any),
    (r"\bkey-[0-9a-f]{32}\b", Sensitivity::Secret, any),
    (
        r"\b\d{8,10}:AA[0-9A-Za-z_\-]{33}\b",
        Sensitivity::Secret,
        any,
    ),
    (r"\bam_[0-9A-Za-z_\-]{43}", Sensitivity::Secret, any),
    // tokens and passwords in use
    (
        r"\beyJ[0-9A-Za-z_\-]{8,}\.eyJ[0-9A-Za-z_\-]{8,}\.[0-9A-Za-z_\-]{8,}",
        Sensitivity::Secret,
        any,
    ),
    (
        r"(?i)\bbearer[ \t]+([0-9a-z._~+/\-]{20,}=*)",
        Sensitivity::Secret,
        mixed,
    ),
    (
        r"(?i)\bauthorization:[ \t]*basic[ \t]+([0-9a-z+/]{8,}={0,2})",
        Sensitivity::Secret,
        any,
    ),
    (
        r"\b[a-z][a-z0-9+.\-]{1,20}://[^\s/:@]{0,80}:([^\s/@]{3,200})@[^\s]",
        Sensitivity::Secret,
        chosen,
    ),
    (
        r#"(?i)\b[a-z0-9_]{0,40}(?:passw(?:or)?d|passwort|kennwort|mot de passe|contrase\xC3\xB1a|senha|wachtwoord|passphrase|pwd|\bpw|secret(?:[_\- ]?key)?|api[_\- ]?key|access[_\- ]?key|auth[_\- ]?token|access[_\- ]?token|private[_\- ]?key|client[_\- ]?secret|token)["']?[ \t]{0,3}(?:=|:=|:|=>|\xEF\xBC\x9A)[ \t]{0,3}["']?([^\s"',;]{6,200})"#,
        Sensitivity::Secret,
        chosen,
    ),
    // the word for a password in Russian, Chinese, Japanese and Korean, byte by byte
    (
        r#"(?:\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD1\x8C|\xE5\xAF\x86\xE7\xA0\x81|\xE3\x83\x91\xE3\x82\xB9\xE3\x83\xAF\xE3\x83\xBC\xE3\x83\x89|\xEB\xB9\x84\xEB\xB0\x80\xEB\xB2\x88\xED\x98\xB8)[ \t]{0,3}(?:=|:|\xEF\xBC\x9A)[ \t]{0,3}["']?([^\s"',;]{6,200})"#,
        Sensitivity::Secret,
        chosen,
    ),
    (
        r#"(?i)\b(?:password|passphrase|passcode|api key|secret key|access token)(?: (?:for|to|of|on) [^.\n]{1,40}?)? (?:is|was|to)(?: now| set to| changed to)?:?[ \t]["'`]?([^\s"'`,;]{6,200})"#,
        Sensitivity::Secret,
        chosen,
    ),
    // numbers that stand for a person or an account
    (r"\b(?:\d[ \-]?){12,18}\d\b", Sensitivity::High, card),
    (r"\b\d{3}-\d{2}-\d{4}\b", Sensitivity::High, social_security),
    (
        r"\b[A-Z]{2}\d{2}(?: ?[0-9A-Z]{4}){3,7}(?: ?[0-9A-Z]{1,3})?\b",
        Sensitivity::High,
        iban,
    ),
    // ways to reach a person
    (
        r"(?i)(?:^|[^a-z0-9._%+\-/:@])([a-z0-9._%+\-]{1,64}@(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,24})\b",
        Sensitivity::Medium,
        address,
    ),
    (
        r"(?:\+|(?:^|[\s(:])00)[1-9]\d{0,2}[ .\-/]?(?:\(0?\d{1,4}\)[ .\-/]?)?\d{1,4}(?:[ .\-/]?\d{2,4}){1,4}\b",
        Sensitivity::Medium,
        phone,
    ),
    (
        r"(?:\(\d{3}\) ?|\b\d{3}[\-.])\d{3}[\-.]\d{4}\b",
        Sensitivity::Medium,
        any,
    ),
];

// Letters, digits and word boundaries of these patterns are ASCII's, so they look at bytes.
static SET: LazyLock<RegexSet> = LazyLock::new(|| {
    let patterns = TABLE.iter().map(|(pattern, ..)| pattern);
    let set = RegexSetBuilder::new(patterns).unicode(false).build();
    set.expect("the table's patterns are checked by this module's test")
});
static EACH: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |pattern: &str| RegexBuilder::new(pattern).unicode(false).build();
    let all: Result<Vec<_>, _> = TABLE.iter().map(|(pattern, ..)| compile(pattern)).collect();
    all.expect("the table's patterns are checked by this module's test")
});

/// How sensitive a text is by what stands in it.
pub fn classify(text: &str) -> Sensitivity {
    let found = SET.matches(text.as_bytes());
    let levels = found.iter().filter(|index| {
        let (pattern, check) = (&EACH[*index], TABLE[*index].2);
        pattern.captures_iter(text.as_bytes()).any(|found| {
            let group = found.get(1).or_else(|| found.get(0));
            group.is_some_and(|group| check(&String::from_utf8_lossy(group.as_bytes())))
        })
    });
    levels
        .map(|index| TABLE[index].1)
        .max()
        .unwrap_or(Sensitivity::None)
}

/// A text with every secret and number in it hidden, for logs and errors.
pub fn redact(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for index in SET.matches(text.as_bytes()).iter() {
        let (_, level, check) = TABLE[index];
        if level < Sensitivity::High {
            continue;
        }
        let hide = |found: &Captures<'_>| -> Vec<u8> {
            let (whole, group) = (&found[0], found.get(1));
            let part = group.map_or(whole, |group| group.as_bytes());
            if !check(&String::from_utf8_lossy(part)) {
                return whole.to_vec();
            }
            let start = group.zip(found.get(0));
            let start = start.map_or(0, |(group, whole)| group.start() - whole.start());
            [&whole[..start], b"[hidden]", &whole[start + part.len()..]].concat()
        };
        bytes = EACH[index].replace_all(&bytes, hide).into_owned();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::{EACH, SET, classify, redact};
    use crate::types::Sensitivity;

    /// Secrets are not written down, not even here: `{b36}` stands for 36 letters and digits, `{h32}` for 32 hex digits, `{u20}` for 20
    /// capitals and digits.
    fn expand(text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        let mut state = 88_172_645_463_325_252_u64;
        while let Some((before, after)) = rest.split_once('{') {
            let alphabet: &[u8] = match after.as_bytes().first() {
                Some(b'b') => b"aB3dE5gH7jK9mN2pQ4rS6tU8vW1xYz0",
                Some(b'h') => b"0123456789abcdef",
                Some(b'u') => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
                _ => b"",
            };
            let length = after
                .get(1..)
                .and_then(|after| after.split_once('}'))
                .and_then(|(n, _)| n.parse::<usize>().ok());
            out.push_str(before);
            let (Some(length), false) = (length, alphabet.is_empty()) else {
                out.push('{');
                rest = after;
                continue;
            };
            for _ in 0..length {
                // Marsaglia's xorshift64.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                out.push(alphabet[(state % alphabet.len() as u64) as usize] as char);
            }
            rest = after.split_once('}').map_or("", |(_, rest)| rest);
        }
        out + rest
    }

    #[test]
    fn the_labelled_table_is_judged_with_few_false_alarms() {
        assert_eq!(EACH.len(), SET.len());
        let table = include_str!("../../tests/fixtures/sensitivity.tsv");
        let rows: Vec<(&str, String)> = table
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .map(|line| {
                line.split_once('\t')
                    .map(|(level, text)| (level, expand(text)))
                    .expect("level, tab, text")
            })
            .collect();
        assert!(rows.len() >= 200, "{} examples", rows.len());
        let (mut right, mut found, mut there) = (0, 0, 0);
        for (level, text) in &rows {
            let judged = classify(text).as_str();
            there += u32::from(*level != "none");
            found += u32::from(judged != "none");
            right += u32::from(judged != "none" && judged == *level);
            if judged != *level {
                println!("{judged} instead of {level}: {text}");
            }
        }
        let (precision, recall) = (
            f64::from(right) / f64::from(found),
            f64::from(right) / f64::from(there),
        );
        println!(
            "{} examples, {there} sensitive: precision {precision:.3}, recall {recall:.3}",
            rows.len()
        );
        assert!(
            precision >= 0.98 && recall >= 0.95,
            "precision {precision:.3}, recall {recall:.3}"
        );
    }

    #[test]
    fn what_is_hidden_in_a_log_is_the_secret_alone() {
        let text = expand(
            "connect to postgres://ada:{b12}9@db/m failed with ghp_{b36} for ada@company.com",
        );
        let hidden = redact(&text);
        assert_eq!(
            hidden,
            "connect to postgres://ada:[hidden]@db/m failed with [hidden] for ada@company.com"
        );
        assert_eq!(classify(&hidden), Sensitivity::Medium);
        assert_eq!(redact("nothing to hide"), "nothing to hide");
    }
}
