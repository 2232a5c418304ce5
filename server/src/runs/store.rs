//! The records: ConfigMaps `run-<UID of the Job>` in the panel's own namespace. Every call on them is here.

use std::collections::{BTreeMap, HashMap};

use app::model::TimeMs;
use futures::StreamExt;
use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::PartialObjectMeta;
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::call::Calls;
use crate::error::Error as CallError;
use crate::error::chain;
use crate::names::{
    PART_OF, PART_OF_LABEL, RUN_NAMESPACE_ANNOTATION, RUN_STARTED_ANNOTATION, RUN_UNTIL_ANNOTATION,
    SEAT_LABEL,
};
use crate::seats::SeatNumber;
use crate::workshop::Run;
use crate::workshop::run::{RecordError, decode, encode};

/// Runs of a seat that are kept.
const KEPT: usize = 10;

/// Runs of a namespace that a chart can show: the last one and the one before.
const SHOWN: usize = 2;

/// Records read at the same time.
const AT_ONCE: usize = 8;

/// Each try that fails was overtaken by another replica, which has then written.
const TRIES: usize = 4;

/// The key in `binaryData`.
const KEY: &str = "run.json.gz";

/// Why a run is not recorded, or records are not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("failed to make the record {name}")]
    Encode {
        name: String,
        #[source]
        source: RecordError,
    },
    #[error("the record {name} changed again and again")]
    Overtaken { name: String },
}

/// What became of a run that was to be saved.
pub(super) enum Saved {
    /// The record holds it. With the record's run, if that holds more.
    Held(Option<Box<Run>>),
    /// Its record is another's: of a newer version of this program, or of another namespace. It stays as it is.
    LeftAlone,
}

/// The records of one panel.
pub(super) struct Store {
    calls: Calls<ConfigMap>,
}

impl Store {
    pub(super) fn new(client: Client, namespace: &str) -> Self {
        Self {
            calls: Calls::new(Api::namespaced(client, namespace)),
        }
    }

    /// The newest runs of each namespace, oldest first: those that were written within this time of the newest of all.
    /// This machine's clock has no part in it.
    pub(super) async fn newest(&self, within_ms: i64) -> Result<Vec<Run>, Error> {
        let all = format!("{PART_OF_LABEL}={PART_OF},{SEAT_LABEL}");
        let records = self.calls.list_metadata(&all).await?;
        let until = |record: &_| annotated(record, RUN_UNTIL_ANNOTATION);
        let newest = records.iter().filter_map(until).max().unwrap_or_default();
        let mut of_namespace: HashMap<&str, Vec<(TimeMs, String)>> = HashMap::new();
        for record in &records {
            let namespace = record.annotations().get(RUN_NAMESPACE_ANNOTATION);
            if let Some((namespace, until)) = namespace.zip(until(record))
                && until >= newest.plus_ms(-within_ms)
            {
                let runs = of_namespace.entry(namespace).or_default();
                runs.push((started(record), record.name_any()));
            }
        }
        let names = of_namespace.into_values().flat_map(|mut runs| {
            runs.sort_unstable();
            runs.split_off(runs.len().saturating_sub(SHOWN))
        });
        let read = names.map(|(_, name)| self.read(name));
        let read: Vec<_> = read.collect();
        let mut reading = futures::stream::iter(read).buffered(AT_ONCE);
        let mut runs = Vec::new();
        while let Some(run) = reading.next().await {
            runs.extend(run?);
        }
        Ok(runs)
    }

    /// All runs of a seat that this program can read.
    pub(super) async fn of_seat(&self, seat: &str) -> Result<Vec<Run>, CallError> {
        let records = self.calls.list(Some(&of_seat(seat))).await?;
        Ok(records.iter().filter_map(readable).collect())
    }

    /// The run of the load with this UID.
    pub(super) async fn one(&self, uid: &str) -> Result<Option<Run>, CallError> {
        let record = self.calls.get(&name_of(uid)).await?;
        Ok(record.as_ref().and_then(readable))
    }

    /// A record's run; `None` if it is gone, or cannot be read by this program, which is logged.
    async fn read(&self, name: String) -> Result<Option<Run>, Error> {
        let Some(record) = self.calls.get(&name).await? else {
            return Ok(None);
        };
        Ok(readable(&record))
    }

