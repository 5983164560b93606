//! Who asks.

use std::convert::Infallible;

use axum::{extract::FromRequestParts, http::request::Parts};
use chrono::{FixedOffset, NaiveDate, Utc};
use yizhangtu_data::{Field, Layer, Record};

use super::{Mask, View};

/// Who asks, and so what is shown to them.
///
/// A file without accounts has one kind of viewer: everyone on this machine, who may read
/// all but personal data, which is masked.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// The day that ages are reckoned on, in China.
    today: NaiveDate,
}

impl Viewer {
    /// Everyone, where the file has no accounts.
    pub(crate) fn anyone() -> Self {
        const CHINA: FixedOffset = FixedOffset::east_opt(8 * 3600).expect("within a day");
        Self {
            today: Utc::now().with_timezone(&CHINA).date_naive(),
        }
    }

    /// What may be seen of a record: the only form in which one leaves.
    pub(crate) fn see<'a>(&self, layer: &'a Layer, record: &'a Record) -> View<'a> {
        View::new(layer, record, self.today)
    }

    /// Whether a field may be filtered and sorted by, and looked up whole.
    ///
    /// A filter on a masked field would answer, guess by guess, what the mask hides.
    pub(crate) fn may_ask_by(&self, field: &Field) -> bool {
        Mask::of(field).is_none()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::anyone())
    }
}
