//! A file as it comes: to the disk, sealed where there is a key, while it is hashed. Only one
//! that came whole is read back to be looked at.

use std::io::{self, Write as _};

use axum::{
    body::{Body, Bytes},
    http::StatusCode,
};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use yizhangtu_data::{
    hexadecimal,
    store::{Attachments, Part},
};

use super::{
    camera::{self, Taken},
    media::{Recognised, Unfit, recognise},
    rules::Rules,
};
use crate::{
    changes::{not_written, of_store},
    http::Problem,
};

/// A file that came whole, and what it is.
pub(super) struct Received {
    pub(super) part: Part,
    pub(super) hash: String,
    pub(super) bytes: u64,
    pub(super) what: Recognised,
    pub(super) taken: Taken,
}

/// Takes a file in.
///
/// # Errors
/// 413 where it is too large, 415 where it is of no type that is taken, 422 where it is
/// damaged, 507 where the disk is full; nothing is left then.
pub(super) async fn file(files: &Attachments, body: Body) -> Result<Received, Problem> {
    let rules = Rules::usual();
    let folder = files.clone();
    let mut part = tokio::task::spawn_blocking(move || folder.begin())
        .await
        .map_err(Problem::internal)?
        .map_err(|error| of_store(&error))?;
    let folder = files.folder().to_path_buf();
    let failed = |error| not_written(&folder, error);
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut body = body.into_data_stream();
    while let Some(chunk) = body.next().await {
        let chunk: Bytes = chunk.map_err(|error| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                format!("上传中断，请重试：{error} / the upload broke off; send it again: {error}"),
            )
        })?;
        bytes += chunk.len() as u64;
        if bytes > rules.largest_of_all() {
            return Err(too_large(rules.largest_of_all()));
        }
        hash.update(&chunk);
        let written = tokio::task::spawn_blocking(move || part.write_all(&chunk).map(|()| part));
        part = written.await.map_err(Problem::internal)?.map_err(failed)?;
    }
    let files = files.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let part = part.complete()?;
        let content = files.read_part(&part)?;
        let what = recognise(&content, rules);
        Ok::<_, io::Error>((part, what, camera::taken(&content)))
    });
    let (part, what, taken) = (looked.await).map_err(Problem::internal)?.map_err(failed)?;
    let what = what.map_err(|unfit| refused(unfit, rules))?;
    let largest = rules
        .largest(what.media)
        .ok_or_else(|| refused(Unfit::Unknown, rules))?;
    if bytes > largest {
        return Err(too_large(largest));
    }
    Ok(Received {
        part,
        hash: hexadecimal(&hash.finalize()),
        bytes,
        what,
        taken,
    })
}

pub(super) fn too_large(largest: u64) -> Problem {
    let size = largest / 1_000_000;
    Problem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("文件超过 {size} MB，请压缩后再传 / larger than {size} MB; make it smaller"),
    )
}

fn refused(unfit: Unfit, rules: &Rules) -> Problem {
    match unfit {
        Unfit::Unknown => {
            let types = rules.types();
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!(
                    "只收照片（JPEG、PNG、WebP）和 PDF，以文件内容为准 / only {types} are taken; the content decides"
                ),
            )
        }
        Unfit::Damaged => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "文件已损坏或不完整，请重新选择 / the file is damaged or cut off; choose it again",
        ),
        Unfit::TooManyPixels => Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "图片像素太多，请缩小后再传 / the picture has too many pixels; make it smaller",
        ),
    }
}
