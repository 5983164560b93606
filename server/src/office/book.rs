//! One book: the program's rules, and those in force.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Rules that a book holds.
pub(crate) trait Ruled: DeserializeOwned + Send + Sync + 'static {
    /// What does not hold together, though each value by itself may stand.
    fn misruled(&self) -> Vec<Misrule> {
        Vec::new()
    }
}

/// What is wrong with some rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misrule {
    /// Where: names joined by dots, `rules.3.field`.
    pub(crate) at: String,
    /// What, Chinese and English.
    pub(crate) message: String,
}

impl Misrule {
    /// Something wrong at a place.
    pub(crate) fn new(at: impl Into<String>, zh: &str, en: &str) -> Self {
        Self {
            at: at.into(),
            message: format!("{zh} / {en}"),
        }
    }
}

/// A fault where a thing does not hold.
pub(crate) fn within(holds: bool, at: &str, zh: &str, en: &str) -> Option<Misrule> {
    (!holds).then(|| Misrule::new(at, zh, en))
}

/// A book of rules. There is one of each in a process, as there is one map.
pub(crate) struct Book<T: 'static> {
    id: &'static str,
    /// The program's own, TOML.
    text: &'static str,
    open: OnceLock<ArcSwap<Page<T>>>,
}

/// What is in force.
struct Page<T: 'static> {
    /// Kept for good: whatever was begun by a version ends by it, and offices write few.
    rules: &'static T,
    document: Value,
}

impl<T: Ruled> Book<T> {
    /// A book by its name and the text of the program's rules.
    pub(crate) const fn new(id: &'static str, text: &'static str) -> Self {
        Self {
            id,
            text,
            open: OnceLock::new(),
        }
    }

    /// The rules in force.
    pub(crate) fn current(&self) -> &'static T {
        self.open().load().rules
    }

    fn open(&self) -> &ArcSwap<Page<T>> {
        self.open.get_or_init(|| {
            let page = Page::of(self.own());
            ArcSwap::from_pointee(page.unwrap_or_else(|error| panic!("{}.toml: {error}", self.id)))
        })
    }
}

impl<T: Ruled> Page<T> {
    fn of(document: Value) -> Result<Self, serde_json::Error> {
        Ok(Self {
            rules: Box::leak(Box::new(serde_json::from_value(document.clone())?)),
            document,
        })
    }
}

/// A book, whatever rules are in it.
pub(crate) trait Subject: Sync {
    /// Its name.
    fn id(&self) -> &'static str;

    /// The program's rules.
    fn own(&self) -> Value;

    /// The rules in force.
    fn document(&self) -> Value;

    /// The version in force.
    fn version(&self) -> String {
        version_of(&self.document())
    }

    /// What is wrong with some rules, beyond what their description says.
    fn misruled(&self, document: &Value) -> Vec<Misrule>;

    /// Puts rules in force.
    ///
    /// # Errors
    /// What of them can't be read.
    fn put_in_force(&self, document: Value) -> Result<(), String>;
}

/// The version that a document says it is.
pub(super) fn version_of(document: &Value) -> String {
    let version = document.get("version").and_then(Value::as_str);
    version.unwrap_or_default().to_owned()
}

impl<T: Ruled> Subject for Book<T> {
    fn id(&self) -> &'static str {
        self.id
    }

    fn own(&self) -> Value {
        toml::from_str(self.text).unwrap_or_else(|error| panic!("{}.toml: {error}", self.id))
    }

    fn document(&self) -> Value {
        self.open().load().document.clone()
    }

    fn misruled(&self, document: &Value) -> Vec<Misrule> {
        match serde_json::from_value::<T>(document.clone()) {
            Ok(rules) => rules.misruled(),
            Err(error) => vec![Misrule::new("", "不是这份规则的写法", &error.to_string())],
        }
    }

    fn put_in_force(&self, document: Value) -> Result<(), String> {
        let page = Page::of(document).map_err(|error| error.to_string())?;
        self.open().store(Arc::new(page));
        Ok(())
    }
}
