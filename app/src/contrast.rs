//! Recomputes the contrast of the colour tokens in `style/tokens.css` by the formula of WCAG 2.2, in both themes.
//! A test alone: the pages know colours only through the stylesheet.

const CSS: &str = include_str!("../../style/tokens.css");

/// `--name: light-dark(#RRGGBB, #RRGGBB);` as relative luminances.
fn token(name: &str) -> [f64; 2] {
    let start = format!("--{name}: light-dark(");
    let rest = CSS
        .split_once(&start)
        .unwrap_or_else(|| panic!("no token {name}"))
        .1;
    let (values, _) = rest.split_once(')').expect("the token is closed");
    let (light, dark) = values.split_once(", ").expect("the token has two values");
    [luminance(light), luminance(dark)]
}

/// <https://www.w3.org/TR/WCAG22/#dfn-relative-luminance>
fn luminance(hex: &str) -> f64 {
    let value = u32::from_str_radix(hex.trim_start_matches('#'), 16).expect("six hex digits");
    let channel = |shift: u32| {
        let c = f64::from(value >> shift & 0xff) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

/// <https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio>
fn contrast(one: f64, other: f64) -> f64 {
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[track_caller]
fn at_least(least: f64, front: &str, back: &str) {
    for (theme, front_l, back_l) in [
        ("light", token(front)[0], token(back)[0]),
        ("dark", token(front)[1], token(back)[1]),
    ] {
        let found = contrast(front_l, back_l);
        assert!(
            found >= least,
            "{front} on {back}, {theme}: {found:.2} < {least}"
        );
    }
}

#[test]
fn black_on_white_is_21() {
    assert!((contrast(luminance("#000000"), luminance("#FFFFFF")) - 21.0).abs() < 1e-9);
}

#[test]
fn text_is_readable_on_every_surface() {
    for text in [
        "color-text",
        "color-text-2",
        "color-text-3",
        "color-accent",
        "color-ok",
        "color-warn",
        "color-bad",
    ] {
        for surface in ["color-page", "color-panel", "color-sunken"] {
            at_least(4.5, text, surface);
        }
    }
    at_least(4.5, "color-on-accent", "color-accent");
    at_least(4.5, "color-on-bad", "color-bad");
}

#[test]
fn edges_and_focus_are_visible_on_every_surface() {
    for surface in ["color-page", "color-panel", "color-sunken"] {
        at_least(3.0, "color-edge", surface);
        at_least(3.0, "color-focus", surface);
    }
}

#[test]
fn series_are_readable_where_they_are_drawn() {
    for series in ["series-load", "series-latency", "series-cpu", "series-pods"] {
        // Their names at the lines' ends are text of 12 px.
        at_least(4.5, series, "color-panel");
    }
    at_least(4.5, "series-cpu", "color-cpu-band");
    at_least(3.0, "series-pods", "color-ready-fill");
}

#[test]
fn the_table_of_tokens_is_as_it_was_chosen() {
    let expected = [
        ("color-text", "color-page", 15.8, 16.0),
        ("color-text-2", "color-panel", 7.7, 9.1),
        ("color-text-3", "color-sunken", 5.0, 5.7),
        ("color-accent", "color-page", 6.6, 9.4),
        ("series-cpu", "color-panel", 5.5, 7.1),
        ("series-pods", "color-ready-fill", 3.8, 4.2),
    ];
    for (front, back, light, dark) in expected {
        let (f, b) = (token(front), token(back));
        assert!(
            (contrast(f[0], b[0]) - light).abs() < 0.06,
            "{front} on {back}, light"
        );
        assert!(
            (contrast(f[1], b[1]) - dark).abs() < 0.06,
            "{front} on {back}, dark"
        );
    }
}
