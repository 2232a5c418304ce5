//! What the panel writes and its page reads: the first paint, the stream, and the server functions' answers.
//!
//! There is one reader for all of them, of text: a second one would make the page carry the code for a snapshot twice.

mod by_name;
mod sealed;

use leptos::server::codee::{Decoder, Encoder};
use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType};
use serde::Serialize;
use serde::de::{DeserializeOwned, Error};

use by_name::ByName;
pub use sealed::Sealed;

/// Reads a value of the panel.
///
/// # Errors
/// If the text is no JSON, or not of this value.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = T::deserialize(ByName(&mut json))?;
    json.end()?;
    Ok(value)
}

/// JSON as this page reads it, for `server_fn` and `SharedValue`.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(value: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(value).map(Into::into)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        read(str::from_utf8(&bytes).map_err(serde_json::Error::custom)?)
    }
}

impl<T: Serialize> Encoder<T> for JsonText {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: DeserializeOwned> Decoder<T> for JsonText {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        read(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::first_paint::Shown;
    use crate::model::samples;
    use crate::model::{Explanation, StreamEvent};

    #[test]
    fn what_is_written_is_read_again() {
        let (snapshot, history) = samples::mid_load();
        let first = Shown {
            panel: None,
            seen: Some(Ok((None::<String>, snapshot.clone(), history.clone()))),
        };
        let text = serde_json::to_string(&first).expect("it has no maps with other keys");
        let again: Shown<_> = read(&text).expect("it was written so");
        assert_eq!(again, first);
        let change = StreamEvent::Change {
            snapshot: Box::new(snapshot),
            appended: history,
        };
        let text = serde_json::to_string(&change).expect("it has no maps with other keys");
        assert_eq!(
            read::<StreamEvent>(&text).expect("it was written so"),
            change
        );
        assert_eq!(
            read::<Explanation>("\"no_cpu_yet\"").expect("it has no fields"),
            Explanation::NoCpuYet
        );
    }

    #[test]
    fn structs_have_names_and_texts_an_end() {
        assert!(read::<StreamEvent>("{\"leaving\":{\"retry_ms\":5}}").is_ok());
        assert!(read::<StreamEvent>("{\"leaving\":[5]}").is_err());
        assert!(read::<StreamEvent>("{\"leaving\":{\"retry_ms\":5}} 5").is_err());
        assert!(read::<StreamEvent>("{\"leaving\":{}}").is_err());
        assert!(read::<StreamEvent>("{\"leaving\":{\"retry_ms\":5}").is_err());
    }
}
