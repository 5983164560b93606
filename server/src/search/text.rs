//! Texts as they are compared: one width, one case; and how Chinese is typed by sound.

use pinyin::ToPinyin;

/// A text in the form that queries and names are compared in: full-width letters and digits
/// narrow, all small, no space at the ends.
pub(super) fn folded(text: &str) -> String {
    text.trim()
        .chars()
        .map(|letter| match letter {
            '\u{3000}' | '\n' | '\r' | '\t' | '\0' => ' ',
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(letter as u32 - 0xfee0).unwrap_or(letter),
            _ => letter,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// How a text sounds: its syllables, and their initials. None without Chinese characters.
pub(super) fn sounds(folded: &str) -> Option<(Vec<String>, String)> {
    let mut syllables = Vec::new();
    let mut initials = String::new();
    let mut chinese = false;
    for letter in folded.chars() {
        match letter.to_pinyin() {
            Some(sound) => {
                chinese = true;
                syllables.push(sound.plain().replace('ü', "v"));
                initials.push_str(sound.first_letter());
            }
            // Digits and letters are typed as they are; brackets and dashes are not typed.
            None if letter.is_alphanumeric() => {
                syllables.push(letter.to_string());
                initials.push(letter);
            }
            None => {}
        }
    }
    chinese.then_some((syllables, initials))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_cases_are_one() {
        assert_eq!(folded(" ＡＢ１２　东华 "), "ab12 东华");
    }

    #[test]
    fn chinese_sounds() {
        let (syllables, initials) = sounds("东华村3巷").expect("Chinese");
        assert_eq!(syllables.concat(), "donghuacun3xiang");
        assert_eq!(initials, "dhc3x");
        assert_eq!(sounds("440118"), None);
        assert_eq!(sounds("绿").expect("Chinese").0, ["lv"]);
    }
}
