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

/// Whether two near-identical texts state the same facts: the same numbers in the same order, and the same words that deny.
pub fn same_facts(a: &str, b: &str) -> bool {
    telling(a).eq(telling(b))
}

fn telling(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric() && c != '\'' && c != '’' && c != '.')
        .map(|word| word.trim_matches('.').to_lowercase().replace('’', "'"))
        .filter(|word| {
            word.contains(|c: char| c.is_numeric())
                || word.ends_with("n't")
                || ["not", "no", "never", "none", "without", "nor", "cannot"]
                    .contains(&word.as_str())
        })
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
    fn other_numbers_and_denials_are_other_facts() {
        assert!(same_facts("Port 3456 is ours.", "port 3456 is OURS"));
        assert!(!same_facts("Port 3456 is ours.", "Port 3457 is ours."));
        assert!(!same_facts("Deploy on Friday.", "Never deploy on Friday."));
        assert!(!same_facts("It works.", "It doesn't work."));
        assert!(!same_facts("version 1.2", "version 12"));
    }
}
