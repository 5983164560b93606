//! What a format cannot hold of what it was given.

use std::{collections::BTreeMap, fmt};

/// One thing that was lost, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The field, where it is one's.
    pub field: Option<String>,
    /// What, in Chinese.
    pub zh: &'static str,
    /// What, in English.
    pub en: &'static str,
    /// In how many features; 0 where it is the format's way with all of them.
    pub count: u64,
}

impl fmt::Display for Loss {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.field.as_deref().unwrap_or("*");
        if self.count == 0 {
            write!(to, "{field}：{} / {field}: {}", self.zh, self.en)
        } else {
            let (zh, en, count) = (self.zh, self.en, self.count);
            write!(
                to,
                "{field}：{zh}（{count} 个要素） / {field}: {en} ({count} features)"
            )
        }
    }
}

/// Losses as they are met, counted.
#[derive(Debug, Default)]
pub struct Losses(BTreeMap<(Option<String>, &'static str), (&'static str, u64)>);

impl Losses {
    /// A loss that concerns the whole layer.
    pub(super) fn always(&mut self, field: Option<&str>, zh: &'static str, en: &'static str) {
        self.0.entry((field.map(Into::into), zh)).or_insert((en, 0));
    }

    /// A loss of one more feature.
    pub(super) fn count(&mut self, field: Option<&str>, zh: &'static str, en: &'static str) {
        self.0
            .entry((field.map(Into::into), zh))
            .or_insert((en, 0))
            .1 += 1;
    }

    pub(super) fn into_list(self) -> Vec<Loss> {
        self.0
            .into_iter()
            .map(|((field, zh), (en, count))| Loss {
                field,
                zh,
                en,
                count,
            })
            .collect()
    }
}
