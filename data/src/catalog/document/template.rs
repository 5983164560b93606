//! The text of a form, with places to be filled in.
//!
//! A line is a paragraph; what it begins with says how it is set:
//!
//! | begins with | |
//! |---|---|
//! | `# ` | the title |
//! | `## ` | a heading in the middle |
//! | `> ` | at the right margin |
//! | `= ` | in the middle |
//! | `/ ` | at the left margin, not indented |
//! | `~` | an empty line |
//! | `\|: 2 \| 4 \|` | the widths of the rows that follow |
//! | `\| a \| b \|` | a row; its last cell takes the columns that are left |
//! | `\|+30 \| a \| b \|` | a row at least 30 mm high |
//! | `? kind=违法用地 : …` | the line only where the value is one of those (joined by `,`) |
//! | anything else | a paragraph, indented by two characters |
//!
//! `{name}` is filled in; `{name!}` must not be empty; `{name|words}` says what stands there
//! where it is. `\n` breaks a line. Empty lines count for nothing.

use serde::{Deserialize, Serialize};

/// What stands in an empty place that says nothing else: room for a hand.
const BLANK: &str = "＿＿＿＿＿＿";

/// A parsed text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template {
    text: String,
    lines: Vec<Line>,
}

/// A line and when it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// A place and the values of it, one of which it must have.
    pub when: Option<(String, Vec<String>)>,
    /// What it is, with places.
    pub block: Block,
}

/// A part of a document, from top to bottom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// The title.
    Title(String),
    /// A heading in the middle.
    Heading(String),
    /// At the right margin.
    Right(String),
    /// In the middle.
    Middle(String),
    /// At the left margin.
    Left(String),
    /// Indented by two characters.
    Paragraph(String),
    /// Nothing, one line high.
    Gap,
    /// A row of a table.
    Row {
        /// Its cells.
        cells: Vec<Cell>,
        /// Least height in mm.
        least_mm: u16,
    },
}

/// A cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// What stands in it.
    pub text: String,
    /// Its share of the width, in the parts of the row.
    pub parts: u16,
}

/// A place to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// Whether it may not be left empty.
    pub required: bool,
    /// What stands there where it is empty.
    pub otherwise: Option<String>,
}

/// A text that was filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// What stands, from top to bottom.
    pub blocks: Vec<Block>,
    /// Places that may not be empty, and are.
    pub lacking: Vec<String>,
}

impl Template {
    /// Every place in the text, those of conditions too, each once.
    pub fn places(&self) -> Vec<Place> {
        let mut all: Vec<Place> = Vec::new();
        for line in &self.lines {
            let mut add = |place: Place| {
                if all.iter().all(|known| known.name != place.name) {
                    all.push(place);
                }
            };
            if let Some((name, _)) = &line.when {
                add(Place {
                    name: name.clone(),
                    required: false,
                    otherwise: None,
                });
            }
            for text in line.block.texts() {
                for part in parts(text) {
                    if let Part::Place(place) = part {
                        add(place);
                    }
                }
            }
        }
        all
    }

    /// Fills the places; `value` gives what stands in one.
    pub fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Filled {
        let mut lacking: Vec<String> = Vec::new();
        let mut blocks = Vec::new();
        for line in &self.lines {
            if let Some((name, wanted)) = &line.when {
                let held = value(name).unwrap_or_default();
                if !wanted.contains(&held) {
                    continue;
                }
            }
            blocks.push(line.block.map(|text| fill(text, &value, &mut lacking)));
        }
        Filled { blocks, lacking }
    }
}

