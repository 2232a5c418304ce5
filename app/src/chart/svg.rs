//! plotters' side of the picture: a backend that writes SVG whose elements have a class instead of colours, so that one
//! picture serves every theme. `style/chart.css` gives a class its colour and its dash.
//!
//! plotters has a backend for SVG of its own. It writes colours, and in the browser it measures texts by adding them to
//! the page: the Content-Security-Policy forbids what it adds, and the picture would differ from the server's.

use std::cell::RefCell;
use std::convert::Infallible;
use std::rc::Rc;

use plotters::style::RGBColor;
use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

/// All classes. A pen's colour is the place of its class here: plotters hands on nothing else.
pub(super) const CLASSES: [&str; 27] = [
    "ahead", "asked", "axis", "bound", "cpu", "cursor", "due", "fail", "grid", "guess", "hold",
    "label", "limit", "look", "lost", "mark", "now", "p50", "p95", "pod", "read", "ready", "rps",
    "target", "tol", "users", "wanted",
];

/// The pen of a class.
pub(super) fn pen(class: &str) -> RGBColor {
    let known = CLASSES.iter().position(|known| *known == class);
    debug_assert!(known.is_some(), "{class} is no class of the chart");
    RGBColor(0, 0, known.unwrap_or(0) as u8)
}

fn class(color: BackendColor) -> &'static str {
    CLASSES
        .get(usize::from(color.rgb.2))
        .copied()
        .unwrap_or_default()
}

/// What is written, shared with who takes it when all is drawn.
pub(super) type Sheet = Rc<RefCell<String>>;

/// Writes what plotters draws.
pub(super) struct Svg {
    sheet: Sheet,
    size: (u32, u32),
    /// Lines of one class that follow each other are one path: this one is still open.
    open: Option<&'static str>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Svg {
    /// An empty picture of this size in px. What it draws is in the sheet, which [`finish`] closes.
    pub(super) fn new(size: (u32, u32)) -> (Self, Sheet) {
        let mut text = String::with_capacity(16 * 1024);
        text.push_str("<svg");
        for (name, value) in [
            (" width=\"", size.0),
            ("\" height=\"", size.1),
            ("\" viewBox=\"0 0 ", size.0),
            (" ", size.1),
        ] {
            text.push_str(name);
            push_number(&mut text, value as i32);
        }
        text.push_str("\">");
        let sheet = Rc::new(RefCell::new(text));
        let svg = Self {
            sheet: Rc::clone(&sheet),
            size,
            open: None,
        };
        (svg, sheet)
    }

    fn write(&self, parts: &[&str]) {
        let mut text = self.sheet.borrow_mut();
        for part in parts {
            text.push_str(part);
        }
    }

    /// Begins an element that is no path.
    fn element(&mut self, name: &str, color: BackendColor) {
        self.close();
        self.write(&["<", name, " class=\"", class(color), "\""]);
    }

    fn attributes(&self, all: &[(&str, i32)]) {
        for (name, value) in all {
            self.write(&[" ", name, "=\""]);
            push_number(&mut self.sheet.borrow_mut(), *value);
            self.write(&["\""]);
        }
    }

    fn close(&mut self) {
        if self.open.take().is_some() {
            self.write(&["\"/>"]);
        }
    }

    /// The way of a pen of this class.
    fn way(&mut self, color: BackendColor, points: impl IntoIterator<Item = BackendCoord>) {
        let class = class(color);
        if self.open != Some(class) {
            self.close();
            self.write(&["<path class=\"", class, "\" d=\""]);
            self.open = Some(class);
        }
        let mut text = self.sheet.borrow_mut();
        let mut at: Option<BackendCoord> = None;
        let mut moved = false;
        for to in points {
            match at {
                None => command(&mut text, 'M', &[to.0, to.1]),
                Some(at) if at == to => continue,
                Some(at) if at.0 == to.0 => command(&mut text, 'V', &[to.1]),
                Some(at) if at.1 == to.1 => command(&mut text, 'H', &[to.0]),
                Some(_) => command(&mut text, 'L', &[to.0, to.1]),
            }
            moved |= at.is_some();
            at = Some(to);
        }
        // One point alone is a dot, as lines have round ends.
        if let (false, Some(at)) = (moved, at) {
            command(&mut text, 'H', &[at.0]);
        }
    }
}

