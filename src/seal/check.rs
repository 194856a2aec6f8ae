//! What has to hold beside the look of it: sums, ranges, and that a value is none of the usual stand-ins.

/// Nothing else has to hold.
pub fn any(_: &str) -> bool {
    true
}

/// Digits and letters together, as keys have them and words have not.
pub fn mixed(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// A value somebody chose or drew, no word, placeholder or reference to where it really is.
pub fn chosen(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let trimmed = lower.trim_end_matches(['.', ')', ']', '}', '!', '?']);
    let elsewhere = [
        "$", "<", "{", "[", "(", "%", "/", "./", "env", "process.", "os.", "config", "self.",
        "vault:", "file:",
    ];
    let stand_in = [
        "your",
        "my_",
        "some",
        "example",
        "changeme",
        "placeholder",
        "null",
        "none",
        "true",
        "false",
    ];
    let masked = trimmed.bytes().all(|byte| b"*x.-".contains(&byte));
    let names = masked
        || elsewhere
            .iter()
            .chain(&stand_in)
            .any(|start| trimmed.starts_with(start));
    let call = text.contains('(') || text.contains("::") || text.contains("->");
    // A word, however long, is no password; one with digits or signs among its letters is.
    let letters = trimmed.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits = trimmed.bytes().filter(u8::is_ascii_digit).count();
    let signs = trimmed.bytes().any(|byte| b"!@#$%^&*+=~?".contains(&byte));
    // Somewhere in a file system or on a server; base64 has signs of all kinds.
    let kinds = text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit());
    let path = trimmed.contains('/') && !trimmed.contains('=') && !(kinds && trimmed.len() >= 20);
    !names && !call && !path && trimmed.len() >= 6 && letters && (digits >= 1 || signs)
}

/// Luhn's sum, and the length and beginning of an issuer's numbers (ISO/IEC 7812-1).
pub fn card(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let start = digits.iter().take(4).fold(0, |sum, digit| sum * 10 + digit);
    let issuer = match digits.len() {
        13 | 19 => start / 1000 == 4,
        14 => matches!(start / 10, 300..=305 | 360..=369 | 380..=399),
        15 => matches!(start / 100, 34 | 37),
        16 => {
            start / 1000 == 4
                || matches!(start / 100, 51..=55 | 65)
                || matches!(start, 2221..=2720 | 6011 | 3528..=3589)
        }
        _ => false,
    };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match place % 2 {
            0 => *digit,
            _ if *digit > 4 => digit * 2 - 9,
            _ => digit * 2,
        })
        .sum();
    issuer && sum.is_multiple_of(10)
}

/// Areas, groups and serials that are given out.
pub fn social_security(text: &str) -> bool {
    let mut parts = text.split('-');
    let (area, group, serial) = (parts.next(), parts.next(), parts.next());
    !matches!(area, Some("000" | "666"))
        && !area.is_some_and(|area| area.starts_with('9'))
        && group != Some("00")
        && serial != Some("0000")
}

/// ISO 13616: the number with its first four characters at the end is 1 modulo 97.
pub fn iban(text: &str) -> bool {
    let plain: Vec<u8> = text.bytes().filter(u8::is_ascii_alphanumeric).collect();
    if !(15..=34).contains(&plain.len()) {
        return false;
    }
    let turned = plain[4..].iter().chain(&plain[..4]);
    let rest = turned.fold(0u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte.to_ascii_uppercase() - b'A') + 10) % 97,
    });
    rest == 1
}

/// A person's address: not of a domain that is reserved for examples (RFC 2606), nor what Git calls a remote.
pub fn address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (name, domain) = lower.split_once('@').unwrap_or_default();
    !(name == "git"
        || domain.ends_with("example.com")
        || domain.ends_with("example.org")
        || domain.ends_with("example.net")
        || domain.ends_with(".example")
        || domain.ends_with(".invalid")
        || domain.ends_with(".test")
        || name.contains("noreply"))
}

/// As many digits as E.164 lets a number have.
pub fn phone(text: &str) -> bool {
    (9..=15).contains(&text.bytes().filter(u8::is_ascii_digit).count())
}
