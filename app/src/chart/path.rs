//! The way of a pen, in whole px: lines and closed shapes, which belong together.

/// Lines and shapes of one class.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub(super) pieces: Vec<Piece>,
}

/// What the pen draws without being lifted.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub(super) points: Vec<(i32, i32)>,
    /// It leads back to where it began.
    pub(super) closed: bool,
}

impl Path {
    /// Lifts the pen and puts it down elsewhere.
    pub(super) fn move_to(&mut self, to: (i32, i32)) {
        self.pieces.push(Piece {
            points: vec![to],
            closed: false,
        });
    }

    /// Draws a straight line.
    pub(super) fn line_to(&mut self, to: (i32, i32)) {
        match self.pieces.last_mut() {
            Some(piece) => piece.points.push(to),
            None => self.move_to(to),
        }
    }

    /// A line through points; one point alone is a dot.
    pub(super) fn through(&mut self, points: &[(i32, i32)]) {
        if !points.is_empty() {
            self.pieces.push(Piece {
                points: points.to_vec(),
                closed: false,
            });
        }
    }

    /// A line of its own from one point to another.
    pub(super) fn stroke(&mut self, from: (i32, i32), to: (i32, i32)) {
        self.through(&[from, to]);
    }

    /// Leads back to where the pen was put down last.
    pub(super) fn close(&mut self) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.closed = true;
        }
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
}
