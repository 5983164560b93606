//! What the features of one layer are called, in one buffer that is searched whole.
//!
//! A layer's names are one long text, a document a feature and a line a field. A search runs
//! over it with the processor's widest comparison (`memchr`): a city's 200,000 houses are 20 MB
//! and a few milliseconds, without the memory and the upkeep of an n-gram index, and any
//! fragment of Chinese is found.

use memchr::memmem::Finder;
use yizhangtu_data::{Field, FieldKind, Layer, Value};

use super::text::{folded, sounds};
use crate::{atlas::Row, policy::Viewer};

/// Ends a document; ends a line. Neither occurs in a folded text.
const DOCUMENT: char = '\0';
const LINE: char = '\n';

/// The names of one layer's features.
pub(super) struct LayerIndex {
    /// Positions of the fields that lines stand for, in their order; the identifier is last.
    fields: Vec<usize>,
    names: Text,
    /// Syllables of each line, and below them their initials.
    sounds: Text,
    /// Where syllables begin, a bit for each byte of the sounds.
    begins: Vec<u64>,
}

/// Documents one after another.
#[derive(Default)]
struct Text {
    text: String,
    /// Where each document begins.
    starts: Vec<usize>,
}

/// How well a feature fits; the least fits best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A field is what was typed.
    Exact,
    /// A field begins with it.
    Prefix,
    /// A field contains it.
    Substring,
    /// A field sounds like it.
    Sound,
    /// A field contains it but for one character.
    Near,
}

/// A feature that fits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    /// Its position in the layer.
    pub(super) position: u32,
    /// How well it fits.
    pub(super) rank: Rank,
    /// Length of what was not typed of the field that fits, in bytes.
    pub(super) rest: usize,
    /// The field that fits; none for the identifier.
    pub(super) field: Option<usize>,
}

/// The fields of a layer that are searched: those that the catalog names, or else its code and
/// label, as far as everyone sees them.
pub(super) fn searched(layer: &Layer) -> Vec<usize> {
    let viewer = Viewer::anyone();
    let named = |field: &Field| {
        let name = Some(&field.name);
        if layer.search.is_empty() {
            layer.code.as_ref() == name || layer.label.as_ref() == name
        } else {
            layer.search.contains(&field.name)
        }
    };
    let described = layer.fields.iter().any(named);
    (layer.fields.iter().enumerate())
        .filter(|(_, field)| viewer.may_ask_by(layer, field) && field.reference.is_none())
        // A file of another program says nothing of its fields: all texts are searched.
        .filter(|(_, field)| {
            if described {
                named(field)
            } else {
                field.kind == FieldKind::Text
            }
        })
        .map(|(position, _)| position)
        .collect()
}

