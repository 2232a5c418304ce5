//! A seat's new code, large enough to be read across a table, with its QR code for a phone's camera.

use leptos::prelude::*;

use crate::model::SeatCard;
use crate::words;

/// Shown once, right after the code was made.
#[component]
pub(super) fn NewSeatCard(card: SeatCard) -> impl IntoView {
    let qr = card.qr.map(|qr| {
        let view_box = format!("0 0 {} {}", qr.side, qr.side);
        view! {
            <svg class="qr" viewBox=view_box role="img" aria-label=words::QR_CODE>
                <path d=qr.path />
            </svg>
        }
    });
    view! {
        <div class="seat-card" translate="no">
            <p>{card.namespace} " " {card.name}</p>
            <p class="code" role="status">{card.code}</p>
            {qr}
            <p>{words::SCAN_OR_TYPE} " " <strong>{card.address}</strong></p>
            <p class="hint">{words::SHOWN_ONCE}</p>
        </div>
    }
}
