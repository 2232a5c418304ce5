//! `workshop seats list`: who sits where.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::Result;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use server::call::Calls;
use server::config::{ListOutput, SeatsList};
use server::names::SEAT_LABEL;
use server::seats::{Person, Seat};

use super::{cluster_time, known, namespace, print};

/// Runs the command.
pub(super) async fn list(options: SeatsList) -> Result<ExitCode> {
    let (client, _, seats) = known(&options.cluster).await?;
    let now = cluster_time(&client).await;
    let namespaces = namespaces(&client).await;
    let rows: Vec<_> = seats
        .iter()
        .map(|seat| Row {
            seat,
            signed_in: seat.sessions(now),
            place: place(seat, namespaces.as_ref()),
        })
        .collect();
    match options.output {
        ListOutput::Json => {
            let rows: Vec<_> = rows.iter().map(Row::json).collect();
            print(&Value::from(rows).to_string())?;
        }
        ListOutput::Text => print(table(&rows).trim_end())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One seat as it is listed.
struct Row<'a> {
    seat: &'a Seat,
    /// Browsers that are signed in.
    signed_in: usize,
    /// What is wrong with the namespace.
    place: Option<&'static str>,
}

impl Row<'_> {
    fn state(&self) -> &'static str {
        if self.seat.is_revoked() {
            "revoked"
        } else if self.seat.is_free() {
            "free"
        } else {
            ""
        }
    }

    fn json(&self) -> Value {
        let role = match self.seat.person {
            Person::Attendee { .. } => "attendee",
            Person::Instructor => "instructor",
        };
        json!({
            "seat": self.seat.number.0,
            "role": role,
            "namespace": namespace(self.seat),
            "name": self.seat.name,
            "signed_in": self.signed_in,
            "revoked": self.seat.is_revoked(),
            "free": self.seat.is_free(),
            "namespace_trouble": self.place,
        })
    }

    fn cells(&self) -> [String; 5] {
        let state = [self.state(), self.place.unwrap_or_default()];
        let state: Vec<_> = state.into_iter().filter(|part| !part.is_empty()).collect();
        [
            self.seat.number.to_string(),
            namespace(self.seat).unwrap_or("(instructor)").to_owned(),
            self.seat.name.clone().unwrap_or_default(),
            self.signed_in.to_string(),
            state.join(", "),
        ]
    }
}

/// Columns as wide as their widest cell, as kubectl prints them.
fn table(rows: &[Row<'_>]) -> String {
    let head = ["SEAT", "NAMESPACE", "NAME", "SIGNED-IN", "STATE"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(head)
        .chain(rows.iter().map(Row::cells))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = |row: &[String; 5]| row[column].chars().count();
            let widest = rows.iter().map(width).max().unwrap_or(0);
            let space = widest - cell.chars().count() + 3;
            line.push_str(cell);
            line.push_str(&" ".repeat(space));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Seats' namespaces and whether they are being deleted; `None` if the API server does not tell.
async fn namespaces(client: &Client) -> Option<BTreeMap<String, bool>> {
    let calls = Calls::<Namespace>::new(Api::all(client.clone()));
    let namespaces = calls.list(Some(SEAT_LABEL)).await.ok()?;
    let going = |namespace: Namespace| {
        let going = namespace.metadata.deletion_timestamp.is_some();
        (namespace.name_any(), going)
    };
    Some(namespaces.into_iter().map(going).collect())
}

fn place(seat: &Seat, namespaces: Option<&BTreeMap<String, bool>>) -> Option<&'static str> {
    match namespaces?.get(namespace(seat)?) {
        None => Some("namespace missing"),
        Some(true) => Some("namespace being deleted"),
        Some(false) => None,
    }
}
