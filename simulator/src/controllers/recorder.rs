//! Writes Events as the recorders of client-go do, with their counting and merging. Each controller has its own.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Event, EventSeries, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::store::{Object, Store};

/// Messages of one reason that stay apart; from this one on they are merged
/// (`defaultAggregateMaxEvents`, client-go `tools/record/events_cache.go`).
const AGGREGATE_MAX_EVENTS: usize = 10;
/// For how long messages count as similar (`defaultAggregateIntervalInSeconds`).
const AGGREGATE_INTERVAL: SignedDuration = SignedDuration::from_secs(600);
/// Events of one object at once (`defaultSpamBurst`), and seconds until one more is let through (`defaultSpamQPS`).
const SPAM_BURST: f64 = 25.0;
const SPAM_REFILL_S: f64 = 300.0;
/// After this long a repetition of the new API is a new event (`finishTime`, client-go `tools/events/event_broadcaster.go`).
const SERIES_END: SignedDuration = SignedDuration::from_mins(6);
/// Entries of the caches before they are thinned (`maxLruCacheEntries`).
const CACHE: usize = 4_096;

/// Normal or Warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Normal,
    Warning,
}

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// What an event is about.
pub(super) fn reference<K: Object>(object: &K) -> ObjectReference {
    let meta = object.meta();
    ObjectReference {
        api_version: Some(K::api_version(&()).into_owned()),
        kind: Some(K::kind(&()).into_owned()),
        name: meta.name.clone(),
        namespace: meta.namespace.clone(),
        resource_version: meta.resource_version.clone(),
        uid: meta.uid.clone(),
        field_path: None,
    }
}

#[derive(Debug)]
struct Similar {
    last: Timestamp,
    messages: BTreeSet<String>,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    last: Timestamp,
}

#[derive(Debug)]
struct Seen {
    name: String,
    count: i32,
    last: Timestamp,
}

/// The recorder of one component.
#[derive(Debug)]
pub(super) struct Recorder {
    store: Arc<Store>,
    component: &'static str,
    /// For the kubelet, which names its node.
    host: Option<String>,
    buckets: HashMap<String, Bucket>,
    similar: HashMap<String, Similar>,
    seen: HashMap<String, Seen>,
    /// The time in the name of the last event.
    last_name: u64,
}

impl Recorder {
    pub(super) fn new(store: Arc<Store>, component: &'static str) -> Self {
        Self {
            store,
            component,
            host: None,
            buckets: HashMap::new(),
            similar: HashMap::new(),
            seen: HashMap::new(),
            last_name: 0,
        }
    }

    /// The next events come from this node.
    pub(super) fn at(&mut self, host: &str) -> &mut Self {
        if self.host.as_deref() != Some(host) {
            self.host = Some(host.to_owned());
        }
        self
    }

