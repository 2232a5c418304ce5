//! The words of the tab `Events`. Part of [`super`].

use crate::figures::{Zone, clock};
use crate::model::{EventLine, NormalWarning};

pub const EVENTS: &str = "Events of the namespace, newest last";
pub const NO_EVENTS: &str = "No event has been seen yet.";
pub const NO_SUCH_EVENTS: &str = "No event is of that kind.";
pub const ALL_EVENTS: &str = "All";
pub const WARNINGS: &str = "Warnings";
pub const WHICH_EVENTS: &str = "Which events";
pub const OF_OBJECT: &str = "Object";
pub const ANY_OBJECT: &str = "any object";
pub const FOLLOW_EVENTS: &str = "Follow";

/// The sign and word of an event's type.
pub fn event_type(warning: bool) -> &'static str {
    if warning { "▲ Warning" } else { "· Normal" }
}

/// `Pod webapp-1`.
pub fn event_object(event: &EventLine) -> String {
    format!("{} {}", event.kind, event.name)
}

/// `×12 since 14:02:11`; nothing for an event that happened once.
pub fn repeats(event: &EventLine, zone: Zone) -> String {
    match event.count {
        0 | 1 => String::new(),
        count => format!("×{count} since {}", clock(event.first, zone)),
    }
}

/// Why a warning means nothing.
pub fn normal(normal: NormalWarning) -> &'static str {
    match normal {
        NormalWarning::AtStart => "normal at the start",
        NormalWarning::AtCleanUp => "normal at the end",
    }
}