impl LayerIndex {
    /// Indexes features in the order of their positions.
    pub(super) fn new<'a>(layer: &Layer, rows: impl Iterator<Item = Row<'a>>) -> Self {
        let fields = searched(layer);
        let mut names = Text::default();
        let mut heard = Text::default();
        let mut begins = Vec::new();
        for row in rows {
            names.begin();
            heard.begin();
            for value in row.values(&fields) {
                let name = folded(&words(&value));
                names.line(&name);
                let (syllables, initials) = sounds(&name).unwrap_or_default();
                for syllable in &syllables {
                    mark(&mut begins, heard.text.len());
                    heard.text.push_str(syllable);
                }
                heard.line("");
                for letter in initials.chars() {
                    mark(&mut begins, heard.text.len());
                    heard.text.push(letter);
                }
                heard.line("");
            }
            names.line(&folded(row.id()));
        }
        Self {
            fields,
            names,
            sounds: heard,
            begins,
        }
    }

    /// The features that contain all words typed; the first word decides how well they fit.
    pub(super) fn find(&self, words: &[String]) -> Vec<Hit> {
        let Some((first, rest)) = words.split_first() else {
            return Vec::new();
        };
        let others: Vec<Finder<'_>> = rest.iter().map(Finder::new).collect();
        let holds_others = |position: usize| {
            let document = self.names.document(position).as_bytes();
            others.iter().all(|word| word.find(document).is_some())
        };
        let mut hits: Vec<Hit> = Vec::new();
        self.names.each(first, |position, lines| {
            if holds_others(position) {
                hits.extend(self.by_name(position, lines, first));
            }
            true
        });
        // Sounds are typed in Latin letters; a single one would fit nearly everything. Digits sound
        // as they are written, and are found by name.
        if first.len() >= 2
            && first.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && first.bytes().any(|byte| byte.is_ascii_alphabetic())
        {
            let found: std::collections::HashSet<u32> =
                hits.iter().map(|hit| hit.position).collect();
            self.sounds.each_at(first, |position, at| {
                if !self.begins_at(at) {
                    return false;
                }
                let number = number(position);
                if !found.contains(&number) && holds_others(position) {
                    hits.push(Hit {
                        position: number,
                        rank: Rank::Sound,
                        rest: self.sounds.line_around(at).len() - first.len(),
                        // Each field has a line of syllables and one of initials.
                        field: self
                            .fields
                            .get(self.sounds.line_number(position, at) / 2)
                            .copied(),
                    });
                }
                true
            });
        }
        hits
    }

    /// The features that contain the words typed, the longest of them but for one character:
    /// another, one more or one less, or two that changed places.
    pub(super) fn find_near(&self, words: &[String]) -> Vec<Hit> {
        /// In a shorter word one character makes another word.
        const SHORTEST: usize = 4;
        let Some((first, rest)) = words.split_first() else {
            return Vec::new();
        };
        let typed: Vec<char> = first.chars().collect();
        // Codes differ by one character everywhere; names in Chinese do not.
        if typed.len() < SHORTEST || first.is_ascii() {
            return Vec::new();
        }
        let others: Vec<Finder<'_>> = rest.iter().map(Finder::new).collect();
        // One slip is in one half: the other half stands there as it was typed, or all but the
        // two characters in the middle do where these changed places.
        let half = typed.len() / 2;
        let mut swapped = typed.clone();
        swapped.swap(half - 1, half);
        let (before, after) = typed.split_at(half);
        let mut hits: Vec<Hit> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        // The other half stands beside, but for the slip: half of what is typed is often the name
        // of the village, which stands in every address, and what is beside it tells at once.
        type Beside<'a> = Box<dyn Fn(&str, &str) -> bool + 'a>;
        let parts: [(&[char], Beside<'_>); 3] = [
            (
                before,
                Box::new(|_, right| begins_near(right.chars(), after.iter().copied())),
            ),
            (
                after,
                Box::new(|left, _| begins_near(left.chars().rev(), before.iter().rev().copied())),
            ),
            (&swapped, Box::new(|_, _| true)),
        ];
        for (part, beside) in &parts {
            let part: String = part.iter().collect();
            self.names.each_at(&part, |position, at| {
                if !beside(&self.names.text[..at], &self.names.text[at + part.len()..]) {
                    return false;
                }
                let document = self.names.document(position);
                let fits = || {
                    let lines = document.split(LINE).take(self.fields.len()).enumerate();
                    let near = lines.filter(|(_, line)| !line.is_empty());
                    near.filter_map(|(place, line)| Some((slip(&typed, line)?, place)))
                        .min()
                };
                let holds = others
                    .iter()
                    .all(|word| word.find(document.as_bytes()).is_some());
                if holds
                    && seen.insert(position)
                    && let Some((rest, place)) = fits()
                {
                    hits.push(Hit {
                        position: number(position),
                        rank: Rank::Near,
                        rest,
                        field: self.fields.get(place).copied(),
                    });
                }
                true
            });
        }
        hits
    }

    /// The best of a document's lines.
    fn by_name(&self, position: usize, document: &str, word: &str) -> Option<Hit> {
        document
            .split(LINE)
            .enumerate()
            .filter_map(|(place, line)| {
                let rank = match line.find(word)? {
                    0 if line.len() == word.len() => Rank::Exact,
                    // An identifier is found whole or not at all: its parts mean nothing.
                    _ if place >= self.fields.len() => return None,
                    0 => Rank::Prefix,
                    _ => Rank::Substring,
                };
                Some(Hit {
                    position: number(position),
                    rank,
                    rest: line.len() - word.len(),
                    field: self.fields.get(place).copied(),
                })
            })
            .min_by_key(|hit| (hit.rank, hit.rest))
    }

    fn begins_at(&self, at: usize) -> bool {
        (self.begins.get(at / 64)).is_some_and(|bits| bits >> (at % 64) & 1 == 1)
    }
}

impl Text {
    fn begin(&mut self) {
        if !self.starts.is_empty() {
            self.text.push(DOCUMENT);
        }
        self.starts.push(self.text.len());
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push(LINE);
    }

    fn document(&self, position: usize) -> &str {
        let end = (self.starts.get(position + 1)).map_or(self.text.len(), |next| next - 1);
        &self.text[self.starts[position]..end]
    }

    /// Hands over each document that a word is in, once.
    fn each(&self, word: &str, mut found: impl FnMut(usize, &str) -> bool) {
        self.each_at(word, |position, _| found(position, self.document(position)));
    }

