//! Options of `workshop ping`.

use clap::Args;
use http::Uri;

/// Options of `workshop ping`.
#[derive(Debug, Args)]
pub struct Ping {
    /// Where the panel is reached without TLS, as by its Service: `http://panel.workshop:3000`.
    #[arg(value_parser = plain)]
    pub url: Uri,

    /// How long to wait for it, in seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub timeout: u64,
}

/// `http://HOST[:PORT]`
fn plain(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|_| "this is no URL".to_owned())?;
    let bare = matches!(uri.path(), "" | "/") && uri.query().is_none();
    match (uri.scheme_str(), uri.host()) {
        (Some("http"), Some(_)) if bare => Ok(uri),
        (Some("https"), _) => {
            Err("the panel itself speaks plain http: give the address of its Service".to_owned())
        }
        _ => Err("give http:// and a host, perhaps with a port, and nothing more".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_that_of_a_service() {
        assert!(plain("http://panel.workshop:3000").is_ok());
        assert!(plain("http://[fd00::1]:3000/").is_ok());
        assert!(
            plain("https://workshop.example.org")
                .unwrap_err()
                .contains("Service")
        );
        for text in [
            "panel:3000",
            "panel",
            "http://panel/seats",
            "http://panel?a",
        ] {
            assert!(plain(text).is_err(), "{text}");
        }
    }
}
