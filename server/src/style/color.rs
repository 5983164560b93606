//! Shades of the catalog's colours.

/// Red, green and blue of a `#rrggbb`; none for what is no such thing.
fn channels(color: &str) -> Option<[u8; 3]> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// A colour darkened by a share between 0 and 1; what is no `#rrggbb` stays as it is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "less than it was"
)]
pub(super) fn darkened(color: &str, share: f64) -> String {
    let Some(channels) = channels(color) else {
        return color.to_owned();
    };
    let [r, g, b] = channels.map(|value| (f64::from(value) * (1.0 - share)).round() as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Perceived lightness, 0 black to 1 white (the weights of ITU-R BT.709).
fn lightness(color: &str) -> f64 {
    channels(color).map_or(0.5, |[r, g, b]| {
        let [r, g, b] = [r, g, b].map(|value| f64::from(value) / 255.0);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    })
}

/// The colour of a layer's names: the darker of its colours, darkened until it reads on paper.
pub(super) fn ink(color: &str, outline: Option<&str>) -> String {
    let darker = outline.filter(|outline| lightness(outline) < lightness(color));
    let mut ink = darker.unwrap_or(color).to_owned();
    for _ in 0..8 {
        if lightness(&ink) <= 0.3 {
            break;
        }
        ink = darkened(&ink, 0.2);
    }
    darkened(&ink, 0.15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_dark_enough_to_read() {
        for color in ["#f6f4ee", "#4e79a7", "#c6dbe6", "#000000"] {
            assert!(lightness(&ink(color, None)) < 0.3, "{color}");
        }
        assert_eq!(ink("#ffffff", Some("#102030")), darkened("#102030", 0.15));
        assert_eq!(darkened("red", 0.5), "red");
        assert_eq!(darkened("#8040ff", 0.5), "#402080");
    }
}