    /// Hands over where a word is; the rest of a document is passed over once a place is
    /// taken.
    fn each_at(&self, word: &str, mut taken: impl FnMut(usize, usize) -> bool) {
        let finder = Finder::new(word);
        let bytes = self.text.as_bytes();
        let mut from = 0;
        while let Some(found) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + found;
            let position = self.starts.partition_point(|start| *start <= at) - 1;
            from = if taken(position, at) {
                (self.starts.get(position + 1)).map_or(bytes.len(), |next| *next)
            } else {
                at + 1
            };
        }
    }

    fn line_around(&self, at: usize) -> &str {
        let begin = self.text[..at]
            .rfind([LINE, DOCUMENT])
            .map_or(0, |end| end + 1);
        let end = self.text[at..]
            .find(LINE)
            .map_or(self.text.len(), |end| at + end);
        &self.text[begin..end]
    }

    fn line_number(&self, position: usize, at: usize) -> usize {
        self.text[self.starts[position]..at].matches(LINE).count()
    }
}

/// Whether a text begins with what was typed but for one slip. Both may be read backwards.
fn begins_near(
    text: impl Iterator<Item = char> + Clone,
    typed: impl Iterator<Item = char> + Clone,
) -> bool {
    let mut text = text.take_while(|letter| ![LINE, DOCUMENT].contains(letter));
    let mut typed = typed;
    loop {
        let (whole_text, whole_typed) = (text.clone(), typed.clone());
        let Some(letter) = typed.next() else {
            return true;
        };
        let other = text.next();
        if other == Some(letter) {
            continue;
        }
        // One missing; another one, or one more; two that changed places.
        return begins(whole_text, typed.clone())
            || other.is_some_and(|other| {
                begins(text.clone(), typed.clone())
                    || begins(text.clone(), whole_typed)
                    || (typed.next() == Some(other)
                        && text.next() == Some(letter)
                        && begins(text, typed))
            });
    }
}

fn begins(mut text: impl Iterator<Item = char>, mut typed: impl Iterator<Item = char>) -> bool {
    typed.all(|letter| text.next() == Some(letter))
}

/// How many bytes of a line are left beside a stretch of it that differs from what was typed by
/// one slip; none where no stretch does.
fn slip(typed: &[char], line: &str) -> Option<usize> {
    // A slip changes one character at the most: most addresses that share a village with what
    // was typed lack more than that, and need no closer look.
    if (typed.iter().filter(|letter| !line.contains(**letter)))
        .nth(1)
        .is_some()
    {
        return None;
    }
    let line: Vec<char> = line.chars().collect();
    // Ends of a stretch count as begun and ended anywhere (Sellers' distance), with two
    // neighbours that changed places as one slip.
    let mut above: Vec<usize> = vec![0; line.len() + 1];
    let mut before = above.clone();
    for (row, &letter) in typed.iter().enumerate() {
        let mut now = vec![row + 1; line.len() + 1];
        for (column, &other) in line.iter().enumerate() {
            let differs = usize::from(letter != other);
            now[column + 1] = (above[column] + differs)
                .min(above[column + 1] + 1)
                .min(now[column] + 1);
            if row > 0 && column > 0 && letter == line[column - 1] && typed[row - 1] == other {
                now[column + 1] = now[column + 1].min(before[column - 1] + 1);
            }
        }
        before = std::mem::replace(&mut above, now);
    }
    (above.iter().any(|&distance| distance <= 1)).then(|| line.len().abs_diff(typed.len()) * 3)
}

fn number(position: usize) -> u32 {
    u32::try_from(position).expect("a layer has fewer than 2^32 features")
}

fn mark(bits: &mut Vec<u64>, at: usize) {
    if bits.len() <= at / 64 {
        bits.resize(at / 64 + 1, 0);
    }
    bits[at / 64] |= 1 << (at % 64);
}

