//! Sizes of paper.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// Width and height of a page in millimetres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    /// To the right.
    pub(crate) width: f64,
    /// Downwards.
    pub(crate) height: f64,
}

impl Size {
    /// The same lying on its side.
    pub(crate) fn turned(self) -> Self {
        Self {
            width: self.height,
            height: self.width,
        }
    }
}

/// A sheet of the A series (ISO 216, GB/T 148).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) enum Paper {
    /// 210 mm × 297 mm.
    A4,
    /// 297 mm × 420 mm.
    A3,
    /// 420 mm × 594 mm.
    A2,
}

impl Paper {
    /// All of them, the least first.
    pub(crate) const ALL: [Self; 3] = [Self::A4, Self::A3, Self::A2];

    /// Upright.
    pub(crate) fn portrait(self) -> Size {
        let (width, height) = match self {
            Self::A4 => (210.0, 297.0),
            Self::A3 => (297.0, 420.0),
            Self::A2 => (420.0, 594.0),
        };
        Size { width, height }
    }

    /// Lying on its long side.
    pub(crate) fn landscape(self) -> Size {
        self.portrait().turned()
    }
}

impl fmt::Display for Paper {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, to)
    }
}

impl FromStr for Paper {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wanted = text.trim();
        let mut all = Self::ALL.into_iter();
        all.find(|paper| paper.to_string().eq_ignore_ascii_case(wanted))
            .ok_or_else(|| {
                format!("没有纸张“{wanted}”，可用 A4、A3、A2 / no paper “{wanted}”; there are A4, A3, A2")
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_paper_is_two_of_the_next() {
        for pair in Paper::ALL.windows(2) {
            let (small, large) = (pair[0].portrait(), pair[1].portrait());
            assert_eq!(large.width, small.height);
            assert!((large.height - 2.0 * small.width).abs() <= 1.0);
        }
        assert_eq!("a3".parse(), Ok(Paper::A3));
        assert!("B5".parse::<Paper>().unwrap_err().contains("“B5”"));
    }
}
