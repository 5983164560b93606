//! Plain pages for people who look at the interface with a browser.

use std::fmt::Write;

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::Value;

use super::{App, Format, Link};

/// Own style sheet, and nothing else.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// A page in the making. Every text is escaped.
pub(crate) struct Page(String);

/// A table in the making.
pub(crate) struct Table {
    head: String,
    rows: String,
}

/// The style sheet of these pages.
pub(super) fn routes() -> Router<App> {
    Router::new().route(
        "/api.css",
        get(|| async {
            let kind = [(header::CONTENT_TYPE, "text/css; charset=utf-8")];
            (kind, include_str!("html.css"))
        }),
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// An address that leads somewhere over HTTP, escaped; none for `javascript:` and the like.
fn address(text: &str) -> Option<String> {
    let web = text.starts_with("http://") || text.starts_with("https://") || text.starts_with('/');
    web.then(|| escaped(text))
}

impl Page {
    /// A page with a title in both languages.
    pub(crate) fn new(zh: &str, en: &str) -> Self {
        let (zh, en) = (escaped(zh), escaped(en));
        Self(format!(
            "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{zh} · {en}</title><link rel=\"stylesheet\" href=\"/api.css\"></head><body>\
             <nav><a href=\"/\">一张图 Map</a><a href=\"/collections?f=html\">图层 Collections</a>\
             <a href=\"/api.html\">接口 API</a></nav><main><h1>{zh} <small>{en}</small></h1>"
        ))
    }

    /// Adds a paragraph.
    pub(crate) fn text(&mut self, text: &str) {
        self.0.push_str("<p>");
        self.0.push_str(&escaped(text));
        self.0.push_str("</p>");
    }

    /// Adds a heading.
    pub(crate) fn heading(&mut self, text: &str) {
        self.0.push_str("<h2>");
        self.0.push_str(&escaped(text));
        self.0.push_str("</h2>");
    }

    /// Adds links, one beside the other.
    pub(crate) fn links(&mut self, links: &[Link]) {
        self.0.push_str("<p class=\"links\">");
        for link in links {
            let title = match (&link.title, link.media_type) {
                (Some(title), _) => title.clone(),
                (None, Some(kind)) => format!("{} ({kind})", link.rel),
                (None, None) => link.rel.to_owned(),
            };
            if let Some(href) = address(&link.href) {
                self.0
                    .push_str(&format!("<a href=\"{href}\">{}</a> ", escaped(&title)));
            }
        }
        self.0.push_str("</p>");
    }

    /// Adds a table.
    pub(crate) fn table(&mut self, table: Table) {
        self.0.push_str("<div class=\"table\"><table><thead><tr>");
        self.0.push_str(&table.head);
        self.0.push_str("</tr></thead><tbody>");
        self.0.push_str(&table.rows);
        self.0.push_str("</tbody></table></div>");
    }

    /// Adds any JSON document as nested lists.
    pub(crate) fn value(&mut self, value: &Value) {
        match value {
            Value::Object(members) => {
                self.0.push_str("<dl>");
                for (name, member) in members {
                    self.0.push_str(&format!("<dt>{}</dt><dd>", escaped(name)));
                    self.value(member);
                    self.0.push_str("</dd>");
                }
                self.0.push_str("</dl>");
            }
            Value::Array(items) => {
                self.0.push_str("<ul>");
                for item in items {
                    self.0.push_str("<li>");
                    self.value(item);
                    self.0.push_str("</li>");
                }
                self.0.push_str("</ul>");
            }
            Value::String(text) => match address(text) {
                Some(href) => self
                    .0
                    .push_str(&format!("<a href=\"{href}\">{}</a>", escaped(text))),
                None => self.0.push_str(&escaped(text)),
            },
            Value::Null => self.0.push('–'),
            other => self.0.push_str(&escaped(&other.to_string())),
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let mut response = format!("{}</main></body></html>", self.0).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(Format::Html.media_type()),
        );
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        response
    }
}

impl Table {
    /// A table whose first column has a title.
    pub(crate) fn new(first: &str) -> Self {
        Self {
            head: format!("<th>{}</th>", escaped(first)),
            rows: String::new(),
        }
    }

    /// Adds a column with a title in both languages.
    pub(crate) fn column(&mut self, zh: &str, en: &str) {
        // Writing into a string does not fail.
        let _ = write!(
            self.head,
            "<th>{} <small>{}</small></th>",
            escaped(zh),
            escaped(en)
        );
    }

    /// Adds a row whose first cell leads somewhere, unless the address is empty.
    pub(crate) fn row(&mut self, href: &str, first: &str, cells: impl IntoIterator<Item = String>) {
        let first = escaped(first);
        self.rows.push_str("<tr><th>");
        match address(href) {
            Some(href) => self
                .rows
                .push_str(&format!("<a href=\"{href}\">{first}</a>")),
            None => self.rows.push_str(&first),
        }
        self.rows.push_str("</th>");
        for cell in cells {
            self.rows.push_str("<td>");
            self.rows.push_str(&escaped(&cell));
            self.rows.push_str("</td>");
        }
        self.rows.push_str("</tr>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_typed_becomes_markup() {
        let mut page = Page::new("<script>", "\"");
        let mut table = Table::new("<b>");
        table.column("<i>", "'");
        table.row("javascript:alert(1)", "<u>", ["<td>".to_owned()]);
        page.table(table);
        page.value(&serde_json::json!({"<a>": ["<p>", "javascript:1", "/x\"y"]}));
        for raw in [
            "<script>",
            "<b>",
            "<i>",
            "<u>",
            "<td><td>",
            "<a>",
            "<p>",
            "href=\"javascript",
            "x\"y",
        ] {
            assert!(!page.0.contains(raw), "{raw}");
        }
    }
}
