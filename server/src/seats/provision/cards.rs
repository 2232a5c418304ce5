//! Seat cards: one HTML file that holds all it needs, for paper and scissors. Pure. It holds codes: whoever writes it to
//! a file gives nobody else a right to read it.

use std::fmt::{self, Write};

use super::super::code::{Code, SeatNumber};
use super::super::qr;

/// Cards that fit on A4 and on Letter.
const ON_A_SHEET: usize = 8;

const STYLE: &str = include_str!("cards.css");

/// What stands on one card. It has no `Debug`: it holds a code.
pub struct Card {
    pub number: SeatNumber,
    /// `None` for the instructor.
    pub namespace: Option<String>,
    /// `None` for a spare seat.
    pub name: Option<String>,
    pub code: Code,
    /// The file's name, if one was made for this seat.
    pub kubeconfig: Option<String>,
}

/// The cards of a class.
pub struct Cards<'a> {
    /// `https://workshop.example.org`
    pub origin: &'a str,
    pub cards: &'a [Card],
}

impl Cards<'_> {
    /// The whole file.
    pub fn html(&self) -> String {
        let mut html = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut html);
        html
    }

    fn write(&self, html: &mut String) -> fmt::Result {
        // The file needs no script and nothing from elsewhere; so that none can be slipped in, it forbids both.
        writeln!(
            html,
            r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>Seat cards</title>
<style>
{STYLE}</style>
</head>
<body>
<p class="note">Print this page, cut along the dashed lines, and delete the file: each card opens its seat.</p>"#
        )?;
        // The instructor's card shows every seat: it has a sheet of its own, lest it be handed out with the others.
        let is_attendees = |card: &&Card| card.namespace.is_some();
        let (attendees, instructor): (Vec<_>, Vec<_>) = self.cards.iter().partition(is_attendees);
        let sheets = attendees.chunks(ON_A_SHEET).chain(instructor.chunks(1));
        for sheet in sheets {
            writeln!(html, r#"<section class="sheet">"#)?;
            for card in sheet {
                self.card(html, card)?;
            }
            writeln!(html, "</section>")?;
        }
        writeln!(html, "</body>\n</html>")
    }

    fn card(&self, html: &mut String, card: &Card) -> fmt::Result {
        let number = card.number;
        let (class, title, name) = match (&card.namespace, &card.name) {
            (None, name) => (
                "card",
                "Instructor".to_owned(),
                name.as_deref().unwrap_or_default(),
            ),
            (Some(_), None) => ("card spare", format!("Seat {number}"), "Spare"),
            (Some(_), Some(name)) => ("card", format!("Seat {number}"), name.as_str()),
        };
        writeln!(html, r#"<article class="{class}">"#)?;
        writeln!(html, r#"<div class="who"><p class="seat">{title}</p>"#)?;
        if !name.is_empty() {
            writeln!(html, r#"<p class="name">{}</p>"#, Escaped(name))?;
        }
        if let Some(namespace) = &card.namespace {
            writeln!(html, r#"<p class="namespace">{}</p>"#, Escaped(namespace))?;
        }
        writeln!(html, "</div>")?;
        // What stands after # stays in the browser: no server and no proxy on the way writes the code into its log.
        let link = format!("{}/join#{}", self.origin, card.code);
        if let Some((data, side)) = qr::path(&link) {
            writeln!(
                html,
                r#"<div class="qr"><svg viewBox="0 0 {side} {side}" role="img" aria-label="QR code of the link" shape-rendering="crispEdges"><path d="{data}"/></svg></div>"#
            )?;
        }
        writeln!(html, r#"<p class="code">{}</p>"#, card.code)?;
        // Short, for those who type: browsers try https by themselves.
        let typed = self.origin.strip_prefix("https://").unwrap_or(self.origin);
        let (typed, link) = (Escaped(typed), Escaped(&link));
        writeln!(
            html,
            r#"<div class="how"><p>Scan, or type the code at <b>{typed}</b></p>
<p class="link"><a href="{link}">{link}</a></p>"#
        )?;
        if let Some(namespace) = &card.namespace {
            let place = match &card.kubeconfig {
                Some(file) => format!("--kubeconfig {file}"),
                None => format!("-n {namespace}"),
            };
            for object in ["pods", "hpa"] {
                writeln!(
                    html,
                    "<code>kubectl {} get {object} -w</code>",
                    Escaped(&place)
                )?;
            }
        }
        writeln!(html, "</div>\n</article>")
    }
}

/// Text as HTML shows it, also inside an attribute's quotes.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|sign| match sign {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            sign => f.write_char(sign),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mk_card(number: u16, name: Option<&str>, kubeconfig: Option<&str>) -> Card {
        Card {
            number: SeatNumber(number),
            namespace: (number > 0).then(|| format!("workshop-user-{number}")),
            name: name.map(str::to_owned),
            code: format!("{number:02}-KQ2M-9DXA").parse().unwrap(),
            kubeconfig: kubeconfig.map(str::to_owned),
        }
    }

    fn mk_html(cards: &[Card]) -> String {
        let origin = "https://workshop.example.org";
        Cards { origin, cards }.html()
    }

    #[test]
    fn sheet_of_an_attendee_a_spare_seat_and_the_instructor() {
        let html = mk_html(&[
            mk_card(7, Some("Ana Müller"), Some("07-workshop-user-7.kubeconfig")),
            mk_card(8, None, None),
            mk_card(0, None, None),
        ]);
        // The paths of the QR codes have tests of their own.
        let (head, rest) = html.split_once("<style>").unwrap();
        let (_, rest) = rest.split_once("</style>").unwrap();
        let mut shown = format!("{head}<style>…</style>");
        for (index, part) in rest.split(" d=\"").enumerate() {
            let part = if index == 0 {
                part
            } else {
                part.split_once('"').unwrap().1
            };
            shown.push_str(if index == 0 { "" } else { " d=\"…\"" });
            shown.push_str(part);
        }
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn name_is_text_and_never_markup() {
        let html = mk_html(&[mk_card(7, Some("<b>\"O'Neil\" & Co"), None)]);
        assert!(
            html.contains("&lt;b&gt;&quot;O&#39;Neil&quot; &amp; Co"),
            "{html}"
        );
        assert!(!html.contains("<b>\""));
    }

    #[test]
    fn code_stands_in_no_link_but_behind_its_hash() {
        let html = mk_html(&[mk_card(7, None, None)]);
        for link in html.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap();
            let (before, after) = link.split_once('#').unwrap();
            assert!(
                !before.contains("KQ2M") && after == "07-KQ2M-9DXA",
                "{link}"
            );
        }
    }

    #[test]
    fn eight_cards_are_a_sheet_and_the_instructors_has_its_own() {
        let cards: Vec<_> = (0..=17).map(|number| mk_card(number, None, None)).collect();
        let html = mk_html(&cards);
        let sheets: Vec<_> = html.split("class=\"sheet\"").skip(1).collect();
        let cards = sheets.iter().map(|sheet| sheet.matches("<article").count());
        assert_eq!(cards.collect::<Vec<_>>(), [8, 8, 1, 1]);
        assert!(sheets[3].contains("Instructor"));
    }
}
