//! A filled form as a DOCX (ECMA-376): the least that word processors open without a word.

use std::io::{Cursor, Write as _};

use yizhangtu_data::catalog::document::{Block, Cell};
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Width of the text in twentieths of a point: A4 less margins of 25 mm.
const WIDTH: u32 = 9071;
/// Twentieths of a point in a millimetre.
const MILLIMETRE: f64 = 56.693;

const TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>"#;
const OWN_RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>"#;
/// 仿宋 16 point with lines of 28 point, as official documents are written (GB/T 9704-2012).
const STYLES: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="仿宋_GB2312"/><w:sz w:val="32"/><w:szCs w:val="32"/><w:lang w:val="en-US" w:eastAsia="zh-CN"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:line="560" w:lineRule="exact"/><w:jc w:val="both"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>"#;
const NAMESPACES: &str = r#"xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships""#;

/// How a paragraph is set.
struct Set {
    align: &'static str,
    /// Half points.
    size: u32,
    bold: bool,
    /// A face other than that of the text.
    face: Option<&'static str>,
    indented: bool,
    /// Of lines as high as the text asks for, as in tables.
    tight: bool,
}

const PLAIN: Set = Set {
    align: "both",
    size: 32,
    bold: false,
    face: None,
    indented: false,
    tight: false,
};

/// Writes a document: `kind` names it, `foot` stands at the foot of each page.
///
/// # Errors
/// When the parts do not fit into an archive, which they do.
pub(super) fn docx(
    kind: &str,
    office: &str,
    foot: &str,
    blocks: &[Block],
) -> Result<Vec<u8>, ZipError> {
    let core = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title><dc:creator>{}</dc:creator></cp:coreProperties>"#,
        escaped(kind),
        escaped(office)
    );
    let small = Set {
        size: 18,
        align: "center",
        tight: true,
        ..PLAIN
    };
    let footer = format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:ftr {NAMESPACES}>{}</w:ftr>"#,
        paragraph(foot, &small)
    );
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    // No times of day within: the same document is the same bytes.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, part) in [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELATIONS),
        ("docProps/core.xml", &core),
        ("word/_rels/document.xml.rels", OWN_RELATIONS),
        ("word/styles.xml", STYLES),
        ("word/footer1.xml", &footer),
        ("word/document.xml", &body(blocks)),
    ] {
        zip.start_file(name, options)?;
        zip.write_all(part.as_bytes())?;
    }
    Ok(zip.finish()?.into_inner())
}

fn body(blocks: &[Block]) -> String {
    let mut body = String::new();
    let mut rows: Vec<(&[Cell], u16)> = Vec::new();
    for block in blocks {
        if let Block::Row { cells, least_mm } = block {
            rows.push((cells, *least_mm));
            continue;
        }
        body.push_str(&table(&std::mem::take(&mut rows)));
        body.push_str(&set(block));
    }
    body.push_str(&table(&rows));
    format!(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document {NAMESPACES}><w:body>{body}<w:sectPr><w:footerReference w:type="default" r:id="rId2"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1417" w:right="1417" w:bottom="1417" w:left="1418" w:header="720" w:footer="720" w:gutter="0"/></w:sectPr></w:body></w:document>"#
    )
}

fn set(block: &Block) -> String {
    match block {
        Block::Title(words) => paragraph(
            words,
            &Set {
                align: "center",
                size: 44,
                bold: true,
                face: Some("宋体"),
                tight: true,
                ..PLAIN
            },
        ),
        Block::Heading(words) => paragraph(
            words,
            &Set {
                align: "center",
                face: Some("宋体"),
                ..PLAIN
            },
        ),
        Block::Right(words) => paragraph(
            words,
            &Set {
                align: "right",
                ..PLAIN
            },
        ),
        Block::Middle(words) => paragraph(
            words,
            &Set {
                align: "center",
                ..PLAIN
            },
        ),
        Block::Left(words) => paragraph(words, &PLAIN),
        Block::Paragraph(words) => (words.split('\n'))
            .map(|part| {
                paragraph(
                    part,
                    &Set {
                        indented: true,
                        ..PLAIN
                    },
                )
            })
            .collect(),
        Block::Gap => paragraph("", &PLAIN),
        Block::Row { .. } => String::new(),
    }
}

