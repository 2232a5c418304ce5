//! Leaves out the points of a line that no eye can see, and never a peak.

/// Points in order of their px. Of several in one column the first, the lowest, the highest and the last stay; within a
/// level stretch its ends.
pub(super) fn thin(points: impl IntoIterator<Item = (i32, i32)>) -> Vec<(i32, i32)> {
    let mut kept = Vec::new();
    let mut column: Option<Column> = None;
    for (x, y) in points {
        match &mut column {
            Some(column) if column.x == x => column.take(y),
            _ => {
                if let Some(column) = column.replace(Column::new(x, y)) {
                    column.put(&mut kept);
                }
            }
        }
    }
    if let Some(column) = column {
        column.put(&mut kept);
    }
    kept
}

/// The points of one px column.
struct Column {
    x: i32,
    first: i32,
    least: i32,
    most: i32,
    last: i32,
}

impl Column {
    fn new(x: i32, y: i32) -> Self {
        Self {
            x,
            first: y,
            least: y,
            most: y,
            last: y,
        }
    }

    fn take(&mut self, y: i32) {
        self.least = self.least.min(y);
        self.most = self.most.max(y);
        self.last = y;
    }

    fn put(&self, kept: &mut Vec<(i32, i32)>) {
        for y in [self.first, self.least, self.most, self.last] {
            let point = (self.x, y);
            match kept[..] {
                [.., last] if last == point => {}
                // A level stretch needs its two ends only.
                [.., before, last] if before.1 == y && last.1 == y => {
                    kept.pop();
                    kept.push(point);
                }
                _ => kept.push(point),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_peak_is_lost_within_a_column() {
        let points = [(0, 50), (1, 50), (1, 3), (1, 90), (1, 40), (2, 41)];
        assert_eq!(
            thin(points),
            [(0, 50), (1, 50), (1, 3), (1, 90), (1, 40), (2, 41)]
        );
        let crowded = (0..1000).map(|n| (n / 100, if n == 555 { 7 } else { 50 + n % 2 }));
        let kept = thin(crowded);
        assert!(kept.contains(&(5, 7)), "the one peak");
        assert!(kept.len() <= 40, "{}", kept.len());
    }

    #[test]
    fn level_stretches_keep_their_ends() {
        let level = (0..100).map(|x| (x, if x < 60 { 10 } else { 20 }));
        assert_eq!(thin(level), [(0, 10), (59, 10), (60, 20), (99, 20)]);
    }

    #[test]
    fn few_points_stay() {
        assert!(thin([]).is_empty());
        assert_eq!(thin([(3, 4)]), [(3, 4)]);
    }
}
