//! Writes SVG as text: paths, rectangles and words, each with a class. `style/chart.css` gives a class its colour and
//! its dash, so that the picture is the same text in every theme. Pure; the same on the server and in the browser.

/// A picture that is being written.
pub(super) struct Svg {
    text: String,
}

/// Which end of a label stands at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hang {
    Left,
    Center,
    Right,
}

impl Svg {
    /// An empty picture of this size in px.
    pub(super) fn new(width: i32, height: i32) -> Self {
        let mut svg = Self {
            text: String::with_capacity(16 * 1024),
        };
        svg.push("<svg");
        for (name, value) in [("width", width), ("height", height)] {
            svg.attribute(name, value);
        }
        svg.push(" viewBox=\"0 0 ");
        svg.number(width);
        svg.push(" ");
        svg.number(height);
        svg.push("\">");
        svg
    }

    /// The whole picture.
    pub(super) fn finish(mut self) -> String {
        self.push("</svg>");
        self.text
    }

    /// Draws a path; nothing if it has no point.
    pub(super) fn path(&mut self, class: &str, path: &Path) {
        if path.text.is_empty() {
            return;
        }
        self.open("path", class);
        self.push(" d=\"");
        self.push(&path.text);
        self.push("\"/>");
    }

    pub(super) fn rect(&mut self, class: &str, a: (i32, i32), b: (i32, i32)) {
        if a.0 >= b.0 || a.1 >= b.1 {
            return;
        }
        self.open("rect", class);
        for (name, value) in [
            ("x", a.0),
            ("y", a.1),
            ("width", b.0 - a.0),
            ("height", b.1 - a.1),
        ] {
            self.attribute(name, value);
        }
        self.push("/>");
    }

    /// Text on the line of writing `at`. It is the chart's own, or a number: still, it is escaped.
    pub(super) fn words(&mut self, class: &str, at: (i32, i32), hang: Hang, words: &str) {
        self.open("text", class);
        self.attribute("x", at.0);
        self.attribute("y", at.1);
        self.push(match hang {
            Hang::Left => ">",
            Hang::Center => " text-anchor=\"middle\">",
            Hang::Right => " text-anchor=\"end\">",
        });
        for letter in words.chars() {
            match letter {
                '&' => self.push("&amp;"),
                '<' => self.push("&lt;"),
                other => self.text.push(other),
            }
        }
        self.push("</text>");
    }

    fn open(&mut self, element: &str, class: &str) {
        self.push("<");
        self.push(element);
        self.push(" class=\"");
        self.push(class);
        self.push("\"");
    }

    fn attribute(&mut self, name: &str, value: i32) {
        self.push(" ");
        self.push(name);
        self.push("=\"");
        self.number(value);
        self.push("\"");
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn number(&mut self, value: i32) {
        push_number(&mut self.text, value);
    }
}

/// The way of a pen, in whole px.
#[derive(Debug, Default)]
pub(super) struct Path {
    text: String,
    at: (i32, i32),
}

impl Path {
    /// Lifts the pen and puts it down elsewhere.
    pub(super) fn move_to(&mut self, to: (i32, i32)) {
        self.command('M', &[to.0, to.1]);
        self.at = to;
    }

    /// Draws a straight line.
    pub(super) fn line_to(&mut self, to: (i32, i32)) {
        match (to.0 == self.at.0, to.1 == self.at.1) {
            (true, true) => return,
            (true, false) => self.command('V', &[to.1]),
            (false, true) => self.command('H', &[to.0]),
            (false, false) => self.command('L', &[to.0, to.1]),
        }
        self.at = to;
    }

    /// A line through points; one point alone is a dot, as lines have round ends.
    pub(super) fn through(&mut self, points: &[(i32, i32)]) {
        let Some((first, rest)) = points.split_first() else {
            return;
        };
        self.move_to(*first);
        if rest.iter().all(|point| point == first) {
            self.command('H', &[first.0]);
        }
        for point in rest {
            self.line_to(*point);
        }
    }

    /// A line of its own from one point to another.
    pub(super) fn stroke(&mut self, from: (i32, i32), to: (i32, i32)) {
        self.move_to(from);
        self.line_to(to);
    }

    /// Leads back to where the pen was put down last.
    pub(super) fn close(&mut self) {
        self.text.push('Z');
    }

    /// A square on its corner, `radius` px high and wide to each side.
    pub(super) fn diamond(&mut self, at: (i32, i32), radius: i32) {
        let (x, y) = at;
        self.through(&[
            (x, y - radius),
            (x + radius, y),
            (x, y + radius),
            (x - radius, y),
        ]);
        self.close();
    }

    fn command(&mut self, letter: char, numbers: &[i32]) {
        self.text.push(letter);
        for (index, number) in numbers.iter().enumerate() {
            if index > 0 {
                self.text.push(' ');
            }
            push_number(&mut self.text, *number);
        }
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
    fn level_and_upright_lines_are_short() {
        let mut path = Path::default();
        path.through(&[(1, 2), (5, 2), (5, 9), (6, 10), (6, 10)]);
        assert_eq!(path.text, "M1 2H5V9L6 10");
    }

    #[test]
    fn one_point_is_a_dot() {
        let mut path = Path::default();
        path.through(&[(1, 2)]);
        assert_eq!(path.text, "M1 2H1");
    }

    #[test]
    fn words_are_escaped_and_nothing_is_drawn_of_nothing() {
        let mut svg = Svg::new(10, 20);
        svg.path("rps", &Path::default());
        svg.rect("ready", (4, 4), (4, 8));
        svg.words("label", (1, 2), Hang::Right, "<b>&");
        assert_eq!(
            svg.finish(),
            "<svg width=\"10\" height=\"20\" viewBox=\"0 0 10 20\">\
             <text class=\"label\" x=\"1\" y=\"2\" text-anchor=\"end\">&lt;b>&amp;</text></svg>"
        );
    }
}