fn paragraph(words: &str, set: &Set) -> String {
    let indent = if set.indented {
        r#"<w:ind w:firstLineChars="200" w:firstLine="640"/>"#
    } else {
        ""
    };
    let spacing = if set.tight {
        r#"<w:spacing w:before="40" w:after="40" w:line="240" w:lineRule="auto"/>"#
    } else {
        ""
    };
    let face = (set.face).map_or_else(String::new, |face| {
        format!(r#"<w:rFonts w:eastAsia="{face}"/>"#)
    });
    let bold = if set.bold { "<w:b/>" } else { "" };
    let runs: Vec<String> = (words.split('\n'))
        .map(|line| format!(r#"<w:t xml:space="preserve">{}</w:t>"#, escaped(line)))
        .collect();
    format!(
        r#"<w:p><w:pPr>{spacing}{indent}<w:jc w:val="{align}"/></w:pPr><w:r><w:rPr>{face}{bold}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr>{text}</w:r></w:p>"#,
        align = set.align,
        size = set.size,
        text = runs.join("<w:br/>"),
    )
}

/// Rows that stand under one another, on a grid of the finest parts among them.
fn table(rows: &[(&[Cell], u16)]) -> String {
    let Some(parts) = (rows.iter())
        .map(|(cells, _)| cells.iter().map(|cell| u32::from(cell.parts)).sum::<u32>())
        .max()
    else {
        return String::new();
    };
    let width = WIDTH / parts.max(1);
    let grid = format!(r#"<w:gridCol w:w="{width}"/>"#).repeat(parts as usize);
    let line =
        |side: &str| format!(r#"<w:{side} w:val="single" w:sz="4" w:space="0" w:color="auto"/>"#);
    let borders: String = ["top", "left", "bottom", "right", "insideH", "insideV"]
        .into_iter()
        .map(line)
        .collect();
    let rows: String = rows
        .iter()
        .map(|(cells, least)| row(cells, *least, width))
        .collect();
    format!(
        r#"<w:tbl><w:tblPr><w:tblW w:w="{WIDTH}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{rows}</w:tbl>"#
    )
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "heights of rows in twentieths of a point"
)]
fn row(cells: &[Cell], least_mm: u16, width: u32) -> String {
    let height = if least_mm > 0 {
        let height = (f64::from(least_mm) * MILLIMETRE) as u32;
        format!(r#"<w:trPr><w:trHeight w:val="{height}" w:hRule="atLeast"/></w:trPr>"#)
    } else {
        String::new()
    };
    let written: String = (cells.iter().enumerate())
        .map(|(at, cell)| {
            let label = at.is_multiple_of(2) && cells.len() > 1;
            let words = paragraph(
                &cell.text,
                &Set {
                    align: if label { "center" } else { "left" },
                    size: 24,
                    tight: true,
                    ..PLAIN
                },
            );
            format!(
                r#"<w:tc><w:tcPr><w:tcW w:w="{}" w:type="dxa"/><w:gridSpan w:val="{}"/><w:vAlign w:val="center"/></w:tcPr>{words}</w:tc>"#,
                width * u32::from(cell.parts),
                cell.parts
            )
        })
        .collect();
    format!("<w:tr>{height}{written}</w:tr>")
}

/// A text within XML, without the characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_a_case_cannot_break_a_document() {
        let blocks = [
            Block::Title("甲 <w:p> & \"乙\"".to_owned()),
            Block::Paragraph("\u{1}一\n二".to_owned()),
        ];
        let body = body(&blocks);
        assert!(
            body.contains("甲 &lt;w:p&gt; &amp; &quot;乙&quot;"),
            "{body}"
        );
        assert_eq!(
            body.matches("<w:p>").count(),
            3,
            "two lines are two paragraphs"
        );
        assert!(!body.contains('\u{1}'));
        let one = docx("甲", "乙", "1号", &blocks).unwrap();
        assert_eq!(
            one,
            docx("甲", "乙", "1号", &blocks).unwrap(),
            "the same bytes"
        );
    }
}
