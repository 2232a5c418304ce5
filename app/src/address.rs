//! The page's address: of the request on the server, of the browser's location there. Every link and every form loads a
//! page anew, as each page comes with the data that it starts from: so there is no router.

/// Path and query of this page.
pub(crate) struct Address(String);

impl Address {
    /// The address that is shown now.
    pub(crate) fn here() -> Self {
        Self(whole())
    }

    /// The path without its query, such as `/seats`.
    pub(crate) fn path(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or_default()
    }

    /// The value of a field of the query as it was before it was written into an address.
    pub(crate) fn decoded(&self, name: &str) -> Option<String> {
        self.query(name)
            .map(|value| decode(&value.replace('+', " ")))
    }

    /// The value of a field of the query. What this program puts there itself needs no decoding.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        let (_, query) = self.0.split_once('?')?;
        let mut fields = query.split(['&', '#']).filter_map(|f| f.split_once('='));
        fields
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// The request's, which may come with the scheme and host that `leptos_axum` puts before it.
#[cfg(feature = "ssr")]
fn whole() -> String {
    let url = leptos::prelude::use_context::<leptos_router::location::RequestUrl>();
    let url = url.as_ref().map_or("/", |url| url.as_ref());
    let after_host = url.split_once("://").map(|(_, rest)| rest);
    let path = after_host.map_or(url, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    path.to_owned()
}

#[cfg(feature = "ssr")]
fn decode(value: &str) -> String {
    leptos_router::location::Url::unescape(value)
}

#[cfg(not(feature = "ssr"))]
fn decode(value: &str) -> String {
    js_sys::decode_uri_component(value).map_or_else(|_| value.to_owned(), String::from)
}

#[cfg(not(feature = "ssr"))]
fn whole() -> String {
    let location = leptos::prelude::window().location();
    let path = location.pathname().unwrap_or_default();
    path + &location.search().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_a_path_and_fields() {
        let address = Address("/sign-in?reason=new_code&next=1#x".to_owned());
        assert_eq!(address.path(), "/sign-in");
        assert_eq!(address.query("reason"), Some("new_code"));
        assert_eq!(address.query("next"), Some("1"));
        assert_eq!(address.query("x"), None);
        assert_eq!(Address("/".to_owned()).query("reason"), None);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn field_is_decoded() {
        let address = Address("/?path=%2Fapi%2Fdeploy&said=a+b%20%E2%86%92".to_owned());
        assert_eq!(address.decoded("path").as_deref(), Some("/api/deploy"));
        assert_eq!(address.decoded("said").as_deref(), Some("a b →"));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn request_is_told_by_its_context() {
        use leptos::prelude::{Owner, provide_context};
        use leptos_router::location::RequestUrl;

        for (url, path) in [
            ("/seats?x=1", "/seats"),
            ("http://leptos.dev/seats?x=1", "/seats"),
            ("http://leptos.dev", "/"),
        ] {
            Owner::new().with(|| {
                provide_context(RequestUrl::new(url));
                assert_eq!(Address::here().path(), path, "{url}");
            });
        }
    }
}