    /// Sees that the record of this run holds it, but for so many milliseconds. Another replica may write it at the
    /// same time.
    pub(super) async fn save(&self, seat: &str, run: &Run, slack_ms: i64) -> Result<Saved, Error> {
        let name = record_name(run);
        for _ in 0..TRIES {
            let Some(record) = self.calls.get(&name).await? else {
                let record = self.record(&name, seat, run)?;
                if self.calls.create_new(&name, &record).await? {
                    self.trim(seat).await?;
                    return Ok(Saved::Held(None));
                }
                continue;
            };
            let found = match run_of(&record) {
                Ok(found) if found.namespace == run.namespace => Some(found),
                Ok(found) => {
                    let namespace = found.namespace;
                    tracing::warn!(name, namespace, "a record is another namespace's");
                    return Ok(Saved::LeftAlone);
                }
                Err(RecordError::Newer(version)) => {
                    tracing::warn!(
                        name,
                        version,
                        "a record is of a newer version of the program"
                    );
                    return Ok(Saved::LeftAlone);
                }
                Err(error) => {
                    let error = chain(&error);
                    tracing::warn!(name, error, "a record is broken and is written anew");
                    None
                }
            };
            let merged = match &found {
                Some(found) => found.merge(run),
                None => run.clone(),
            };
            if found.is_some_and(|found| found.holds(run, slack_ms)) {
                return Ok(held(run, merged));
            }
            let patch = self.patch(&record, &name, seat, &merged)?;
            match self.calls.merge(&name, &patch).await {
                Ok(_) => return Ok(held(run, merged)),
                // Written or deleted meanwhile.
                Err(error) if error.is_conflict() || error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(Error::Overtaken { name })
    }

    fn record(&self, name: &str, seat: &str, run: &Run) -> Result<ConfigMap, Error> {
        let mut record = ConfigMap {
            binary_data: Some([(KEY.to_owned(), bytes(name, run)?)].into()),
            ..ConfigMap::default()
        };
        record.metadata.name = Some(name.to_owned());
        record.metadata.labels = Some(labels(seat));
        record.metadata.annotations = Some(annotations(run));
        Ok(record)
    }

    fn patch(
        &self,
        record: &ConfigMap,
        name: &str,
        seat: &str,
        run: &Run,
    ) -> Result<serde_json::Value, Error> {
        Ok(json!({
            "metadata": {
                "resourceVersion": record.metadata.resource_version,
                "labels": labels(seat),
                "annotations": annotations(run),
            },
            "binaryData": { KEY: bytes(name, run)? },
        }))
    }

    /// Deletes the oldest runs of a seat. Two replicas may do so at the same time.
    async fn trim(&self, seat: &str) -> Result<(), Error> {
        let mut records = self.calls.list_metadata(&of_seat(seat)).await?;
        let oldest = records.len().saturating_sub(KEPT);
        records.sort_by_key(|record| (started(record), record.name_any()));
        for record in &records[..oldest] {
            self.calls.delete(&record.name_any()).await?;
        }
        Ok(())
    }
}

/// Deletes all runs of a seat, with the rights of whoever deletes the seat.
///
/// # Errors
/// A call that the API server refused or did not answer.
pub async fn delete_of_seat(
    client: &Client,
    panel_namespace: &str,
    seat: SeatNumber,
) -> crate::error::Result<()> {
    let calls = Calls::<ConfigMap>::new(Api::namespaced(client.clone(), panel_namespace));
    for record in calls.list_metadata(&of_seat(&seat.to_string())).await? {
        calls.delete(&record.name_any()).await?;
    }
    Ok(())
}

fn held(run: &Run, merged: Run) -> Saved {
    Saved::Held((run.lacks_ms(&merged) > 0).then(|| Box::new(merged)))
}

/// A record's run; `None` if it cannot be read by this program, which is logged.
fn readable(record: &ConfigMap) -> Option<Run> {
    let unreadable = |error: &RecordError| {
        let name = record.name_any();
        tracing::warn!(name, error = chain(error), "a run is left out");
    };
    run_of(record).inspect_err(unreadable).ok()
}

/// The UID is the API server's, so it can be part of a name.
fn record_name(run: &Run) -> String {
    name_of(&run.load.uid)
}

fn name_of(uid: &str) -> String {
    format!("run-{uid}")
}

fn of_seat(seat: &str) -> String {
    format!("{PART_OF_LABEL}={PART_OF},{SEAT_LABEL}={seat}")
}

fn labels(seat: &str) -> BTreeMap<String, String> {
    [
        (PART_OF_LABEL.to_owned(), PART_OF.to_owned()),
        (SEAT_LABEL.to_owned(), seat.to_owned()),
    ]
    .into()
}

fn annotations(run: &Run) -> BTreeMap<String, String> {
    let time = |time: TimeMs| {
        Timestamp::from_millisecond(time.0)
            .unwrap_or_default()
            .to_string()
    };
    [
        (RUN_NAMESPACE_ANNOTATION.to_owned(), run.namespace.clone()),
        (RUN_STARTED_ANNOTATION.to_owned(), time(run.load.created)),
        (RUN_UNTIL_ANNOTATION.to_owned(), time(run.until)),
    ]
    .into()
}

fn annotated(record: &PartialObjectMeta<ConfigMap>, name: &str) -> Option<TimeMs> {
    let time: Timestamp = record.annotations().get(name)?.parse().ok()?;
    Some(TimeMs(time.as_millisecond()))
}

/// When its load was started; when the record was made, if that cannot be read.
fn started(record: &PartialObjectMeta<ConfigMap>) -> TimeMs {
    let created = record.creation_timestamp();
    let created = created.map(|time| TimeMs(time.0.as_millisecond()));
    annotated(record, RUN_STARTED_ANNOTATION)
        .or(created)
        .unwrap_or_default()
}

fn bytes(name: &str, run: &Run) -> Result<ByteString, Error> {
    let encoded = encode(run).map_err(|source| Error::Encode {
        name: name.to_owned(),
        source,
    });
    encoded.map(ByteString)
}

fn run_of(record: &ConfigMap) -> Result<Run, RecordError> {
    let data = record.binary_data.as_ref().and_then(|data| data.get(KEY));
    decode(data.map_or(&[], |data| &data.0))
}