/// What a value says in words: a text, or the texts of a list.
fn words(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Json(json) => match &**json {
            serde_json::Value::Array(items) => (items.iter())
                .filter_map(serde_json::Value::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            serde_json::Value::String(text) => text.clone(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use yizhangtu_data::Record;

    use super::*;

    fn index() -> LayerIndex {
        let layer: Layer = serde_json::from_str(
            r#"{"id": "building", "title": {"zh": "房", "en": ""}, "theme": "base",
            "geometry": "polygon", "version": "1", "code": "code",
            "search": ["code", "address", "owner"], "fields": [
                {"name": "code", "label": {"zh": "", "en": ""}, "type": "text"},
                {"name": "address", "label": {"zh": "", "en": ""}, "type": "text"},
                {"name": "owner", "label": {"zh": "", "en": ""}, "type": "text",
                 "sensitivity": "personal", "mask": "name"}]}"#,
        )
        .expect("a layer");
        let house = |id: &str, code: &str, address: &str| {
            let mut record = Record::new(&layer, id);
            record
                .set(&layer, "code", code)
                .set(&layer, "address", address);
            record.set(&layer, "owner", "李四");
            record
        };
        let records = [
            house("a", "440118101224001", "东华村三巷5号"),
            house("b", "440118101224002", "东华村三巷51号"),
            house("c", "44011810122400", "村东华丽街"),
        ];
        LayerIndex::new(&layer, records.iter().map(Row::Made))
    }

    fn found(query: &str) -> Vec<(u32, Rank)> {
        let words: Vec<String> = folded(query)
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        let mut hits: Vec<_> = index()
            .find(&words)
            .iter()
            .map(|hit| (hit.position, hit.rank))
            .collect();
        hits.sort_unstable();
        hits
    }

    #[test]
    fn names_are_found_by_how_well_they_fit() {
        assert_eq!(found("440118101224001"), [(0, Rank::Exact)]);
        assert_eq!(
            found("44011810122400"),
            [(0, Rank::Prefix), (1, Rank::Prefix), (2, Rank::Exact)]
        );
        assert_eq!(
            found("东华"),
            [(0, Rank::Prefix), (1, Rank::Prefix), (2, Rank::Substring)]
        );
        assert_eq!(found("三巷 51号"), [(1, Rank::Substring)]);
        assert_eq!(found("ａ"), [(0, Rank::Exact)]);
        assert!(found("西华").is_empty());
    }

    #[test]
    fn names_are_found_by_sound_from_the_start_of_a_syllable() {
        assert_eq!(
            found("donghua"),
            [(0, Rank::Sound), (1, Rank::Sound), (2, Rank::Sound)]
        );
        assert_eq!(found("dhc3"), []);
        assert_eq!(found("dhcsx5"), [(0, Rank::Sound), (1, Rank::Sound)]);
        assert_eq!(found("dhlj"), [(2, Rank::Sound)]);
        assert!(found("onghua").is_empty());
    }

    /// What is looked for beside a half that stands there as typed is what a look at every line finds.
    #[test]
    fn a_slip_is_found_wherever_every_line_would_tell_it() {
        let index = index();
        let lines = ["东华村三巷5号", "东华村三巷51号", "村东华丽街"];
        let letters: Vec<char> = "东华村三巷51号丽".chars().collect();
        let mut found = 0;
        for line in lines {
            let own: Vec<char> = line.chars().collect();
            let one = |at: usize, with: &[char], rest: usize| {
                [&own[..at], with, &own[(at + rest).min(own.len())..]].concat()
            };
            for at in 0..=own.len() {
                let others = letters.iter().flat_map(|&letter| {
                    [
                        one(at, &[letter], 1),
                        one(at, &[letter], 0),
                        one(at, &[letter], 2),
                    ]
                });
                for typed in others.chain([one(at, &[], 1), one(at, &[], 2)]) {
                    let word: String = typed.iter().collect();
                    let mut near: Vec<u32> = (index.find_near(std::slice::from_ref(&word)).iter())
                        .map(|hit| hit.position)
                        .collect();
                    near.sort_unstable();
                    let every: Vec<u32> = (0..3)
                        .filter(|&at| {
                            typed.len() >= 4 && slip(&typed, lines[at as usize]).is_some()
                        })
                        .collect();
                    assert_eq!(near, every, "{word}");
                    found += near.len();
                }
            }
        }
        assert!(found > 500, "{found}");
    }

    #[test]
    fn one_slip_is_forgiven() {
        let near = |query: &str| {
            let words: Vec<String> = folded(query)
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            let mut found: Vec<u32> = index()
                .find_near(&words)
                .iter()
                .map(|hit| hit.position)
                .collect();
            found.sort_unstable();
            found
        };
        // Another character, one more, one less, two that changed places.
        for typed in [
            "东花村三巷51号",
            "东华村三三巷51号",
            "东华村巷51号",
            "东华三村巷51号",
            "东华村三巷15号",
        ] {
            assert!(near(typed).contains(&1), "{typed}");
        }
        assert!(
            near("东花村二巷51号").is_empty(),
            "two slips are another address"
        );
        assert!(
            near("440118101224009").is_empty(),
            "codes are typed as they are"
        );
        assert!(near("东花村").is_empty(), "too short to tell");
    }

    #[test]
    fn a_masked_field_is_not_searched() {
        assert!(found("李四").is_empty());
        assert!(found("lisi").is_empty());
    }

    #[test]
    fn the_field_that_fits_is_told() {
        let hits = index().find(&["cdhlj".to_owned()]);
        assert_eq!(
            hits.iter().map(|hit| hit.field).collect::<Vec<_>>(),
            [Some(1)]
        );
        let hits = index().find(&["b".to_owned()]);
        assert_eq!(hits.iter().map(|hit| hit.field).collect::<Vec<_>>(), [None]);
    }
}
