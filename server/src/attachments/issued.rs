//! Files that the program itself makes and hangs on a feature: documents as issued.

use std::io::Write as _;

use sha2::{Digest as _, Sha256};
use yizhangtu_data::{
    Layer, Record, hexadecimal,
    store::{Attachments, StoreError, attachments::LAYER},
};

use super::media::Media;
use crate::changes::ulid;

/// A file that was made.
pub(crate) struct Made {
    /// The media type: `application/pdf` or that of a DOCX.
    pub(crate) media: MadeMedia,
    /// With its ending.
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// What the program makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MadeMedia {
    Pdf,
    Docx,
}

impl Made {
    /// The SHA-256 of its content in hexadecimal digits.
    pub(crate) fn hash(&self) -> String {
        hexadecimal(&Sha256::digest(&self.content))
    }

    /// Puts the file beside the map, before the row that names it is written.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub(crate) fn keep(&self, files: &Attachments) -> Result<(), StoreError> {
        let mut part = files.begin()?;
        (part.write_all(&self.content)).map_err(|source| StoreError::Io {
            path: files.folder().to_path_buf(),
            source,
        })?;
        files.keep(part, &self.hash())
    }

    /// The row that hangs it on a feature; `own` is the layer of attachments.
    pub(crate) fn row(&self, own: &Layer, layer: &str, feature: &str) -> Record {
        let media = match self.media {
            MadeMedia::Pdf => Media::Pdf,
            MadeMedia::Docx => Media::Docx,
        };
        let mut row = Record::new(own, format!("{LAYER}-{}", ulid()));
        row.set(own, "layer", layer)
            .set(own, "feature", feature)
            .set(own, "kind", "文书")
            .set(own, "name", self.name.as_str())
            .set(own, "media_type", media.name())
            .set(own, "hash", self.hash())
            .set(
                own,
                "bytes",
                i64::try_from(self.content.len()).unwrap_or(i64::MAX),
            );
        row
    }
}
