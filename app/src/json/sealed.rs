//! A value inside of another that is read where it is wanted, so that only that place carries the code for it.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// JSON of a `T` as a text of the JSON around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent, bound = "")]
pub struct Sealed<T> {
    text: String,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T: Serialize> Sealed<T> {
    /// Writes the value. One that is no JSON is nothing when it is read.
    pub fn new(value: &T) -> Self {
        Self {
            text: serde_json::to_string(value).unwrap_or_default(),
            of: PhantomData,
        }
    }
}

impl<T: DeserializeOwned> Sealed<T> {
    /// Reads the value; `None` if it is not what this build writes.
    pub fn open(&self) -> Option<T> {
        super::read(&self.text).ok()
    }
}
