//! Running text: headings, paragraphs and tables set one under the other, over as many pages
//! as they take, with a line at the head and foot of each.

use chrono::{DateTime, FixedOffset};

use super::{
    canvas::{Align, Canvas, Color, Stroke, Type},
    document::Document,
    paper::Size,
    table::Table,
    text,
};

/// What stands on every page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running {
    /// At the head; may be empty.
    pub(crate) head: String,
    /// At the foot, beside the page number; may be empty.
    pub(crate) foot: String,
    /// Slantwise over the page; may be empty.
    pub(crate) watermark: String,
}

/// A document that is set from top to bottom.
pub(crate) struct Flow {
    document: Document,
    size: Size,
    pub(super) margin: f64,
    running: Running,
    /// How many columns a page has, which of them is set, and where they begin on this page.
    columns: u8,
    column: u8,
    top: f64,
    /// Where the next thing goes, in millimetres from the top.
    pub(super) y: f64,
}

/// Room for the line at the foot.
const FOOT: f64 = 8.0;

/// Between two columns.
const GAP: f64 = 8.0;

impl Flow {
    /// An empty document with margins in millimetres on all sides.
    pub(crate) fn new(
        (title, author): (&str, &str),
        made_at: DateTime<FixedOffset>,
        (size, margin): (Size, f64),
        running: Running,
    ) -> Self {
        let mut flow = Self {
            document: Document::new(title, author, made_at),
            size,
            margin,
            running,
            columns: 1,
            column: 0,
            top: margin,
            y: 0.0,
        };
        flow.page();
        flow
    }

    /// Goes on with a new page of the same size.
    pub(crate) fn page(&mut self) {
        self.document.add(self.size);
        self.column = 0;
        self.top = self.margin;
        self.y = self.top;
    }

    /// Sets what comes in so many columns, from here on.
    pub(crate) fn columns(&mut self, columns: u8) {
        self.columns = columns.max(1);
        self.column = 0;
        self.top = self.y;
    }

    /// Goes on with the next column, on a new page after the last.
    fn go_on(&mut self) {
        if self.column + 1 < self.columns {
            self.column += 1;
            self.y = self.top;
        } else {
            self.page();
        }
    }

    /// Width of a column; between the margins, where there is one.
    pub(crate) fn width(&self) -> f64 {
        let columns = f64::from(self.columns);
        (self.size.width - 2.0 * self.margin - GAP * (columns - 1.0)) / columns
    }

    /// The left edge of the column.
    fn left(&self) -> f64 {
        self.margin + f64::from(self.column) * (self.width() + GAP)
    }

    /// What is left of the page, in millimetres.
    pub(crate) fn room(&self) -> f64 {
        self.size.height - self.margin - FOOT - self.y
    }

    /// What an empty page has room for, in millimetres.
    pub(super) fn page_room(&self) -> f64 {
        self.size.height - 2.0 * self.margin - FOOT
    }

    /// A text in a style, set off by millimetres before and after it.
    pub(crate) fn text(&mut self, text: &str, style: &Type, [before, after]: [f64; 2]) {
        self.y += before;
        let width = self.width();
        for line in text::wrap(text, style.size, width) {
            if self.room() < style.leading() {
                self.go_on();
            }
            let x = match style.align {
                Align::Start => self.left(),
                Align::Middle => self.left() + width / 2.0,
                Align::End => self.left() + width,
            };
            let base = self.y + style.leading() * 0.78;
            self.canvas().text([x, base], &line, style);
            self.y += style.leading();
        }
        self.y += after;
    }

    /// The title in the middle.
    pub(crate) fn title(&mut self, text: &str) {
        let style = Type::new(18.0).bold().align(Align::Middle);
        self.text(text, &style, [2.0, 5.0]);
    }

    /// A heading, which does not stand alone at the foot of a column.
    pub(crate) fn heading(&mut self, text: &str) {
        if self.room() < 32.0 {
            self.go_on();
        }
        self.text(text, &Type::new(12.5).bold(), [4.0, 2.0]);
    }

    /// A paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.text(text, &Type::new(10.5), [0.0, 2.0]);
    }

    /// A table as wide as the column.
    pub(crate) fn table(&mut self, table: Table) {
        let table = table.fit(self.width());
        if self.room() < table.least_height() {
            self.go_on();
        }
        let mut next = 0;
        loop {
            let (at, room) = ([self.left(), self.y], self.room());
            let (after, used) = table.draw(&mut self.canvas(), at, room, next);
            self.y += used + 3.0;
            next = after;
            if next >= table.rows.len() {
                return;
            }
            self.go_on();
        }
    }

    /// Something drawn: so high, at its upper left corner, as wide as the column.
    pub(crate) fn drawing(&mut self, height: f64, draw: impl FnOnce(&mut Canvas<'_>, [f64; 4])) {
        if self.room() < height {
            self.go_on();
        }
        let area = [self.left(), self.y, self.width(), height];
        draw(&mut self.canvas(), area);
        self.y += height + 3.0;
    }

    /// The page in the making.
    pub(super) fn canvas(&mut self) -> Canvas<'_> {
        let last = self.document.len() - 1;
        self.document.page(last)
    }

    /// The file, with heads, feet and page numbers.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        let pages = self.document.len();
        for number in 0..pages {
            let mut canvas = self.document.page(number);
            frame(&mut canvas, self.margin, &self.running, (number + 1, pages));
        }
        self.document.finish()
    }
}

/// The lines at the head and foot of a page, and its watermark.
fn frame(canvas: &mut Canvas<'_>, margin: f64, running: &Running, (number, pages): (usize, usize)) {
    let Size { width, height } = canvas.size();
    let small = Type::new(8.0).color(Color::GREY);
    canvas.text([margin, margin - 3.0], &running.head, &small);
    let low = height - margin;
    let rule = Stroke::new(Color::GREY, 0.1);
    canvas.line(&[[margin, low - 4.5], [width - margin, low - 4.5]], &rule);
    canvas.text([margin, low], &running.foot, &small);
    let page = format!("第 {number} 页 / 共 {pages} 页");
    canvas.text([width - margin, low], &page, &small.align(Align::End));
    watermark(canvas, &running.watermark);
}

/// A text slantwise over a page, again and again, so that no cut takes it away.
pub(crate) fn watermark(canvas: &mut Canvas<'_>, text: &str) {
    if text.is_empty() {
        return;
    }
    let Size { width, height } = canvas.size();
    let style = Type {
        turned: 30.0,
        opacity: 0.10,
        align: Align::Middle,
        ..Type::new(15.0)
    };
    let (across, down) = (style.width(text).max(70.0) + 25.0, 60.0);
    canvas.unread(|canvas| {
        let (mut y, mut odd) = (down / 2.0, false);
        while y < height + down / 2.0 {
            let mut x = if odd { 0.0 } else { across / 2.0 };
            while x < width + across / 2.0 {
                canvas.text([x, y], text, &style);
                x += across;
            }
            y += down;
            odd = !odd;
        }
    });
}
