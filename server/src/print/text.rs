//! Lines of text: how wide, and where they break.

use super::face::FACE;

/// Points in a millimetre.
pub(super) const POINTS: f64 = 72.0 / 25.4;

/// These do not begin a line (GB/T 15834).
const NOT_FIRST: &str = "，。、；：！？）》」』】〕〉”’…—～·％%,.;:!?)]}℃㎡²";

/// These do not end one.
const NOT_LAST: &str = "（《「『【〔〈“‘([{";

/// How far a text goes, in millimetres, at a size in points.
pub(super) fn width(text: &str, size: f64) -> f64 {
    FACE.width(text) * size / POINTS
}

/// Breaks a text into lines no wider than some millimetres. Chinese breaks between any two
/// characters but those that punctuation binds, other scripts between words; a word that is
/// wider than a line is broken where it must be. At least one line comes back.
pub(super) fn wrap(text: &str, size: f64, most: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let (mut line, mut used) = (String::new(), 0.0);
        for piece in pieces(paragraph) {
            let own = width(piece, size);
            // A space at the end of a line hangs over.
            if !line.is_empty() && used + width(piece.trim_end(), size) > most + 1e-6 {
                lines.push(std::mem::take(&mut line).trim_end().to_owned());
                used = 0.0;
            }
            if own <= most {
                line.push_str(piece);
                used += own;
                continue;
            }
            for letter in piece.chars() {
                let own = width(letter.encode_utf8(&mut [0; 4]), size);
                if !line.is_empty() && used + own > most + 1e-6 {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(letter);
                used += own;
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// The pieces that are never broken.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut letters = rest.char_indices();
        let (_, mut last) = letters.next()?;
        let end = letters
            .find(|&(_, next)| {
                let breaks = may_break(last, next);
                last = next;
                breaks
            })
            .map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

fn may_break(before: char, after: char) -> bool {
    if after == ' ' || NOT_FIRST.contains(after) || NOT_LAST.contains(before) {
        return false;
    }
    before == ' ' || before == '-' || before == '/' || is_han(before) || is_han(after)
}

/// Whether a character stands for itself: Han, kana and their punctuation.
fn is_han(letter: char) -> bool {
    matches!(u32::from(letter), 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F | 0xFF00..=0xFFEF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Millimetres of so many Han characters at 10 points.
    fn han(count: f64) -> f64 {
        count * 10.0 / POINTS
    }

    #[test]
    fn chinese_breaks_anywhere_but_before_a_stop() {
        assert_eq!(wrap("一二三四五", 10.0, han(3.0)), ["一二三", "四五"]);
        assert_eq!(
            wrap("一二三，四五", 10.0, han(3.0)),
            ["一二", "三，四", "五"]
        );
        assert_eq!(
            wrap("一二（三四）", 10.0, han(3.0)),
            ["一二", "（三", "四）"]
        );
    }

    #[test]
    fn words_stay_whole_while_they_fit() {
        assert_eq!(wrap("house number 12", 10.0, 25.0), ["house number", "12"]);
        let lines = wrap("440118101224000123456789", 10.0, 12.0);
        assert!(lines.len() > 2 && lines.iter().all(|line| width(line, 10.0) <= 12.0));
        assert_eq!(lines.concat(), "440118101224000123456789");
    }

    #[test]
    fn nothing_is_lost_and_an_empty_text_is_one_line() {
        let text = "东华村第1网格：建筑物213栋，居住1,664人（2023年）。 See sheet 003-02.";
        for most in [3.0, 8.0, 20.0, 500.0] {
            let kept = wrap(text, 9.0, most).concat().replace(' ', "");
            assert_eq!(kept, text.replace(' ', ""), "{most}");
        }
        assert_eq!(wrap("", 9.0, 10.0), [""]);
        assert_eq!(wrap("a\n\nb", 9.0, 10.0), ["a", "", "b"]);
    }
}
