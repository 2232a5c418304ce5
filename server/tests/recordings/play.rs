//! A recording played through the pure code, as the watches would bring it.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::model::{History, LoadLogTail, Snapshot, SourceState, Sources, TimeMs};
use autoscaling::CpuMillis;
use serde::de::DeserializeOwned;
use serde_json::Value;
use server::workshop::Memory;
use server::workshop::locust_log::LocustLog;
use server::workshop::memory::LoadLog;
use server::workshop::objects::{Objects, PodSample, PodSamples};
use server::workshop::time::duration_ms;

const LIVE: Sources = Sources {
    cluster: SourceState::Live,
    metrics: SourceState::Live,
    keda: SourceState::Live,
};

/// Changes within this time reach the publisher together.
const COALESCE_MS: i64 = 50;

/// One observation of a played recording.
pub(crate) struct Moment {
    /// Seconds since the recording's start.
    pub(crate) t: f64,
    pub(crate) snapshot: Snapshot,
}

/// Objects by kind and name, as a watch would leave them.
#[derive(Default)]
struct World {
    objects: BTreeMap<(String, String), Value>,
    samples: BTreeMap<String, PodSamples>,
    log: LocustLog,
    new_lines: LoadLogTail,
    log_pod: String,
    streaming: bool,
}

impl World {
    fn apply(&mut self, event: &Value, log: &mut Vec<app::model::LoadSample>) {
        let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        match text("kind").as_str() {
            "PodMetrics" => {
                let sample = PodSample {
                    usage_m: CpuMillis::parse(&text("cpu")).unwrap().0,
                    memory_mi: 50,
                    time: time(&text("timestamp")),
                    window_ms: duration_ms(&text("window")).unwrap(),
                };
                let before = self.samples.get(&text("pod")).map(|known| known.newest);
                let samples = PodSamples {
                    newest: sample,
                    before,
                };
                self.samples.insert(text("pod"), samples);
            }
            "Log" => {
                self.log_pod = text("pod");
                self.streaming = true;
                let read = self.log.read(&text("line"));
                self.new_lines.lines.extend(read.line);
                log.extend(read.sample);
            }
            kind => {
                let object = &event["object"];
                let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                let key = (kind.to_owned(), name);
                if event["type"] == "DELETED" {
                    self.objects.remove(&key);
                } else {
                    self.objects.insert(key, object.clone());
                }
            }
        }
    }

    fn of<T: DeserializeOwned>(&self, kind: &str) -> Vec<Arc<T>> {
        let of_kind = self.objects.iter().filter(|((known, _), _)| known == kind);
        of_kind
            .map(|(_, object)| Arc::new(serde_json::from_value(object.clone()).unwrap()))
            .collect()
    }

    fn objects(&self, namespace: &str) -> Objects {
        Objects {
            namespace: namespace.to_owned(),
            deployments: self.of("Deployment"),
            replica_sets: self.of("ReplicaSet"),
            pods: self.of("Pod"),
            services: Vec::new(),
            autoscalers: self.of("HorizontalPodAutoscaler"),
            scaled_objects: self.of("ScaledObject"),
            jobs: self.of("Job"),
            events: self.of("Event"),
            quotas: Vec::new(),
            samples: self.samples.clone(),
        }
    }

    fn log_pod_uid(&self) -> Option<String> {
        let pod = self
            .objects
            .get(&("Pod".to_owned(), self.log_pod.clone()))?;
        pod["metadata"]["uid"].as_str().map(str::to_owned)
    }
}

fn time(text: &str) -> TimeMs {
    TimeMs(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

/// Plays a recording, observing after each burst of changes and whenever a recheck is due.
pub(crate) fn play(recording: &str) -> (Vec<Moment>, History) {
    let mut lines = recording
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let head = lines.next().unwrap();
    let start = time(head["time"].as_str().unwrap());
    let namespace = head["namespace"].as_str().unwrap();
    let at = |event: &Value| start.plus_ms((event["t"].as_f64().unwrap() * 1000.0) as i64);
    let events: Vec<Value> = lines.collect();

    let mut world = World::default();
    let mut memory = Memory::default();
    let mut moments = Vec::new();
    let mut history = History::default();
    let mut observe = |world: &World, new_samples, now: TimeMs| {
        let uid = world.log_pod_uid();
        let log = uid.as_ref().map(|uid| LoadLog {
            pod_uid: uid,
            log: &world.log,
            new_samples,
            new_lines: world.new_lines.clone(),
            streaming: world.streaming,
        });
        let observed = memory.observe(&world.objects(namespace), log, &LIVE, 3_600_000, now);
        history.append(observed.appended, TimeMs(0));
        let t = now.seconds_since(start);
        moments.push(Moment {
            t,
            snapshot: observed.snapshot,
        });
        observed.recheck
    };
    let mut recheck = None;
    let mut index = 0;
    while index < events.len() {
        let first = at(&events[index]);
        if let Some(due) = recheck.filter(|due: &TimeMs| *due < first) {
            recheck = observe(&world, Vec::new(), due);
            continue;
        }
        let mut samples = Vec::new();
        while index < events.len() && at(&events[index]).0 - first.0 < COALESCE_MS {
            world.apply(&events[index], &mut samples);
            index += 1;
        }
        recheck = observe(&world, samples, first.plus_ms(COALESCE_MS));
    }
    (moments, history)
}
