//! Words of a CQL2 text.

/// A word with where it begins, counted in characters from 1.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) at: usize,
}

/// What a word is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// A name in double quotes, never a keyword.
    Quoted(String),
    /// A text in single quotes.
    Text(String),
    /// A number.
    Number(f64),
    /// `= <> < <= > >= ( ) ,`
    Sign(&'static str),
}

/// Splits a text into words. An error gives where and what.
pub(super) fn words(text: &str) -> Result<Vec<Word>, (usize, String)> {
    let letters: Vec<char> = text.chars().collect();
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(&letter) = letters.get(at) {
        let begin = at;
        let kind = match letter {
            _ if letter.is_whitespace() => {
                at += 1;
                continue;
            }
            '\'' => Kind::Text(quoted(&letters, &mut at, '\'')?),
            '"' => Kind::Quoted(quoted(&letters, &mut at, '"')?),
            '0'..='9' | '-' | '+' | '.' => Kind::Number(number(&letters, &mut at)?),
            _ if letter.is_alphabetic() || letter == '_' => {
                while letters
                    .get(at)
                    .is_some_and(|next| next.is_alphanumeric() || matches!(next, '_' | '.' | ':'))
                {
                    at += 1;
                }
                Kind::Name(letters[begin..at].iter().collect())
            }
            _ => {
                const SIGNS: [&str; 9] = ["<>", "<=", ">=", "=", "<", ">", "(", ")", ","];
                let rest: String = letters[at..].iter().take(2).collect();
                let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
                    return Err((at + 1, letter.to_string()));
                };
                at += sign.len();
                Kind::Sign(sign)
            }
        };
        words.push(Word {
            kind,
            at: begin + 1,
        });
    }
    Ok(words)
}

/// A quoted stretch; the quote itself is written twice in it.
fn quoted(letters: &[char], at: &mut usize, quote: char) -> Result<String, (usize, String)> {
    let begin = *at;
    let mut text = String::new();
    *at += 1;
    loop {
        match letters.get(*at) {
            None => return Err((begin + 1, quote.to_string())),
            Some(letter) if *letter == quote => {
                if letters.get(*at + 1) == Some(&quote) {
                    *at += 1;
                } else {
                    *at += 1;
                    return Ok(text);
                }
            }
            Some(_) => {}
        }
        text.push(letters[*at]);
        *at += 1;
    }
}

fn number(letters: &[char], at: &mut usize) -> Result<f64, (usize, String)> {
    let begin = *at;
    while let Some(letter) = letters.get(*at) {
        let sign_of_exponent =
            matches!(letter, '+' | '-') && *at > begin && matches!(letters[*at - 1], 'e' | 'E');
        let leading_sign = matches!(letter, '+' | '-') && *at == begin;
        if letter.is_ascii_digit()
            || matches!(letter, '.' | 'e' | 'E')
            || sign_of_exponent
            || leading_sign
        {
            *at += 1;
        } else {
            break;
        }
    }
    let text: String = letters[begin..*at].iter().collect();
    text.parse()
        .ok()
        .filter(|number: &f64| number.is_finite())
        .ok_or((begin + 1, text))
}
