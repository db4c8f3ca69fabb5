//! An address as a QR code (ISO/IEC 18004), drawn in the page itself: nobody else is asked for a picture of a secret.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// The light margin around the code, in modules, as the standard asks for.
const MARGIN: i32 = 4;

/// A code as a path of SVG.
pub(super) struct Picture {
    /// Width and height, in modules, with the margin.
    pub(super) side: i32,
    /// The dark modules.
    pub(super) path: String,
}

/// The picture of a text; `None` where it is too long for any code.
pub(super) fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let mut path = String::new();
    for (x, y) in every_module(code.size()).filter(|(x, y)| code.get_module(*x, *y)) {
        // Writing to memory does not fail.
        let _ = write!(path, "M{},{}h1v1h-1z", x + MARGIN, y + MARGIN);
    }
    let side = code.size() + 2 * MARGIN;
    Some(Picture { side, path })
}

fn every_module(size: i32) -> impl Iterator<Item = (i32, i32)> {
    (0..size).flat_map(move |y| (0..size).map(move |x| (x, y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_has_no_picture() {
        assert!(picture(&"x".repeat(3_000)).is_none());
    }

    #[test]
    fn a_finder_stands_in_three_corners_within_the_margin() {
        let picture = picture("otpauth://totp/Kaiji:hanako%40example.jp?secret=ABCD").unwrap();
        let dark = |x, y| picture.path.contains(&format!("M{x},{y}h1v1h-1z"));
        let far = picture.side - MARGIN - 1;
        assert!(dark(MARGIN, MARGIN) && dark(far, MARGIN) && dark(MARGIN, far));
        assert!((0..picture.side).all(|at| !dark(at, MARGIN - 1) && !dark(far + 1, at)));
    }
}
