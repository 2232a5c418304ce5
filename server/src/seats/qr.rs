//! QR codes as SVG paths, for the printed cards and for pages. Pure.
//!
//! What is drawn is as secret as its text: a sign-in link holds a seat's code.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules on each side that a reader needs to find the code. ISO/IEC 18004, 6.3.8.
const QUIET: usize = 4;

/// The dark modules of `text` as the data of one SVG path, and the side of the square it stands in, quiet zone
/// included: `<svg viewBox="0 0 {side} {side}"><path d="{data}"/></svg>`. `None` if the text is too long (2 kB).
pub fn path(text: &str) -> Option<(String, u32)> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let modules = code.into_colors();
    let mut data = String::new();
    for (row, modules) in modules.chunks(width).enumerate() {
        let mut column = 0;
        // One rectangle for neighbours: renderers leave hairlines between single modules.
        for run in modules.chunk_by(|one, next| one == next) {
            let length = run.len();
            if run.first() == Some(&Color::Dark) {
                let (x, y) = (column + QUIET, row + QUIET);
                // Writing to a string cannot fail.
                let _ = write!(data, "M{x} {y}h{length}v1h-{length}z");
            }
            column += length;
        }
    }
    let side = u32::try_from(width + 2 * QUIET).ok()?;
    Some((data, side))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finder_pattern_stands_behind_the_quiet_zone() {
        let (data, side) = path("https://workshop.example.org/join#07-KQ2M-9DXA").unwrap();
        assert_eq!(side, 33 + 8, "version 4");
        assert!(data.starts_with("M4 4h7v1h-7z"), "{data}");
        assert!(data.contains("M4 5h1v1h-1zM10 5h1v1h-1z"), "{data}");
        assert!(data.contains("M6 6h3v1h-3z"), "{data}");
    }

    #[test]
    fn all_stays_inside_the_quiet_zone() {
        let (data, side) = path("07").unwrap();
        for run in data.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, _) = rest.split_once('v').unwrap();
            let [x, y, length] = [x, y, length].map(|number| number.parse::<u32>().unwrap());
            assert!(x >= 4 && y >= 4 && x + length <= side - 4 && y < side - 4);
        }
    }

    #[test]
    fn too_long_a_text_has_none() {
        assert!(path(&"x".repeat(3000)).is_none());
    }
}