impl Block {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Title(text)
            | Self::Heading(text)
            | Self::Right(text)
            | Self::Middle(text)
            | Self::Left(text)
            | Self::Paragraph(text) => vec![text],
            Self::Gap => Vec::new(),
            Self::Row { cells, .. } => cells.iter().map(|cell| cell.text.as_str()).collect(),
        }
    }

    fn map(&self, mut change: impl FnMut(&str) -> String) -> Self {
        match self {
            Self::Title(text) => Self::Title(change(text)),
            Self::Heading(text) => Self::Heading(change(text)),
            Self::Right(text) => Self::Right(change(text)),
            Self::Middle(text) => Self::Middle(change(text)),
            Self::Left(text) => Self::Left(change(text)),
            Self::Paragraph(text) => Self::Paragraph(change(text)),
            Self::Gap => Self::Gap,
            Self::Row { cells, least_mm } => Self::Row {
                cells: (cells.iter())
                    .map(|cell| Cell {
                        text: change(&cell.text),
                        parts: cell.parts,
                    })
                    .collect(),
                least_mm: *least_mm,
            },
        }
    }
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut lines = Vec::new();
        let mut widths: Vec<u16> = Vec::new();
        for (at, raw) in text.lines().enumerate() {
            let fault =
                |what: &str| format!("正文第 {0} 行：{what} / line {0} of the body", at + 1);
            let line = raw.trim();
            if line.is_empty() {
                continue;
            }
            let (when, line) = match line.strip_prefix("? ") {
                None => (None, line),
                Some(rest) => {
                    let (condition, rest) = (rest.split_once(" : "))
                        .ok_or_else(|| fault("条件后应有“ : ” (a condition ends in “ : ”)"))?;
                    let (name, values) = (condition.split_once('='))
                        .ok_or_else(|| fault("条件应为 名称=值 (a condition is NAME=VALUE)"))?;
                    let values = values.split(',').map(|one| one.trim().to_owned()).collect();
                    (Some((name.trim().to_owned(), values)), rest.trim())
                }
            };
            if let Some(rest) = line.strip_prefix("|:") {
                widths = (rest.trim_end_matches('|').split('|'))
                    .map(|part| part.trim().parse().ok().filter(|part| *part > 0))
                    .collect::<Option<_>>()
                    .ok_or_else(|| fault("列宽应为正整数 (widths are whole numbers)"))?;
                continue;
            }
            let block = block(line, &widths).map_err(|what| fault(&what))?;
            for text in block.texts() {
                sound(text).map_err(|what| fault(&what))?;
            }
            lines.push(Line { when, block });
        }
        if !lines
            .iter()
            .any(|line| matches!(line.block, Block::Title(_)))
        {
            return Err("正文没有标题（“# ”开头的一行） / the body has no title, a line that begins with “# ”".to_owned());
        }
        Ok(Self { text, lines })
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.text
    }
}

