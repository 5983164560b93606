//! What may be attached, as data; see `attachments.toml`, where each rule is explained.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};
use yizhangtu_data::{Catalog, Layer};

use super::media::Media;
use crate::office::{Book, Ruled};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// Which version.
    pub(super) version: String,
    /// Attachments of one feature.
    pub(super) most: usize,
    largest_megapixels: u64,
    pub(super) thumbnail_pixels: u32,
    personal: Vec<String>,
    types: BTreeMap<String, Limits>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    largest_mb: u64,
}

/// The book of these rules.
pub(crate) static RULES: Book<Rules> = Book::new(
    "attachments",
    include_str!("../../../data/catalog/attachments.toml"),
);

impl Ruled for Rules {}

impl Rules {
    /// The rules that the program comes with.
    pub(super) fn usual() -> &'static Self {
        RULES.current()
    }

    /// How many bytes a file of a type may have; none where the type is not taken.
    pub(super) fn largest(&self, media: Media) -> Option<u64> {
        let limits = self.types.get(media.name())?;
        Some(limits.largest_mb * 1_000_000)
    }

    /// How many bytes any file may have.
    pub(super) fn largest_of_all(&self) -> u64 {
        let largest = self.types.values().map(|limits| limits.largest_mb).max();
        largest.unwrap_or(0) * 1_000_000
    }

    /// How many pixels a picture may have.
    pub(super) fn largest_pixels(&self) -> u64 {
        self.largest_megapixels * 1_000_000
    }

    /// Whether an attachment of a kind shows a person, at a feature of a layer.
    pub(super) fn is_personal(&self, layer: &Layer, kind: &str) -> bool {
        layer.personal || self.personal.iter().any(|own| own == kind)
    }

    /// The media types that are taken, for a sentence.
    pub(super) fn types(&self) -> String {
        self.types
            .keys()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// What a page needs to know before it sends a file.
    pub(super) fn json(&self, catalog: &Catalog) -> Value {
        let types: Vec<Value> = (self.types.iter())
            .map(|(name, limits)| {
                json!({ "media_type": name, "largest_bytes": limits.largest_mb * 1_000_000 })
            })
            .collect();
        let list = catalog.code_list("attachment_kind");
        let kinds: Vec<Value> = (list.iter().flat_map(|list| &list.codes))
            .map(|kind| {
                json!({
                    "code": kind.code,
                    "label": kind.label,
                    "personal": self.personal.contains(&kind.code),
                })
            })
            .collect();
        json!({ "version": self.version, "most": self.most, "types": types, "kinds": kinds })
    }
}
