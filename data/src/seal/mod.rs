//! Encryption at rest: identity numbers and telephones lie in the file as ciphertext, under a
//! key that is elsewhere.
//!
//! A sealed value is a text: `enc1:KEY:DATA`. DATA is a nonce and what AES-256-GCM makes of
//! the value, bound to its layer and field. The nonce is a keyed hash (HMAC-SHA-256) of the
//! value: equal values give equal texts, so that the file still finds duplicates and answers
//! "who has this number", and no nonce ever serves two values. Without the key the file
//! tells which rows have equal numbers, and how long they are. Ends of numbers are searched in
//! memory. A key may be for SM4-GCM (GB/T 32907, RFC 8998) in the place of AES-256-GCM.
//!
//! Photographs and documents beside the map are sealed as files: see [`FileSealer`].

mod file;
mod ring;
mod source;

use std::{
    borrow::Cow,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

pub use file::{FILE_HEAD, FileSealer, MAGIC as FILE_MAGIC, file_key, open_file};
pub use ring::{Algorithm, KeyError, Ring};
pub use source::Source;

use sha2::{Digest, Sha256};

use crate::{Field, Layer, Value, hexadecimal};

/// How every sealed text begins.
pub const MARK: &str = "enc1:";

/// How often the source is asked again for a key that is not known.
const AGAIN: Duration = Duration::from_secs(1);

/// The keys at work, asked of their source again when a value names one that is new.
#[derive(Debug, Default)]
pub struct Keys {
    source: Option<Source>,
    ring: RwLock<Arc<Ring>>,
    /// When the source was last asked, and how old its file was then.
    asked: RwLock<(Option<Instant>, Option<SystemTime>)>,
}

impl Field {
    /// Whether its values are sealed at rest: numbers that name a person for life, or reach
    /// them anywhere.
    pub fn is_sealed(&self) -> bool {
        matches!(self.mask.as_deref(), Some("id_number" | "phone"))
    }
}

/// Whether a text is a sealed value.
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(MARK)
}

impl Keys {
    /// The keys that the environment names; none where it names no source.
    ///
    /// # Errors
    /// When the source cannot be read or holds no keys.
    pub fn from_environment() -> Result<Arc<Self>, KeyError> {
        let Some(source) = Source::from_environment()? else {
            return Ok(Arc::default());
        };
        let ring = source.read()?;
        Ok(Arc::new(Self {
            source: Some(source),
            ring: RwLock::new(Arc::new(ring)),
            asked: RwLock::default(),
        }))
    }

    /// Keys that do not change.
    pub fn fixed(ring: Ring) -> Arc<Self> {
        Arc::new(Self {
            ring: RwLock::new(Arc::new(ring)),
            ..Self::default()
        })
    }

    /// The keys as they are now.
    pub fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where the keys come from, where there is a source.
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// Whether there is a key to seal with.
    pub fn can_seal(&self) -> bool {
        self.ring().current().is_some()
    }

    /// Asks the source again, for whoever has just changed it.
    ///
    /// # Errors
    /// As [`Keys::from_environment`].
    pub fn reload(&self) -> Result<(), KeyError> {
        if let Some(source) = &self.source {
            let ring = Arc::new(source.read()?);
            *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        }
        Ok(())
    }

    /// The value as the file keeps it. What is sealed already, under a key that was not at
    /// hand, stays as it is.
    pub(crate) fn seal(&self, layer: &Layer, field: &Field, value: &Value) -> Option<String> {
        let text = value.as_text()?;
        if !field.is_sealed() || text.is_empty() || is_sealed(text) {
            return None;
        }
        self.ask_if_changed();
        self.ring().seal(&place(layer, field), text)
    }

    /// The value that a sealed text holds; the text itself where its key is not at hand or
    /// somebody tampered with it.
    pub(crate) fn open(&self, layer: &Layer, field: &Field, value: Value) -> Value {
        let Some(text) = value.as_text().filter(|text| is_sealed(text)) else {
            return value;
        };
        let place = place(layer, field);
        if let Some(open) = self.ring().open(&place, text) {
            return Value::from(open);
        }
        if self.ask_again()
            && let Some(open) = self.ring().open(&place, text)
        {
            return Value::from(open);
        }
        value
    }

    /// How a value of a field may stand in the file: itself, and sealed under each key.
    pub(crate) fn forms(&self, layer: &Layer, field: &Field, text: &str) -> Vec<String> {
        let mut forms = vec![text.to_owned()];
        if field.is_sealed() {
            self.ask_if_changed();
            forms.extend(self.ring().seal_by_each(&place(layer, field), text));
        }
        forms
    }

    /// Whether it holds the same secrets as some keys, by name.
    pub fn opens_like(&self, own: &Ring) -> bool {
        own.proofs()
            .all(|proof| self.ring().proofs().any(|other| other == proof))
    }

    /// What tells these keys from others, and nothing of their secrets.
    pub fn mark(&self) -> String {
        let proofs = self.ring().proofs().collect::<Vec<_>>().concat();
        hexadecimal(&Sha256::digest(proofs))
    }

    /// A text sealed for a place of its own; none without a key.
    pub fn seal_text(&self, place: &str, text: &str) -> Option<String> {
        self.ring().seal(place, text)
    }

    /// A text that was sealed for a place; none where it was not, or its key is not at hand.
    pub fn open_text(&self, place: &str, sealed: &str) -> Option<String> {
        self.ring().open(place, sealed)
    }

    /// What a file beside the map holds; none where its key is not at hand.
    pub fn open_file<'a>(&self, kept: &'a [u8]) -> Option<Cow<'a, [u8]>> {
        open_file(&self.ring(), kept).or_else(|| {
            let asked = self.ask_again();
            asked.then(|| open_file(&self.ring(), kept)).flatten()
        })
    }

    /// What seals a new file; none where there is no key.
    pub fn file_sealer(&self) -> Option<FileSealer> {
        self.ask_if_changed();
        FileSealer::new(&self.ring())
    }

    /// A hash of a text that nobody without the key can find by trying; none without a key.
    pub fn fingerprint(&self, text: &str) -> Option<String> {
        self.ring().fingerprint(text)
    }

    /// Whether the source was asked again, and not a moment ago.
    fn ask_again(&self) -> bool {
        let mut asked = self.asked.write().unwrap_or_else(PoisonError::into_inner);
        if self.source.is_none() || asked.0.is_some_and(|at| at.elapsed() < AGAIN) {
            return false;
        }
        asked.0 = Some(Instant::now());
        self.reload().is_ok()
    }

    /// Asks a file of keys again that was written since: a value sealed under a key that is
    /// not known yet would not be found.
    fn ask_if_changed(&self) {
        let Some(file) = self.source.as_ref().and_then(Source::file) else {
            return;
        };
        let written = std::fs::metadata(file)
            .and_then(|found| found.modified())
            .ok();
        let known = self.asked.read().unwrap_or_else(PoisonError::into_inner).1;
        if written.is_some() && written != known && self.reload().is_ok() {
            self.asked.write().unwrap_or_else(PoisonError::into_inner).1 = written;
        }
    }
}

/// What a sealed value is bound to: it cannot be moved to another field.
fn place(layer: &Layer, field: &Field) -> String {
    format!("{}/{}", layer.id, field.name)
}

#[cfg(test)]
mod tests;