/// A mark at the beginning of a line, and what the rest of the line becomes.
type Sort = (&'static str, fn(String) -> Block);

fn block(line: &str, widths: &[u16]) -> Result<Block, String> {
    let broken = |text: &str| text.trim().replace("\\n", "\n");
    let sorts: [Sort; 5] = [
        ("# ", Block::Title),
        ("## ", Block::Heading),
        ("> ", Block::Right),
        ("= ", Block::Middle),
        ("/ ", Block::Left),
    ];
    for (mark, make) in sorts {
        if let Some(rest) = line.strip_prefix(mark) {
            return Ok(make(broken(rest)));
        }
    }
    if line == "~" {
        return Ok(Block::Gap);
    }
    let Some(row) = line.strip_prefix('|') else {
        return Ok(Block::Paragraph(broken(line)));
    };
    let (least_mm, row) = match row.strip_prefix('+') {
        None => (0, row),
        Some(rest) => {
            let (height, row) = rest
                .split_once('|')
                .ok_or("行高之后应有“|” (a height ends in “|”)")?;
            let height = height.trim().parse();
            (
                height.map_err(|_| "行高应为毫米整数 (a height is in mm)")?,
                row,
            )
        }
    };
    let texts: Vec<String> = split(row.trim().trim_end_matches('|'))
        .into_iter()
        .map(|cell| broken(&cell))
        .collect();
    if texts.len() > widths.len() {
        return Err("单元格多于列宽，请先写“|: 宽 | 宽 |” (more cells than widths; write “|: WIDTH | WIDTH |” first)".to_owned());
    }
    let last = texts.len() - 1;
    let cells = (texts.into_iter().enumerate())
        .map(|(at, text)| Cell {
            text,
            parts: if at == last {
                widths[at..].iter().sum()
            } else {
                widths[at]
            },
        })
        .collect();
    Ok(Block::Row { cells, least_mm })
}

/// The cells of a row; a `|` within braces belongs to its place.
fn split(row: &str) -> Vec<String> {
    let (mut cells, mut within) = (vec![String::new()], false);
    for letter in row.chars() {
        match letter {
            '{' => within = true,
            '}' => within = false,
            '|' if !within => {
                cells.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(cell) = cells.last_mut() {
            cell.push(letter);
        }
    }
    cells
}

enum Part<'a> {
    Words(&'a str),
    Place(Place),
}

/// The words and places of a text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while let Some((words, after)) = rest.split_once('{') {
        let Some((inside, after)) = after.split_once('}') else {
            break;
        };
        all.push(Part::Words(words));
        let (name, otherwise) = match inside.split_once('|') {
            Some((name, words)) => (name, Some(words.to_owned())),
            None => (inside, None),
        };
        let required = name.ends_with('!');
        all.push(Part::Place(Place {
            name: name.trim_end_matches('!').trim().to_owned(),
            required,
            otherwise,
        }));
        rest = after;
    }
    all.push(Part::Words(rest));
    all
}

fn sound(text: &str) -> Result<(), String> {
    let open = text.matches('{').count();
    if open == text.matches('}').count()
        && parts(text).len() == 2 * open + 1
        && parts(text).iter().all(|part| match part {
            Part::Place(place) => !place.name.is_empty(),
            Part::Words(_) => true,
        })
    {
        return Ok(());
    }
    Err("花括号不成对或其中无名称 (braces are not paired, or name nothing)".to_owned())
}

fn fill(text: &str, value: &impl Fn(&str) -> Option<String>, lacking: &mut Vec<String>) -> String {
    let mut filled = String::new();
    for part in parts(text) {
        match part {
            Part::Words(words) => filled.push_str(words),
            Part::Place(place) => {
                let held = value(&place.name).filter(|held| !held.trim().is_empty());
                match held {
                    Some(held) => filled.push_str(&held),
                    None => {
                        if place.required && !lacking.contains(&place.name) {
                            lacking.push(place.name.clone());
                        }
                        filled.push_str(place.otherwise.as_deref().unwrap_or(BLANK));
                    }
                }
            }
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> Result<Template, String> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_notice_is_filled_from_the_case_and_says_what_it_lacks() {
        let notice = template(
            "# 通知书\n> {number}\n/ {party!}：\n经查，你在{address|该处}建房。\n\
             ? kind=违法用地,兼有 : 依据土地管理法。\n? kind=违法建设 : 依据城乡规划法。\n\
             |: 2 | 4 | 2 | 4 |\n| 案由 | {title} | 面积 | {area|0} |\n|+30 | 意见 | {opinion} |",
        )
        .unwrap();
        let filled = notice.fill(|name| match name {
            "kind" => Some("违法建设".to_owned()),
            "number" => Some("1号".to_owned()),
            "title" => Some(" ".to_owned()),
            _ => None,
        });
        assert_eq!(filled.lacking, ["party"]);
        assert_eq!(
            filled.blocks[3],
            Block::Paragraph("经查，你在该处建房。".to_owned())
        );
        assert_eq!(
            filled.blocks[4],
            Block::Paragraph("依据城乡规划法。".to_owned())
        );
        let Block::Row { cells, least_mm: 0 } = &filled.blocks[5] else {
            panic!("a row: {:?}", filled.blocks);
        };
        assert_eq!(
            (cells[1].text.as_str(), cells[3].text.as_str()),
            (BLANK, "0")
        );
        let Block::Row {
            cells,
            least_mm: 30,
        } = &filled.blocks[6]
        else {
            panic!("a high row: {:?}", filled.blocks);
        };
        assert_eq!(
            (cells.len(), cells[1].parts),
            (2, 10),
            "the last cell takes the rest"
        );
        let names: Vec<String> = notice
            .places()
            .into_iter()
            .map(|place| place.name)
            .collect();
        assert_eq!(
            names,
            [
                "number", "party", "address", "kind", "title", "area", "opinion"
            ]
        );
    }

    #[test]
    fn a_faulty_text_is_refused_by_its_line() {
        for (text, said) in [
            ("正文", "没有标题"),
            ("# 标题\n{名称", "第 2 行"),
            ("# 标题\n{}", "第 2 行"),
            ("# 标题\n| a | b |", "列宽"),
            ("# 标题\n|: 2 | x |", "列宽"),
            ("# 标题\n? kind 违法 : 文字", "条件"),
            ("# 标题\n|: 2 |\n|+x | a |", "行高"),
        ] {
            let fault = template(text).unwrap_err();
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
