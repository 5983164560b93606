//! The rules of masks as data: how much stays of a value, and who is shown something else.

use serde::Deserialize;

use super::Mask;
use crate::office::{Book, Misrule, Ruled, within};

/// The way that a value leaves by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Channel {
    /// Answers to the page and to programs.
    #[default]
    Screen,
    /// What a search finds.
    Search,
    /// Files that are taken away.
    Export,
    /// Paper.
    Sheet,
}

impl Channel {
    /// All of them, in the order of their discriminants, Chinese and English.
    pub(crate) const ALL: [(Self, &str, &str); 4] = [
        (Self::Screen, "屏幕与接口", "Screen and programs"),
        (Self::Search, "搜索", "Search"),
        (Self::Export, "导出文件", "Files"),
        (Self::Sheet, "图纸打印", "Paper"),
    ];

    /// The word for it in rules.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Screen => "screen",
            Self::Search => "search",
            Self::Export => "export",
            Self::Sheet => "sheet",
        }
    }
}

/// Characters that stay.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ends {
    pub(super) head: usize,
    pub(super) tail: usize,
}

/// How much stays of each kind of number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keep {
    pub(super) id_number: Ends,
    pub(super) document: Ends,
    pub(super) mobile: Ends,
    pub(super) landline: Ends,
}

/// What a date of birth becomes.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Birth {
    pub(super) band_years: i32,
    pub(super) last_from: i32,
}

/// The rules in force; see `masks.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Masks {
    /// Which version.
    pub(crate) version: String,
    pub(super) keep: Keep,
    pub(super) birth: Birth,
    names: Names,
    #[serde(default)]
    rules: Vec<Rule>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    compound: Vec<String>,
}

/// Who is shown something else, of what, by which ways.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// `layer.field`; any where none is named.
    field: Option<String>,
    #[serde(default)]
    masks: Vec<Mask>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    channels: Vec<Channel>,
    show: Shown,
}

/// What is shown in the place of what a field's own mask leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "Words")]
pub(super) enum Shown {
    /// What the field's own mask leaves.
    Masked,
    /// The value itself.
    Open,
    /// What another mask leaves.
    As(Mask),
}

/// As it is written.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Words {
    Masked,
    Open,
    #[serde(untagged)]
    As(Mask),
}

impl From<Words> for Shown {
    fn from(words: Words) -> Self {
        match words {
            Words::Masked => Self::Masked,
            Words::Open => Self::Open,
            Words::As(mask) => Self::As(mask),
        }
    }
}

/// What one role is shown by one way out: the rules that are about it.
#[derive(Clone, Debug, Default)]
pub(super) struct RoleMasks(Vec<(Option<String>, Vec<Mask>, Shown)>);

impl RoleMasks {
    /// What is shown of a field with a mask of its own.
    pub(super) fn shown(&self, layer: &str, field: &str, mask: Mask) -> Shown {
        let fits = |(place, masks, _): &&(Option<String>, Vec<Mask>, Shown)| {
            let here = (place.as_deref())
                .is_none_or(|place| place.split_once('.') == Some((layer, field)));
            here && (masks.is_empty() || masks.contains(&mask))
        };
        (self.0.iter().find(fits)).map_or(Shown::Masked, |(_, _, shown)| *shown)
    }
}

/// The book of these rules.
pub(crate) static MASKS: Book<Masks> =
    Book::new("masks", include_str!("../../../data/catalog/masks.toml"));

impl Ruled for Masks {
    fn misruled(&self) -> Vec<Misrule> {
        let compounds = (self.names.compound.iter()).all(|name| name.chars().count() == 2);
        let twice = self.rules.iter().enumerate().find(|(at, rule)| {
            (self.rules[..*at].iter()).any(|before| {
                before.field == rule.field
                    && before.masks == rule.masks
                    && before.roles == rule.roles
                    && before.channels == rule.channels
            })
        });
        let hold = "前面已有同样范围的规则，这一条不会生效";
        (within(
            compounds,
            "names.compound",
            "复姓应为两个字",
            "a compound surname has two characters",
        )
        .into_iter())
        .chain(twice.map(|(at, _)| {
            Misrule::new(
                format!("rules.{at}"),
                hold,
                "a rule before is about the same; this one never counts",
            )
        }))
        .collect()
    }
}

impl Masks {
    /// The rules that the program comes with.
    pub(crate) fn current() -> &'static Self {
        MASKS.current()
    }

    /// What a role is shown, by each way out.
    pub(super) fn of(&self, role: &str) -> [RoleMasks; Channel::ALL.len()] {
        Channel::ALL.map(|(channel, ..)| {
            let about = (self.rules.iter()).filter(|rule| {
                (rule.roles.is_empty() || rule.roles.iter().any(|own| own == role))
                    && (rule.channels.is_empty() || rule.channels.contains(&channel))
            });
            RoleMasks(
                about
                    .map(|rule| (rule.field.clone(), rule.masks.clone(), rule.show))
                    .collect(),
            )
        })
    }

    /// Whether two characters are a compound surname (复姓).
    pub(super) fn is_compound(&self, first: char, second: char) -> bool {
        self.names.compound.iter().any(|surname| {
            let mut letters = surname.chars();
            letters.next() == Some(first) && letters.next() == Some(second)
        })
    }
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Catalog;

    use super::*;
    use crate::policy::Rights;

    #[test]
    fn every_rule_names_what_there_is() {
        let (masks, catalog, rights) = (
            Masks::current(),
            Catalog::embedded(),
            Rights::default_matrix(),
        );
        assert!(!masks.rules.is_empty());
        for rule in &masks.rules {
            if let Some(place) = &rule.field {
                let (layer, field) = place.split_once('.').expect("layer.field");
                let field = catalog.layer(layer).and_then(|layer| layer.field(field));
                assert!(
                    field.is_some_and(|field| Mask::of(field).is_some()),
                    "{place}"
                );
            }
            for role in &rule.roles {
                assert!(rights.role(role).is_some(), "{role}");
            }
        }
        for surname in &masks.names.compound {
            assert_eq!(surname.chars().count(), 2, "{surname}");
        }
    }

    #[test]
    fn a_rule_holds_for_its_role_and_its_way_out_alone() {
        let masks = Masks::current();
        let shown = |role, channel: Channel, layer, field, mask| {
            masks.of(role)[channel as usize].shown(layer, field, mask)
        };
        let reporter = |role, channel| shown(role, channel, "grid_event", "reporter", Mask::Hidden);
        assert_eq!(
            reporter("dispatcher", Channel::Screen),
            Shown::As(Mask::Name)
        );
        assert_eq!(reporter("dispatcher", Channel::Export), Shown::Masked);
        assert_eq!(reporter("handler", Channel::Screen), Shown::Masked);
        let birth = |channel| shown("grid_worker", channel, "person", "birth", Mask::Birth);
        assert_eq!(birth(Channel::Sheet), Shown::As(Mask::Hidden));
        assert_eq!(birth(Channel::Screen), Shown::Masked);
    }
}
