//! A TOML file of the catalog that remembers where everything stands.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, ValueDeserializer},
};

use super::fault::{Fault, Problem};

/// One step down a TOML file.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A file, its text, and its tables with their places.
pub(super) struct Source<'a> {
    name: String,
    stem: String,
    text: &'a str,
    root: Spanned<DeTable<'a>>,
}

impl<'a> Source<'a> {
    /// Parses a file; every error of syntax goes to the faults, and nothing else is then
    /// looked for in it.
    pub(super) fn parse(name: &str, text: &'a str, faults: &mut Vec<Fault>) -> Option<Self> {
        let (root, errors) = DeTable::parse_recoverable(text);
        let stem = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let source = Self {
            name: name.to_owned(),
            stem: stem.strip_suffix(".toml").unwrap_or(stem).to_owned(),
            text,
            root,
        };
        let whole = errors.is_empty();
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            let said = error.message().replace('\n', "; ");
            faults.push(source.fault_at(at, Problem::Syntax(said)));
        }
        whole.then_some(source)
    }

    /// The file's name without its extension.
    pub(super) fn stem(&self) -> &str {
        &self.stem
    }

    /// The root table as a value, to be read or taken apart.
    pub(super) fn root(&self) -> Spanned<DeValue<'a>> {
        Spanned::new(
            self.root.span(),
            DeValue::Table(self.root.get_ref().clone()),
        )
    }

    /// Reads a table, reporting every unknown key and the first other fault.
    ///
    /// Reading goes on without the unknown keys, so that they are all found at once.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        mut value: Spanned<DeValue<'a>>,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        loop {
            match T::deserialize(ValueDeserializer::from(value.clone())) {
                Ok(read) => return Some(read),
                Err(error) => {
                    let span = error.span().unwrap_or_else(|| value.span());
                    let problem = translate(error.message());
                    let unknown = match &problem {
                        Problem::UnknownKey { key, .. } => Some(key.clone()),
                        _ => None,
                    };
                    faults.push(self.fault_at(span.start, problem));
                    if !unknown.is_some_and(|key| remove(&mut value, &key, &span)) {
                        return None;
                    }
                }
            }
        }
    }

    /// A fault at a place given by steps from the root; at the deepest step that is there.
    pub(super) fn fault(&self, steps: &[Step<'_>], problem: Problem) -> Fault {
        self.fault_at(self.offset(steps), problem)
    }

    /// The line of a place, from 1.
    pub(super) fn line(&self, steps: &[Step<'_>]) -> usize {
        self.position(self.offset(steps)).0
    }

    fn offset(&self, steps: &[Step<'_>]) -> usize {
        let mut at = self.root.span().start;
        let mut table = Some(self.root.get_ref());
        let mut value: Option<&DeValue<'_>> = None;
        for step in steps {
            let next = match step {
                Step::Key(key) => table
                    .and_then(|table| table.get_key_value(*key))
                    .map(|(key, value)| (key.span().start, value)),
                Step::Index(index) => value
                    .and_then(DeValue::as_array)
                    .and_then(|array| array.get(*index))
                    .map(|value| (value.span().start, value)),
            };
            let Some((start, found)) = next else { break };
            at = start;
            value = Some(found.get_ref());
            table = found.get_ref().as_table();
        }
        at
    }

    fn fault_at(&self, offset: usize, problem: Problem) -> Fault {
        let (line, column) = self.position(offset);
        Fault {
            file: self.name.clone(),
            line,
            column,
            problem,
        }
    }

    fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (
            before.matches('\n').count() + 1,
            before[line_start..].chars().count() + 1,
        )
    }
}

/// Takes a key out of the table in which it stands at a place.
fn remove(value: &mut Spanned<DeValue<'_>>, key: &str, span: &Range<usize>) -> bool {
    match value.get_mut() {
        DeValue::Table(table) => {
            let here = table
                .get_key_value(key)
                .is_some_and(|(found, _)| found.span() == *span);
            if here {
                return table.remove(key).is_some();
            }
            table.iter_mut().any(|(_, inner)| remove(inner, key, span))
        }
        DeValue::Array(array) => array.iter_mut().any(|inner| remove(inner, key, span)),
        _ => false,
    }
}

/// Says in both languages what serde says in English.
fn translate(message: &str) -> Problem {
    let quoted = |text: &str| -> Vec<String> {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect()
    };
    let mut names = quoted(message).into_iter();
    let first = names.next().unwrap_or_default();
    let known = names.collect::<Vec<_>>().join(", ");
    if message.starts_with("unknown field") {
        Problem::UnknownKey { key: first, known }
    } else if message.starts_with("missing field") {
        Problem::Missing(first)
    } else if message.starts_with("unknown variant") {
        Problem::NoSuchChoice {
            value: first,
            known,
        }
    } else {
        Problem::Mistyped(message.to_owned())
    }
}
