//! What an option expects, told by the type that its parser makes. Used for the words of refusals and for printing
//! values as YAML.

use std::any::TypeId;
use std::net::SocketAddr;

use clap::{Arg, ArgAction};
use ipnet::IpNet;
use serde_json::Value;

/// What stands behind an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Number,
    Address,
    Choice(Vec<String>),
    Networks,
    Texts,
    Text,
}

impl Kind {
    pub(super) fn of(option: &Arg) -> Self {
        if matches!(option.get_action(), ArgAction::SetTrue) {
            return Self::Flag;
        }
        let choices = option.get_possible_values();
        if !choices.is_empty() {
            return Self::Choice(
                choices
                    .iter()
                    .map(|choice| choice.get_name().to_owned())
                    .collect(),
            );
        }
        let parsed = option.get_value_parser().type_id();
        let is_list = option.get_value_delimiter().is_some();
        let number = [
            TypeId::of::<u16>(),
            TypeId::of::<u32>(),
            TypeId::of::<u64>(),
        ];
        match () {
            () if number.iter().any(|number| parsed == *number) => Self::Number,
            () if parsed == TypeId::of::<SocketAddr>() => Self::Address,
            () if parsed == TypeId::of::<IpNet>() => Self::Networks,
            () if is_list => Self::Texts,
            () => Self::Text,
        }
    }

    /// True if it takes several values.
    pub(super) fn is_list(&self) -> bool {
        matches!(self, Self::Networks | Self::Texts)
    }

    /// As a refusal says it.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Address => "an address and a port such as 127.0.0.1:3000".to_owned(),
            Self::Choice(choices) => choices.join(" or "),
            Self::Networks => "a list of networks such as 10.0.0.0/8".to_owned(),
            Self::Texts => "a list of texts".to_owned(),
            Self::Text => "text".to_owned(),
        }
    }

    /// A value as YAML has it.
    pub(super) fn value(&self, texts: &[String]) -> Value {
        if self.is_list() {
            return texts.into();
        }
        let Some(text) = texts.first() else {
            return Value::Null;
        };
        match self {
            // What clap took for a number or a flag is one; otherwise the text tells as much.
            Self::Number | Self::Flag => {
                serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
            }
            _ => text.as_str().into(),
        }
    }
}