    /// An event of the legacy recorder: repeated ones are counted in place, many similar ones merged.
    pub(super) fn event(
        &mut self,
        regarding: &ObjectReference,
        kind: Kind,
        reason: &str,
        message: &str,
    ) {
        let now = self.store.clock().now();
        let object = format!(
            "{}/{}/{}/{}",
            self.host.as_deref().unwrap_or(""),
            regarding.kind.as_deref().unwrap_or(""),
            regarding.uid.as_deref().unwrap_or(""),
            regarding.field_path.as_deref().unwrap_or(""),
        );
        if !self.let_through(&object, now) {
            return;
        }
        let group = format!("{object}/{}/{reason}", kind.text());
        let combined = self.is_one_of_many(&group, message, now);
        let (key, message) = if combined {
            (group, format!("(combined from similar events): {message}"))
        } else {
            (format!("{group}/{message}"), message.to_owned())
        };
        let time = self.store.clock().time();
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.count += 1;
            seen.last = now;
            let written = self.store.modify::<Event>(
                regarding.namespace.as_deref().unwrap_or(""),
                &seen.name,
                |event| {
                    event.count = Some(seen.count);
                    event.last_timestamp = Some(time.clone());
                    event.message = Some(message.clone());
                },
            );
            if matches!(written, Ok(Some(_))) {
                return;
            }
        }
        let blank = self.blank(regarding, now);
        let event = Event {
            reason: Some(reason.to_owned()),
            message: Some(message),
            type_: Some(kind.text().to_owned()),
            count: Some(1),
            first_timestamp: Some(time.clone()),
            last_timestamp: Some(time),
            source: Some(EventSource {
                component: Some(self.component.to_owned()),
                host: self.host.clone(),
            }),
            // `EventAggregate` makes a new event of the old one, without these two fields.
            reporting_component: Some(if combined { "" } else { self.component }.to_owned()),
            reporting_instance: Some(match &self.host {
                Some(host) if !combined => host.clone(),
                _ => String::new(),
            }),
            ..blank
        };
        self.create(key, &event, now);
    }

    /// An event of the recorder of events.k8s.io: repeated ones about the same version of an object become a series,
    /// whatever their message is (`getKey`, client-go `tools/events/event_broadcaster.go`).
    pub(super) fn event_with_action(
        &mut self,
        regarding: &ObjectReference,
        kind: Kind,
        reason: &str,
        action: &str,
        message: &str,
    ) {
        let now = self.store.clock().now();
        let key = format!(
            "{}/{}/{action}/{reason}/{}",
            regarding.uid.as_deref().unwrap_or(""),
            regarding.resource_version.as_deref().unwrap_or(""),
            kind.text()
        );
        if let Some(seen) = self.seen.get_mut(&key)
            && now.duration_since(seen.last) < SERIES_END
        {
            seen.count += 1;
            seen.last = now;
            // Upstream writes a series when it begins and then only every 30 minutes.
            if seen.count > 2 {
                return;
            }
            let series = EventSeries {
                count: Some(seen.count),
                last_observed_time: Some(self.store.clock().micro_time()),
            };
            let written = self.store.modify::<Event>(
                regarding.namespace.as_deref().unwrap_or(""),
                &seen.name,
                |event| event.series = Some(series.clone()),
            );
            if matches!(written, Ok(Some(_))) {
                return;
            }
        }
        let blank = self.blank(regarding, now);
        let event = Event {
            reason: Some(reason.to_owned()),
            action: Some(action.to_owned()),
            message: Some(message.to_owned()),
            type_: Some(kind.text().to_owned()),
            event_time: Some(self.store.clock().micro_time()),
            source: Some(EventSource::default()),
            reporting_component: Some(self.component.to_owned()),
            reporting_instance: Some(format!("{}-simulator", self.component)),
            ..blank
        };
        self.create(key, &event, now);
    }

    fn blank(&mut self, regarding: &ObjectReference, now: Timestamp) -> Event {
        let object = regarding.name.as_deref().unwrap_or("");
        // Two events of one object at the same time need different names, which tell their order as the nanoseconds
        // of a real cluster do.
        let nanos = (now.as_nanosecond() as u64 & !0xffff).max(self.last_name + 0x1_0000);
        self.last_name = nanos;
        let nanos = nanos | self.store.random_u64() & 0xffff;
        Event {
            metadata: ObjectMeta {
                name: Some(format!("{object}.{nanos:x}")),
                namespace: regarding.namespace.clone(),
                ..ObjectMeta::default()
            },
            involved_object: regarding.clone(),
            ..Event::default()
        }
    }

    fn create(&mut self, key: String, event: &Event, now: Timestamp) {
        match self.store.create(event) {
            Ok(event) => {
                if self.seen.len() >= CACHE {
                    let old = now - AGGREGATE_INTERVAL;
                    self.seen.retain(|_, seen| seen.last > old);
                    self.similar.retain(|_, similar| similar.last > old);
                    self.buckets
                        .retain(|_, bucket| bucket.tokens < SPAM_BURST && bucket.last > old);
                }
                self.seen.insert(
                    key,
                    Seen {
                        name: event.metadata.name.unwrap_or_default(),
                        count: 1,
                        last: now,
                    },
                );
            }
            // Upstream's recorder drops what the API server refuses, as in a namespace that is being deleted.
            Err(error) => tracing::debug!(component = self.component, %error, "event was refused"),
        }
    }

    fn let_through(&mut self, object: &str, now: Timestamp) -> bool {
        let bucket = self.buckets.entry(object.to_owned()).or_insert(Bucket {
            tokens: SPAM_BURST,
            last: now,
        });
        let elapsed = now.duration_since(bucket.last).as_secs_f64();
        bucket.tokens = (bucket.tokens + elapsed / SPAM_REFILL_S).min(SPAM_BURST);
        bucket.last = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    /// `EventAggregate`: whether ten different messages came within ten minutes.
    fn is_one_of_many(&mut self, group: &str, message: &str, now: Timestamp) -> bool {
        let similar = self.similar.entry(group.to_owned()).or_insert(Similar {
            last: now,
            messages: BTreeSet::new(),
        });
        if now.duration_since(similar.last) > AGGREGATE_INTERVAL {
            similar.messages.clear();
        }
        similar.last = now;
        similar.messages.insert(message.to_owned());
        if similar.messages.len() < AGGREGATE_MAX_EVENTS {
            return false;
        }
        similar.messages.pop_first();
        true
    }
}
