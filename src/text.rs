//! Counting tokens and shortening texts, without a model.
//!
//! The token rule: an ASCII character is a quarter of a token, a letter of another alphabet half of one, and a character of a
//! script written without spaces (Chinese, Japanese, Korean, Thai) or an emoji a whole one. Quarters add up exactly, so the size
//! of a reply is the sum of its parts.

/// The size of one character, in quarters of a token.
fn weight(character: char) -> usize {
    match character as u32 {
        0..=0x7f => 1,
        // Latin with marks, Greek, Cyrillic, Hebrew, Arabic, Indic scripts; punctuation and symbols.
        0x80..=0x0dff | 0x2000..=0x2dff => 2,
        _ => 4,
    }
}

/// The size of a text, in quarters of a token.
pub fn quarters(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.chars().map(weight).sum()
    }
}

/// The size of a text inside a JSON string, in quarters of a token.
pub fn json_quarters(text: &str) -> usize {
    let escapes: usize = text
        .bytes()
        .map(|byte| match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 1,
            0..=0x1f => 5,
            _ => 0,
        })
        .sum();
    quarters(text) + escapes
}

/// Tokens in a text.
pub fn tokens(text: &str) -> usize {
    quarters(text).div_ceil(4)
}

/// Where the sentences of a text end, in bytes.
fn sentence_ends(text: &str) -> impl Iterator<Item = usize> + '_ {
    text.char_indices().filter_map(|(at, character)| {
        let end = at + character.len_utf8();
        let next = text[end..].chars().next();
        let closes = match character {
            '.' | '!' | '?' | '…' => next.is_none_or(char::is_whitespace),
            '。' | '！' | '？' | '\n' => true,
            _ => false,
        };
        closes.then_some(end)
    })
}

/// The longest beginning of whole sentences whose size is at most `limit` quarters inside JSON; the text itself when all fits.
pub fn first_sentences(text: &str, limit: usize) -> Option<&str> {
    if json_quarters(text) <= limit {
        return Some(text);
    }
    let mut best = None;
    let (mut size, mut from) = (0, 0);
    // Three bytes weigh two quarters at least: what is beyond twice the limit in bytes cannot fit.
    let near = &text[..text.floor_char_boundary(2 * limit + 4)];
    for end in sentence_ends(near) {
        size += json_quarters(&text[from..end]);
        from = end;
        let part = text[..end].trim_end();
        // What was trimmed weighs nothing; it is spaces and line ends at the very end.
        if size - json_quarters(&text[part.len()..end]) > limit {
            break;
        }
        best = Some(part).filter(|part| !part.is_empty()).or(best);
    }
    best
}

/// The longest beginning of whole words whose size with a closing ellipsis is at most `limit` quarters inside JSON: for texts
/// whose first sentence is too long already.
pub fn first_words(text: &str, limit: usize) -> Option<String> {
    let room = limit.checked_sub(weight('…'))?;
    let mut size = 0;
    let mut end = 0;
    let mut word = 0;
    for (at, character) in text.char_indices() {
        if character.is_whitespace() {
            word = at;
        }
        size += json_quarters(character.encode_utf8(&mut [0; 4]));
        if size > room {
            break;
        }
        end = at + character.len_utf8();
    }
    // A script without spaces may be cut anywhere between characters.
    let cut = if word > end / 2 { word.min(end) } else { end };
    let part = text[..cut].trim_end();
    (!part.is_empty()).then(|| format!("{part}…"))
}

/// Cuts a long text into passages of at most `limit` characters, at paragraphs, else sentences, else anywhere.
pub fn passages(text: &str, limit: usize) -> Vec<&str> {
    let mut rest = text.trim();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let Some((most, _)) = rest.char_indices().nth(limit) else {
            parts.push(rest);
            break;
        };
        let head = &rest[..most];
        let cut = head
            .rfind("\n\n")
            .filter(|at| *at > most / 4)
            .or_else(|| {
                sentence_ends(head)
                    .take_while(|end| *end < most)
                    .last()
                    .filter(|at| *at > most / 4)
            })
            .or_else(|| head.rfind(char::is_whitespace).filter(|at| *at > 0))
            .unwrap_or(most);
        parts.push(rest[..cut].trim_end());
        rest = rest[cut..].trim_start();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_keeps_whole_sentences() {
        let text = "First one. Second one! A third, rather longer one follows here.";
        assert_eq!(first_sentences(text, 1000), Some(text));
        assert_eq!(first_sentences(text, 25), Some("First one. Second one!"));
        assert_eq!(first_sentences(text, 12), Some("First one."));
        assert_eq!(first_sentences(text, 5), None);
        assert_eq!(
            first_words("a very long sentence without an end", 14).as_deref(),
            Some("a very long…")
        );
        assert_eq!(
            first_sentences("기억한다。 잊지 않는다。 끝", 24),
            Some("기억한다。")
        );
    }

    #[test]
    fn sizes_are_those_of_the_rule() {
        assert_eq!(tokens("abcd efg"), 2);
        assert_eq!(tokens("기억"), 2);
        assert_eq!(tokens("память"), 3);
        let nasty = "quote \" back \\ line \n tab \t bell \u{7}";
        let written = serde_json::to_string(nasty).expect("a string can be written");
        assert_eq!(json_quarters(nasty) + 2, quarters(&written));
    }

    #[test]
    fn passages_lose_no_word() {
        let text = "One sentence here. ".repeat(400);
        let parts = passages(&text, 1000);
        assert!(parts.len() > 5 && parts.iter().all(|part| part.chars().count() <= 1000));
        assert_eq!(parts.join(" "), text.trim());
        assert!(passages("  ", 10).is_empty());
    }
}
