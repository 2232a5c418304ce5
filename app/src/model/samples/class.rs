//! A class.

use super::at;
use crate::model::*;

/// Three seats of a class.
pub(crate) fn overview() -> Overview {
    let row = |seat: &str, phase, ready, asked| SeatRow {
        seat: seat.to_owned(),
        namespace: format!("workshop-user-{}", seat.trim_start_matches('0')),
        name: None,
        sessions: 1,
        revoked: false,
        phase,
        ready,
        asked,
        percent: None,
        users: None,
        load: false,
        load_ends: None,
        help: None,
    };
    Overview {
        time: at(112.0),
        seats: vec![
            SeatRow {
                percent: Some(181),
                users: Some(150),
                load: true,
                load_ends: Some(at(350.8)),
                name: Some("Ana".to_owned()),
                ..row("07", Phase::ScalingUp, 6, 8)
            },
            SeatRow {
                help: Some("The image registry.invalid/webapp cannot be pulled.".to_owned()),
                ..row("08", Phase::Deploying, 0, 1)
            },
            SeatRow {
                sessions: 0,
                ..row("09", Phase::NotStarted, 0, 0)
            },
        ],
    }
}
