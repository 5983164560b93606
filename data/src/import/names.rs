//! Comparing names as people write them.

/// A name without what people write differently: case, blanks, underscores, hyphens,
/// full-width letters and digits, and what stands in brackets.
pub(super) fn fold(name: &str) -> String {
    let mut depth = 0_u32;
    name.chars()
        .map(half_width)
        .filter(|c| {
            match c {
                '(' | '[' | '【' => depth += 1,
                ')' | ']' | '】' => {
                    depth = depth.saturating_sub(1);
                    return false;
                }
                _ => {}
            }
            depth == 0 && !c.is_whitespace() && !matches!(c, '_' | '-' | ':' | '*' | '/' | '.')
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// The half-width character of a full-width one: `１` and `（` are `1` and `(`.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// A text with half-width characters, without blanks around it.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(half_width)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mean_the_same_fold_the_same() {
        for (one, other) in [
            ("建筑面积（平方米）", "建筑面积"),
            ("floors_up", "Floors Up"),
            ("ＪＺＭＪ", "jzmj"),
            ("building:levels", "building_levels"),
            ("地上 层数*", "地上层数"),
        ] {
            assert_eq!(fold(one), fold(other));
        }
        assert_eq!(plain("　１２３．５ "), "123.5");
    }
}
