//! A filled form as a PDF.

use yizhangtu_data::{catalog::document::Block, clock};

use crate::print::{Align, Flow, GridCell, Paper, Running, Type};

/// Sizes of type in points: title, text of a notice, text of a table.
const TITLE: f64 = 20.0;
const TEXT: f64 = 13.0;
const CELL: f64 = 11.0;
/// The margin in mm.
const MARGIN: f64 = 25.0;

/// Sets a document: `kind` names it, `foot` stands at the foot of each page.
pub(super) fn pdf(kind: &str, office: &str, foot: &str, blocks: &[Block], draft: bool) -> Vec<u8> {
    let running = Running {
        head: String::new(),
        foot: foot.to_owned(),
        watermark: if draft {
            "草稿　不作文书使用"
        } else {
            ""
        }
        .to_owned(),
    };
    let size = Paper::A4.portrait();
    let mut flow = Flow::new((kind, office), clock::now(), (size, MARGIN), running);
    let text = || Type {
        leading: 1.7,
        ..Type::new(TEXT)
    };
    for block in blocks {
        match block {
            Block::Title(words) => {
                let style = Type::new(TITLE).bold().align(Align::Middle);
                flow.text(words, &style, [2.0, 4.0]);
            }
            Block::Heading(words) => {
                flow.text(words, &Type::new(15.0).align(Align::Middle), [0.0, 1.0]);
            }
            Block::Right(words) => flow.text(words, &text().align(Align::End), [0.0, 1.0]),
            Block::Middle(words) => flow.text(words, &text().align(Align::Middle), [0.0, 1.0]),
            Block::Left(words) => flow.text(words, &text(), [0.0, 0.0]),
            Block::Paragraph(words) => {
                for part in words.split('\n') {
                    flow.text(&format!("　　{part}"), &text(), [0.0, 0.0]);
                }
            }
            Block::Gap => flow.text("", &text(), [0.0, 0.0]),
            Block::Row { cells, least_mm } => {
                let label = |at: usize| at.is_multiple_of(2) && cells.len() > 1;
                let cells: Vec<GridCell> = (cells.iter().enumerate())
                    .map(|(at, cell)| GridCell {
                        text: cell.text.clone(),
                        parts: f64::from(cell.parts),
                        label: label(at),
                    })
                    .collect();
                flow.grid_row(&cells, CELL, f64::from(*least_mm));
            }
        }
    }
    flow.finish()
}
