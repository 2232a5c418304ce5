//! All seats as the instructor's table shows them.

use app::model::{LoadStage, Overview, Phase, SeatRow, Snapshot, TimeMs};

use crate::cluster::Seat;
use crate::seats::Attendance;

/// The table, in the order of `seats`. A seat without a snapshot has not been seen yet.
pub(super) fn overview<'a>(
    seats: &[(String, Seat)],
    snapshot: impl Fn(&str) -> Option<&'a Snapshot>,
    attendance: impl Fn(&Seat) -> Option<Attendance>,
    time: TimeMs,
) -> Overview {
    let rows = seats.iter().map(|(namespace, seat)| {
        let attendance = attendance(seat).unwrap_or_default();
        row(namespace, seat, attendance, snapshot(namespace))
    });
    Overview {
        time,
        seats: rows.collect(),
    }
}

fn row(
    namespace: &str,
    seat: &Seat,
    attendance: Attendance,
    snapshot: Option<&Snapshot>,
) -> SeatRow {
    let autoscaler = snapshot.and_then(|snapshot| snapshot.autoscaler.as_ref());
    let load = snapshot
        .and_then(|snapshot| snapshot.load.as_ref())
        .filter(|load| load.stage != LoadStage::Ended);
    let finding = snapshot.and_then(|snapshot| snapshot.findings.first());
    SeatRow {
        seat: seat.number.clone(),
        namespace: namespace.to_owned(),
        name: attendance.name,
        sessions: attendance.sessions,
        revoked: attendance.revoked,
        phase: snapshot.map_or(Phase::NotStarted, |snapshot| snapshot.phase),
        ready: snapshot.map_or(0, Snapshot::ready),
        asked: snapshot.map_or(0, Snapshot::asked),
        percent: autoscaler.and_then(|autoscaler| autoscaler.utilization_percent),
        users: load.and_then(|load| load.figures?.users),
        load: load.is_some(),
        load_ends: load.and_then(|load| load.ends),
        help: finding.map(|finding| app::words::cause(finding).to_owned()),
    }
}
