//! The marks of rescales, merged where they are close. Pure arithmetic on px.

/// Marks closer than this are one: `▲ 1→4→8`.
pub(super) const MERGE_PX: i32 = 24;

/// One change of what was asked for, and where it is drawn.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) x: i32,
    pub(super) from: u32,
    pub(super) to: u32,
}

/// What is written for one mark or for several.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Label {
    /// Px of its first mark.
    pub(super) x: i32,
    pub(super) sign: &'static str,
    /// Sign and numbers.
    pub(super) text: String,
    /// Px until the next label, if one follows.
    pub(super) room: Option<i32>,
}

/// Marks in order of time as labels; those closer than `apart` px to the mark before are merged.
pub(super) fn merged(marks: &[Mark], apart: i32) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut last: Option<Mark> = None;
    for mark in marks {
        let x = mark.x;
        match (labels.last_mut(), last) {
            (Some(label), Some(before)) if x - before.x < apart => {
                label.text.push_str(&format!("→{}", mark.to));
            }
            (before, _) => {
                if let Some(before) = before {
                    before.room = Some(x - before.x);
                }
                let sign = if mark.to > mark.from { "▲" } else { "▼" };
                labels.push(Label {
                    x,
                    sign,
                    text: format!("{sign} {}→{}", mark.from, mark.to),
                    room: None,
                });
            }
        }
        last = Some(*mark);
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_marks_are_merged_and_others_know_their_room() {
        let mark = |x, from, to| Mark { x, from, to };
        let labels = merged(&[mark(10, 1, 4), mark(30, 4, 8), mark(90, 8, 1)], MERGE_PX);
        let texts: Vec<_> = labels.iter().map(|l| (l.text.as_str(), l.room)).collect();
        assert_eq!(texts, [("▲ 1→4→8", Some(80)), ("▼ 8→1", None)]);
    }

    #[test]
    fn no_mark_no_label() {
        assert!(merged(&[], MERGE_PX).is_empty());
    }
}
