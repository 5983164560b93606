//! What an import did, or would do.

use serde::Serialize;

use crate::Text;

/// Refusals and repairs beyond this many are counted, not kept.
pub(super) const KEPT: usize = 1000;

/// Rows by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows read from the files.
    pub read: u64,
    /// Features that are new.
    pub added: u64,
    /// Features that were there and are different now.
    pub changed: u64,
    /// Features that were there and are the same.
    pub unchanged: u64,
    /// Of those added, changed or unchanged: features whose geometry was mended.
    pub repaired: u64,
    /// Rows that were pieces of a feature that another row began.
    pub merged: u64,
    /// Rows that can't be imported.
    pub refused: u64,
    /// Features without a place, in a layer with places.
    pub without_place: u64,
}

/// A row that can't be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The file's name.
    pub file: String,
    /// The row or feature, counted from 1 as a user of the file counts.
    pub row: u64,
    /// The column or field at fault, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Value and remedy, in both languages: the same of every row with the same fault.
    pub reason: String,
    /// File, row, field, value and remedy, in both languages.
    pub message: String,
}

/// A geometry that was mended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mended {
    /// The file's name.
    pub file: String,
    /// The row or feature.
    pub row: u64,
    /// What was done, in both languages.
    pub message: String,
}

/// Where a column went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mapped {
    /// The column's heading in the file.
    pub column: String,
    /// The field of the layer.
    pub field: String,
    /// Why: `profile`, `name`, `label`, `alias` or `cut`.
    pub by: &'static str,
    /// The unit that values are turned from, where it is not that of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// A value that no code list knows, which the profile may translate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnknownCode {
    /// The field.
    pub field: String,
    /// The list that it takes its codes from.
    pub list: String,
    /// The value as the file has it.
    pub value: String,
    /// How many rows have it.
    pub rows: u64,
}

/// What became of one layer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LayerReport {
    /// The layer.
    pub layer: String,
    /// Rows by what became of them.
    pub counts: Counts,
    /// Columns that went into fields.
    pub mapped: Vec<Mapped>,
    /// Columns that did not.
    pub unmapped: Vec<String>,
    /// Values that are no codes, those of most rows first.
    pub unknown_codes: Vec<UnknownCode>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Report {
    /// The files read.
    pub files: Vec<String>,
    /// Whether nothing was to be written.
    pub dry_run: bool,
    /// Whether anything was written.
    pub written: bool,
    /// The coordinate system that was turned from, one a file.
    pub crs: Vec<String>,
    /// The encoding of the texts, one a file, where the format does not fix it.
    pub encoding: Vec<String>,
    /// All layers together.
    pub counts: Counts,
    /// Each layer.
    pub layers: Vec<LayerReport>,
    /// What the user should know, in both languages.
    pub warnings: Vec<String>,
    /// The first rows that can't be imported; `counts.refused` has the number.
    pub refusals: Vec<Refusal>,
    /// The first geometries that were mended; `counts.repaired` has the number.
    pub repairs: Vec<Mended>,
    /// The batch that takes the import back; none where nothing was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The number of the last change in the file, where something was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
}

impl Report {
    pub(super) fn warn(&mut self, words: &Text) {
        let line = format!("{} / {}", words.zh, words.en);
        if !self.warnings.contains(&line) {
            self.warnings.push(line);
        }
    }

    /// The whole report as lines for people.
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        for (file, crs) in self.files.iter().zip(&self.crs) {
            lines.push(format!("{file}：坐标系 {crs} / coordinate system {crs}"));
        }
        for encoding in &self.encoding {
            lines.push(format!("编码 {encoding} / encoding {encoding}"));
        }
        for layer in &self.layers {
            let mapped: Vec<String> = layer
                .mapped
                .iter()
                .map(|it| match &it.unit {
                    Some(unit) => format!("{} → {}（{unit}）", it.column, it.field),
                    None => format!("{} → {}", it.column, it.field),
                })
                .collect();
            if !mapped.is_empty() {
                let list = mapped.join("，");
                lines.push(format!("{} 字段对应 / fields: {list}", layer.layer));
            }
            if !layer.unmapped.is_empty() {
                lines.push(format!(
                    "{} 未导入的列 / columns left out: {}",
                    layer.layer,
                    layer.unmapped.join("，")
                ));
            }
        }
        lines.extend(
            self.warnings
                .iter()
                .map(|line| format!("注意 / note: {line}")),
        );
        lines.extend(self.repairs.iter().take(20).map(|mended| {
            let (zh, en) = mended
                .message
                .split_once(" / ")
                .unwrap_or((&mended.message, ""));
            format!(
                "{} 第 {} 行 {zh} / row {} {en}",
                mended.file, mended.row, mended.row
            )
        }));
        if self.repairs.len() > 20 {
            let more = self.repairs.len() - 20;
            lines.push(format!(
                "…另有 {more} 处修复，见 --json / {more} more repairs, see --json"
            ));
        }
        lines.extend(self.refusals.iter().take(50).map(|it| it.message.clone()));
        if self.counts.refused > 50 {
            let more = self.counts.refused - 50;
            lines.push(format!(
                "…另有 {more} 行被拒，见 --json / {more} more rows refused, see --json"
            ));
        }
        if self.layers.len() > 1 {
            for layer in &self.layers {
                lines.push(format!("{}：{}", layer.layer, figures(&layer.counts)));
            }
        }
        lines.push(figures(&self.counts));
        if let Some(batch) = &self.batch {
            lines.push(format!(
                "批次 {batch}，可用 --undo {batch} 撤销 / batch {batch}; --undo {batch} takes it back"
            ));
        }
        lines.push(self.outcome().to_owned());
        lines.join("\n")
    }

    /// In one line, what became of the import.
    pub fn outcome(&self) -> &'static str {
        match (self.written, self.dry_run, self.counts.refused) {
            (true, _, _) => "已写入 / written",
            (false, true, _) => "试运行，未写入任何内容 / dry run, nothing was written",
            (false, false, 0) => {
                "没有变化，未写入任何内容 / nothing has changed, nothing was written"
            }
            (false, false, _) => {
                "有行被拒，未写入任何内容；请修正，或加 --accept-partial 只导入合格的行 / rows were refused and nothing was written; correct them, or add --accept-partial to import the good rows alone"
            }
        }
    }

    /// The lines of the refused rows and the figures, for standard error.
    pub fn summary(&self) -> String {
        self.text()
    }
}

fn figures(counts: &Counts) -> String {
    let Counts {
        read,
        added,
        changed,
        unchanged,
        repaired,
        merged,
        refused,
        ..
    } = counts;
    format!(
        "读取 {read}，新增 {added}，变更 {changed}，未变 {unchanged}，修复 {repaired}，合并 {merged}，拒绝 {refused} / read {read}, added {added}, changed {changed}, unchanged {unchanged}, repaired {repaired}, merged {merged}, refused {refused}"
    )
}