impl Drop for Svg {
    fn drop(&mut self) {
        self.close();
        self.write(&["</svg>"]);
    }
}

impl DrawingBackend for Svg {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    /// The chart draws shapes alone.
    fn draw_pixel(&mut self, _point: BackendCoord, _color: BackendColor) -> Drawn {
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.way(style.color(), [from, to]);
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        self.way(style.color(), path);
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        vert: I,
        style: &S,
    ) -> Drawn {
        self.way(style.color(), vert);
        self.write(&["Z"]);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        a: BackendCoord,
        b: BackendCoord,
        style: &S,
        _fill: bool,
    ) -> Drawn {
        self.element("rect", style.color());
        self.attributes(&[
            ("x", a.0),
            ("y", a.1),
            ("width", b.0 - a.0),
            ("height", b.1 - a.1),
        ]);
        self.write(&["/>"]);
        Ok(())
    }

    /// `pos` is on the line of writing.
    fn draw_text<T: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &T,
        pos: BackendCoord,
    ) -> Drawn {
        self.element("text", style.color());
        self.attributes(&[("x", pos.0), ("y", pos.1)]);
        self.write(&[match style.anchor().h_pos {
            HPos::Left => ">",
            HPos::Center => " text-anchor=\"middle\">",
            HPos::Right => " text-anchor=\"end\">",
        }]);
        // It is the chart's own, or a number: still, it is escaped.
        for letter in text.chars() {
            match letter {
                '&' => self.write(&["&amp;"]),
                '<' => self.write(&["&lt;"]),
                other => self.sheet.borrow_mut().push(other),
            }
        }
        self.write(&["</text>"]);
        Ok(())
    }

    /// Never by the page. The chart places its texts itself, so nothing hangs on it.
    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = style.size();
        let letters = text.chars().count() as f64;
        Ok((
            (letters * size * super::canvas::ADVANCE) as u32,
            size as u32,
        ))
    }
}

fn command(text: &mut String, letter: char, numbers: &[i32]) {
    text.push(letter);
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            text.push(' ');
        }
        push_number(text, *number);
    }
}

/// Writes a whole number. An hour of data has some ten thousand: the formatting machinery would be half of the time.
fn push_number(text: &mut String, value: i32) {
    let mut digits = [0_u8; 10];
    let mut rest = value.unsigned_abs();
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        text.push('-');
    }
    text.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use plotters::element::{PathElement, Polygon, Text};
    use plotters::prelude::{Color, IntoDrawingArea};
    use plotters::style::text_anchor::{Pos, VPos};
    use plotters::style::{IntoTextStyle, TextStyle};

    use super::*;

    #[test]
    fn numbers_are_written_whole() {
        for value in [0, 7, -1, 952, i32::MAX, i32::MIN] {
            let mut text = String::new();
            push_number(&mut text, value);
            assert_eq!(text, value.to_string());
        }
    }

    #[test]
    fn lines_of_one_class_are_one_short_path_and_words_are_escaped() {
        let (svg, sheet) = Svg::new((10, 20));
        let root = svg.into_drawing_area();
        let line = |class, points: Vec<(i32, i32)>| {
            root.draw(&PathElement::new(
                points,
                Color::stroke_width(&pen(class), 1),
            ))
            .expect("a string takes all");
        };
        line("rps", vec![(1, 2), (5, 2), (5, 9), (6, 10), (6, 10)]);
        line("rps", vec![(7, 8)]);
        root.draw(&Polygon::new(
            vec![(1, 1), (2, 2), (1, 2)],
            pen("ready").filled(),
        ))
        .expect("a string takes all");
        let label = pen("label");
        let style: TextStyle<'_> = ("sans-serif", 12)
            .into_text_style(&root)
            .color(&label)
            .pos(Pos::new(HPos::Right, VPos::Bottom));
        root.draw(&Text::new("<b>&", (1, 2), style))
            .expect("a string takes all");
        drop(root);
        assert_eq!(
            sheet.borrow().as_str(),
            "<svg width=\"10\" height=\"20\" viewBox=\"0 0 10 20\">\
             <path class=\"rps\" d=\"M1 2H5V9L6 10M7 8H7\"/><path class=\"ready\" d=\"M1 1L2 2H1Z\"/>\
             <text class=\"label\" x=\"1\" y=\"2\" text-anchor=\"end\">&lt;b>&amp;</text></svg>"
        );
    }
}
