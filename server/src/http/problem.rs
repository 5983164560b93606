//! Problem documents (RFC 9457): the one way in which anything is refused.

use std::{any::Any, fmt::Display};

use axum::{
    Json,
    body::to_bytes,
    extract::Request,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// Why a request was refused: `type, title, status, detail`, and `errors` where there are
/// many.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    /// A URI of the kind of problem.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The kind of problem, the same for all of its kind.
    title: &'static str,
    /// The status code, repeated in the body.
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    /// What is wrong here, and what to do.
    detail: String,
    /// Each fault, where there are many or a field is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// Further members (RFC 9457 §3.2).
    #[serde(flatten)]
    beside: Box<serde_json::Map<String, serde_json::Value>>,
    /// The entity tag of what is there now.
    #[serde(skip)]
    tag: Option<Box<HeaderValue>>,
}

/// One fault of a request.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FieldProblem {
    /// The parameter or field.
    pub(crate) field: String,
    /// The row of the input, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) row: Option<u64>,
    /// A word that programs can tell faults apart by.
    pub(crate) code: &'static str,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

fn status_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of a status. `detail` is Chinese first, then English.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: title(status),
            status,
            detail: detail.into(),
            errors: Vec::new(),
            beside: Box::default(),
            tag: None,
        }
    }

    /// 400: a parameter is wrong. Names it, says why and what to write instead.
    pub(crate) fn parameter(name: &str, zh: impl Display, en: impl Display) -> Self {
        let message = format!("{zh} / {en}");
        Self::new(
            StatusCode::BAD_REQUEST,
            format!("{name}：{zh} / {name}: {en}"),
        )
        .with(FieldProblem {
            field: name.to_owned(),
            row: None,
            code: "invalid_parameter",
            message,
        })
    }

    /// 400: the body is not the JSON that is asked for.
    pub(crate) fn not_json(error: &serde_json::Error) -> Self {
        Self::parameter(
            "body",
            format_args!("不是所要的 JSON：{error}"),
            format_args!("is not the JSON that is asked for: {error}"),
        )
    }

    /// 400: a parameter is none of those that are offered.
    pub(crate) fn one_of(name: &str, offered: &str) -> Self {
        Self::parameter(
            name,
            format_args!("可用的有 {offered}"),
            format_args!("must be one of {offered}"),
        )
    }

    /// 401: whoever asks may sign in.
    pub(crate) fn sign_in() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "请先登录：POST /session，或在页面右上角登录 / sign in first: POST /session, or at the top right of the page",
        )
    }

    /// 403: the service was started to read only, or the file or its disk is read-only.
    pub(crate) fn read_only() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "服务以只读方式运行，不接受修改 / the service runs read-only and takes no changes",
        )
    }

    /// 403: the file was found damaged; writing would spread it.
    pub(crate) fn damaged() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "数据文件已损坏，现在只能查看，不接受修改；请管理员用 yizhangtu restore 恢复备份 / the data file is damaged: it is shown and takes no changes; have the administrator restore a backup with yizhangtu restore",
        )
    }

    /// 404: what was asked for is not there.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// 500: our own fault. The cause goes to the log, never to the asker.
    pub(crate) fn internal(cause: impl Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "服务器内部错误，详情见服务器日志 / an internal error; the server's log tells more",
        )
    }

    /// Adds one fault.
    pub(crate) fn with(mut self, error: FieldProblem) -> Self {
        self.errors.push(error);
        self
    }

    /// Tells the entity tag of what is there now.
    pub(crate) fn tagged(&mut self, tag: &str) {
        self.tag = HeaderValue::from_str(tag).ok().map(Box::new);
    }

    /// Adds a member of another name.
    pub(crate) fn beside(mut self, name: &str, value: serde_json::Value) -> Self {
        self.beside.insert(name.to_owned(), value);
        self
    }

    /// The status code.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is wrong, for a command line.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(tag) = self.tag {
            headers.insert(header::ETAG, *tag);
        }
        response
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "请求有误 / bad request",
        401 => "未登录 / not signed in",
        403 => "无权访问 / forbidden",
        404 => "不存在 / not found",
        405 => "方法不允许 / method not allowed",
        409 => "与现有数据冲突 / conflict",
        406 => "无法提供该格式 / not acceptable",
        412 => "版本已变 / precondition failed",
        413 => "内容过大 / content too large",
        415 => "格式不支持 / unsupported media type",
        422 => "内容不合要求 / unprocessable content",
        428 => "缺少 If-Match / precondition required",
        429 => "次数过多 / too many requests",
        507 => "磁盘已满 / insufficient storage",
        503 => "暂不可用 / service unavailable",
        500.. => "服务器内部错误 / internal server error",
        _ => "请求未完成 / request refused",
    }
}

/// 404 of a path that leads nowhere.
pub(super) async fn no_such_path(uri: Uri) -> Problem {
    Problem::not_found(format!(
        "没有路径 {path}，全部路径见 /api / there is no path {path}; /api lists them all",
        path = uri.path()
    ))
}

/// 405 of a path that knows other methods.
pub(super) async fn no_such_method(method: Method, uri: Uri) -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!(
            "路径 {path} 不接受 {method} / the path {path} does not take {method}",
            path = uri.path()
        ),
    )
}

/// 500 of a handler that panicked.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    // The panic hook has already logged what and where.
    Problem::internal("a handler panicked").into_response()
}

/// Turns refusals that the framework words in plain text into problem documents.
pub(super) async fn dress(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    if !plain {
        return response;
    }
    let (parts, body) = response.into_parts();
    let words = match to_bytes(body, 64 << 10).await {
        Ok(words) => String::from_utf8_lossy(&words).into_owned(),
        Err(_) => String::new(),
    };
    let detail = match (status, words.trim()) {
        (StatusCode::PAYLOAD_TOO_LARGE, _) => format!(
            "内容超过 {limit} MB，请分批提交 / the body is larger than {limit} MB; send it in parts",
            limit = super::LARGEST_BODY >> 20
        ),
        (_, "") => title(status).to_owned(),
        (_, words) => format!(
            "{} / {words}",
            title(status).split(" / ").next().unwrap_or_default()
        ),
    };
    let mut dressed = Problem::new(status, detail).into_response();
    for (name, value) in &parts.headers {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            dressed.headers_mut().append(name, value.clone());
        }
    }
    dressed
}
