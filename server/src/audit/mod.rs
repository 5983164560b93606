//! Who did what: acts on record, and the auditor's way to read them.
//!
//! An act is written before its answer leaves. Where it can't be written, what shows nobody's
//! unmasked data goes on and the server's log says so; what does is refused.

mod alarms;
mod archive;
mod object;
mod routes;

use std::net::IpAddr;

use sha2::{Digest, Sha256};
use yizhangtu_data::{
    hexadecimal,
    store::{Act, StoreError},
};

pub(crate) use alarms::ALARMS;
pub(crate) use routes::routes;

use crate::{http::App, policy::Viewer};

/// What was done, for the log.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// A word for the act, such as `login`.
    pub(crate) action: &'static str,
    /// What it was done to; nothing personal.
    pub(crate) object: String,
    /// Whether it was refused.
    pub(crate) refused: bool,
    /// Why.
    pub(crate) reason: String,
    /// How many records it was about.
    pub(crate) count: u64,
}

impl Entry {
    /// An act on an object.
    pub(crate) fn of(action: &'static str, object: impl Into<String>) -> Self {
        Self {
            action,
            object: object.into(),
            ..Self::default()
        }
    }

    /// With the number of records that it was about.
    pub(crate) fn counting(mut self, count: u64) -> Self {
        self.count = count;
        self
    }

    /// With a reason.
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = reason.into();
        self
    }

    /// That was refused.
    pub(crate) fn refused(mut self) -> Self {
        self.refused = true;
        self
    }
}

fn hashed(text: &str) -> String {
    hexadecimal(&Sha256::digest(text.as_bytes())[..8])
}

impl App {
    /// A search term or a name for the log: recognised when it comes again, and not read.
    /// With a key nobody finds a telephone by hashing them all.
    pub(crate) fn fingerprint(&self, text: &str) -> String {
        let text = text.trim();
        let keyed = self.keys().fingerprint(text);
        format!("#{}", keyed.unwrap_or_else(|| hashed(text)))
    }

    /// Writes an act of a viewer.
    ///
    /// # Errors
    /// When it can't be written: the file is only read, or its disk is full.
    pub(crate) fn log(&self, viewer: &Viewer, entry: Entry) -> Result<(), StoreError> {
        let Act {
            action,
            object,
            outcome,
            reason,
            count,
            ..
        } = described(entry);
        self.identity().log(Act {
            action,
            object,
            outcome,
            reason,
            count,
            ..act_of(viewer)
        })
    }

    /// As [`App::log`], of an act that goes on where it can't be written. The guest of a
    /// demonstration stands there by that name and the address; whoever works with a file
    /// without accounts has all of it, its log too.
    pub(crate) fn note(&self, viewer: &Viewer, entry: Entry) {
        if viewer.who().user.is_none() && (viewer.is_local() || viewer.who().role.is_none()) {
            return;
        }
        let action = entry.action;
        if let Err(error) = self.log(viewer, entry) {
            tracing::warn!(action, user = viewer.author(), %error, "an act is not in the audit log");
        }
    }

    /// As [`App::note`], of somebody who gave a name and is not known by it.
    pub(crate) fn note_stranger(&self, user: &str, address: Option<IpAddr>, entry: Entry) {
        let action = entry.action;
        let act = Act {
            // A password typed into the wrong field must not be read here for ever.
            user: self.fingerprint(&user.to_lowercase()),
            address: address
                .map(|address| address.to_string())
                .unwrap_or_default(),
            ..described(entry)
        };
        if let Err(error) = self.identity().log(act) {
            tracing::warn!(action, %error, "an act is not in the audit log");
        }
    }
}

/// Who does something, for the log.
fn act_of(viewer: &Viewer) -> Act {
    let who = viewer.who();
    let role = who.role.as_ref().map(|role| role.id.clone());
    let address = viewer.address().map(|address| address.to_string());
    Act {
        user: viewer.author().to_owned(),
        name: who.name.clone(),
        role: role.unwrap_or_default(),
        unit: who.unit.clone(),
        address: address.unwrap_or_default(),
        ..Act::default()
    }
}

fn described(entry: Entry) -> Act {
    Act {
        action: entry.action.to_owned(),
        object: entry.object,
        outcome: if entry.refused { "refused" } else { "done" }.to_owned(),
        reason: entry.reason,
        count: entry.count,
        ..Act::default()
    }
}
