//! Colours of codes, the same on the page, in QGIS and on paper.

use std::collections::BTreeMap;

use super::CodeList;

/// For codes that the catalog gives no colour: twelve hues told apart on paper and by most
/// colour-blind readers, none close to the orange of what is selected.
const PALETTE: [&str; 12] = [
    "#4e79a7", "#86bcb6", "#59a14f", "#b07aa1", "#c9a227", "#9c755f", "#d37295", "#499894",
    "#8cd17d", "#7b6fae", "#a0845c", "#79706e",
];

impl CodeList {
    /// The colour of every code, `#rrggbb`: its own, else that of its broader code, else the
    /// next of a palette.
    pub fn colors(&self) -> BTreeMap<&str, &str> {
        let mut next = PALETTE.iter().cycle();
        let mut colors: BTreeMap<&str, &str> = BTreeMap::new();
        for entry in &self.codes {
            // From the code up to the first that has a colour.
            let mut way = vec![entry];
            let color = loop {
                let last = way[way.len() - 1];
                let known = colors.get(last.code.as_str()).copied();
                if let Some(color) = known.or(last.color.as_deref()) {
                    break Some(color);
                }
                let broader = last.parent.as_deref().and_then(|parent| self.get(parent));
                match broader.filter(|broader| !way.iter().any(|own| own.code == broader.code)) {
                    Some(broader) => way.push(broader),
                    None => break None,
                }
            };
            let color = color.or_else(|| next.next().copied()).unwrap_or(PALETTE[0]);
            for step in way {
                colors.entry(&step.code).or_insert(color);
            }
        }
        colors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_own_colour_or_that_of_the_broader_or_one_of_the_palette() {
        let code = |code: &str, parent: Option<&str>, color: Option<&str>| serde_json::json!({ "code": code, "label": { "zh": code, "en": code }, "parent": parent, "color": color });
        let list: CodeList = serde_json::from_value(serde_json::json!({
            "id": "use",
            "title": { "zh": "用途", "en": "Use" },
            "version": "1",
            "codes": [
                code("01", None, Some("#e8d9a0")),
                code("0101", Some("01"), None),
                code("0202", Some("02"), None),
                code("02", None, None),
                code("出租", None, None),
            ],
        }))
        .unwrap();
        let colors = list.colors();
        assert_eq!((colors["01"], colors["0101"]), ("#e8d9a0", "#e8d9a0"));
        assert_eq!((colors["02"], colors["0202"]), (PALETTE[0], PALETTE[0]));
        assert_eq!(colors["出租"], PALETTE[1]);
    }
}
