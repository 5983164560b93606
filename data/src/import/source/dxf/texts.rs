//! Words as CAD writes them.

/// Characters that CAD writes as `\U+4E00`.
pub(super) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\U+") {
        out.push_str(&rest[..at]);
        let code = rest.get(at + 3..at + 7);
        match code.and_then(|code| char::from_u32(u32::from_str_radix(code, 16).ok()?)) {
            Some(letter) => {
                out.push(letter);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str("\\U+");
                rest = &rest[at + 3..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// The words of a text without the marks of its look: `{\fSimSun|b0;R2}\P0.5` is `R2 0.5`.
pub(super) fn plain(text: &str) -> String {
    let text = unescaped(text);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '{' | '}' => {}
            '\\' => match letters.next() {
                Some('P' | 'n') => out.push(' '),
                Some('~') => out.push(' '),
                Some(own @ ('\\' | '{' | '}')) => out.push(own),
                Some('L' | 'l' | 'O' | 'o' | 'K' | 'k') | None => {}
                // The look ends with a semicolon.
                Some(_) => {
                    for next in letters.by_ref() {
                        if next == ';' {
                            break;
                        }
                    }
                }
            },
            own => out.push(own),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}
