//! By what near-identical texts find each other among very many: min-hash. Pure.

use super::alike::common;

/// From here on two texts are near-identical: the share of their words that both have (Jaccard).
pub const NEAR: f64 = 0.9;
/// Texts of fewer different words than this are told apart by every word.
const FEW: usize = 8;

/// Three keys of a text's words (each once, in order). Two texts that share nine words of ten have one in common with 99 %: two smallest
/// hashes agree with 0.9², none of three pairs with (1 - 0.81)³ (Broder 1997).
pub fn keys(terms: &[i64]) -> [i64; 3] {
    let smallest = |seed: u64| {
        terms
            .iter()
            .map(|term| mixed(*term as u64 ^ seed))
            .min()
            .unwrap_or(0)
    };
    [1, 3, 5].map(|seed: u64| {
        let pair = (smallest(mixed(seed)), smallest(mixed(seed + 1)));
        mixed(pair.0 ^ pair.1.rotate_left(32)) as i64
    })
}

/// Whether two texts' words (each once, in order) are near-identical.
pub fn near(a: &[i64], b: &[i64]) -> bool {
    let both = common(a, b);
    let either = a.len() + b.len() - both;
    if a.len().min(b.len()) < FEW {
        return both == either && both > 0;
    }
    both as f64 >= NEAR * either as f64
}

/// Words that a text says the same without.
const FILLERS: [&str; 9] = [
    "a", "an", "the", "please", "just", "really", "very", "also", "quite",
];

/// Whether two texts say the same to a reader: the same words, numbers and signs in the same order, whatever stands between them of
/// blanks, commas and full stops, and however a word that begins a sentence is written.
pub fn same(a: &str, b: &str) -> bool {
    said(a).eq(said(b))
}

fn said(text: &str) -> impl Iterator<Item = String> + '_ {
    let idle = |c: char| {
        matches!(
            c,
            '.' | ',' | ';' | ':' | '!' | '"' | '“' | '”' | '。' | '、' | '，' | '！'
        )
    };
    text.split_whitespace()
        .flat_map(|word| {
            // A hyphen between two words is a blank; before a number it is a sign.
            let compound = word
                .split('-')
                .all(|part| part.starts_with(char::is_alphabetic));
            if compound {
                word.split('-').collect()
            } else {
                vec![word]
            }
        })
        .map(move |word| word.trim_matches(idle))
        .map(|word| {
            let mut rest = word.chars();
            let begins =
                rest.next().is_some_and(char::is_uppercase) && rest.all(char::is_lowercase);
            if begins {
                word.to_lowercase()
            } else {
                word.to_owned()
            }
        })
        .filter(|word| !word.is_empty() && !FILLERS.contains(&word.as_str()))
}

/// splitmix64's finaliser (Steele, Lea and Flood 2014).
fn mixed(n: u64) -> u64 {
    let z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_identical_texts_share_a_key_and_others_hardly_ever() {
        let (mut found, mut mistaken) = (0, 0);
        for n in 0..1000u64 {
            let mut a: Vec<i64> = (0..40).map(|k| mixed(n * 1000 + k) as i64).collect();
            let mut b = a.clone();
            b[7] = mixed(n * 1000 + 900) as i64;
            b[21] = mixed(n * 1000 + 901) as i64;
            let mut c: Vec<i64> = a[..12].to_vec();
            c.extend((0..28).map(|k| mixed(n * 1000 + 500 + k) as i64));
            for list in [&mut a, &mut b, &mut c] {
                list.sort_unstable();
            }
            assert!(near(&a, &b) && !near(&a, &c));
            let shares = |other: &[i64]| keys(&a).iter().zip(keys(other)).any(|(x, y)| *x == y);
            found += i32::from(shares(&b));
            mistaken += i32::from(shares(&c));
        }
        assert!(found >= 970 && mistaken <= 200, "{found} {mistaken}");
    }

    #[test]
    fn only_what_says_the_same_is_the_same() {
        for (a, b) in [
            ("Port 3456 is ours.", "port 3456 is ours"),
            (
                "Use the blue-green switch, please.",
                "Use blue green switch",
            ),
            (
                "Deploy at dusk; keep logs.",
                "Deploy at dusk, keep the logs!",
            ),
        ] {
            assert!(same(a, b), "{a} | {b}");
        }
        for (a, b) in [
            ("Port 3456 is ours.", "Port 3457 is ours."),
            ("Deploy on Friday.", "Never deploy on Friday."),
            ("It works.", "It doesn't work."),
            ("version 1.2", "version 12"),
            ("Alice reports to Bob.", "Bob reports to Alice."),
            ("Turn the flag on.", "Turn the flag off."),
            ("if (a == b) return;", "if (a != b) return;"),
            ("while x < y", "while x > y"),
            ("total = a - b", "total = b - a"),
            ("It costs 5 €.", "It costs 5 $."),
            ("offset is -5 hours", "offset is +5 hours"),
            ("Set path to /Data/x", "Set path to /data/x"),
            ("The server failed.", "The server fails."),
            ("The user is an admin.", "Is the user an admin?"),
            ("including drafts", "excluding drafts"),
            ("immer am Freitag", "nie am Freitag"),
            ("毎日実施する", "毎日実施しない"),
        ] {
            assert!(!same(a, b), "{a} | {b}");
        }
    }
}
