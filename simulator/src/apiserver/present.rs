//! Objects as a client asked to see them: whole, metadata alone, rows of a table, or events in their other form.

use std::sync::Arc;

use serde_json::{Value, json};

use super::request::{Shape, Target};
use super::table;
use crate::clock::Clock;
use crate::store::{Resource, managed_fields};

/// Shows objects of one kind in one shape.
#[derive(Debug)]
pub(super) struct Presenter {
    shape: Shape,
    resource: &'static Resource,
    new_events: bool,
    clock: Clock,
    /// In a watch only the first table has columns.
    has_sent_columns: bool,
}

impl Presenter {
    pub(super) fn new(shape: Shape, target: &Target, clock: Clock) -> Self {
        Self {
            shape,
            resource: target.resource,
            new_events: target.new_events,
            clock,
            has_sent_columns: false,
        }
    }

    /// The answer to a request for one object.
    pub(super) fn one(&self, object: &Value) -> Value {
        match self.shape {
            Shape::Object => self.object(object),
            Shape::Metadata => partial(object),
            Shape::Table(include) => {
                let metadata = json!({"resourceVersion": object["metadata"]["resourceVersion"]});
                table::table(
                    self.resource,
                    [object],
                    &metadata,
                    include,
                    self.clock.now(),
                )
            }
        }
    }

    /// The answer to a list.
    pub(super) fn list(&self, items: &[Arc<Value>], metadata: &Value) -> Value {
        let (api_version, kind, items): (_, _, Vec<_>) = match self.shape {
            Shape::Table(include) => {
                let items = items.iter().map(|item| &**item);
                return table::table(self.resource, items, metadata, include, self.clock.now());
            }
            Shape::Object => (
                self.api_version(),
                format!("{}List", self.resource.kind),
                items.iter().map(|item| self.item(item)).collect(),
            ),
            Shape::Metadata => (
                "meta.k8s.io/v1".to_owned(),
                "PartialObjectMetadataList".to_owned(),
                items.iter().map(|item| partial(item)).collect(),
            ),
        };
        json!({"kind": kind, "apiVersion": api_version, "metadata": metadata, "items": items})
    }

    /// The object of a watch event.
    pub(super) fn watched(&mut self, object: &Value) -> Value {
        let mut shown = self.one(object);
        if matches!(self.shape, Shape::Table(_)) {
            if self.has_sent_columns {
                shown["columnDefinitions"] = Value::Null;
            }
            self.has_sent_columns = true;
        }
        shown
    }

    fn api_version(&self) -> String {
        if self.new_events {
            "events.k8s.io/v1".to_owned()
        } else {
            self.resource.api_version()
        }
    }

    /// An object in a list: those of built-in kinds do not repeat their kind.
    fn item(&self, object: &Value) -> Value {
        let mut item = self.object(object);
        if let Some(item) = item
            .as_object_mut()
            .filter(|_| !managed_fields::is_custom(self.resource))
        {
            item.remove("apiVersion");
            item.remove("kind");
        }
        item
    }

    fn object(&self, object: &Value) -> Value {
        if self.new_events {
            to_new_event(object)
        } else {
            object.clone()
        }
    }
}

/// `meta.k8s.io/v1` PartialObjectMetadata.
pub(super) fn partial(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object["metadata"],
    })
}

/// The fields of an event in core/v1 and in events.k8s.io/v1.
/// Upstream: `pkg/apis/events/v1/conversion.go`.
const EVENT_FIELDS: [(&str, &str); 7] = [
    ("message", "note"),
    ("involvedObject", "regarding"),
    ("reportingComponent", "reportingController"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
];

fn to_new_event(event: &Value) -> Value {
    let mut event = event.clone();
    if let Some(fields) = event.as_object_mut() {
        for (old, new) in EVENT_FIELDS {
            if let Some(value) = fields.remove(old) {
                fields.insert(new.to_owned(), value);
            }
        }
        fields.insert("apiVersion".to_owned(), json!("events.k8s.io/v1"));
    }
    event
}

/// The stored form of an event that was sent as events.k8s.io/v1.
pub(super) fn from_new_event(event: &mut Value) {
    if let Some(fields) = event.as_object_mut() {
        for (old, new) in EVENT_FIELDS {
            if let Some(value) = fields.remove(new) {
                fields.insert(old.to_owned(), value);
            }
        }
        fields.insert("apiVersion".to_owned(), json!("v1"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_is_the_same_in_both_apis() {
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "message": "m", "involvedObject": {"name": "a"},
            "count": 2, "reason": "R",
        });
        let mut new = to_new_event(&event);
        assert_eq!(new["note"], "m");
        assert_eq!(new["regarding"]["name"], "a");
        assert_eq!(new["deprecatedCount"], 2);
        from_new_event(&mut new);
        assert_eq!(new, event);
    }
}
