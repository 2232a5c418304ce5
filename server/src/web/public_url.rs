//! The panel's address in people's browsers. It alone decides the cookie's name and flags, and the trusted origin.

use http::header::COOKIE;
use http::{HeaderMap, Uri};

use crate::loopback::is_loopback;
use crate::oidc::FLOW_S;
use crate::seats::SESSION_MOST_S;

/// Where people reach the panel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    https: bool,
}

impl PublicUrl {
    /// Reads `https://host[:port]`.
    ///
    /// # Errors
    /// A sentence: it is no such URL, has a path (the panel has a host of its own, or another site under it could read
    /// its cookie), or is plain http to another machine without `insecure_http`.
    pub fn parse(text: &str, insecure_http: bool) -> Result<Self, String> {
        let uri: Uri = text
            .parse()
            .map_err(|_| format!("The public URL {text} is no URL."))?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(format!(
                "The public URL {text} must begin with http:// or https:// and a host."
            ));
        };
        if !matches!(uri.path(), "" | "/")
            || uri.query().is_some()
            || authority.as_str().contains('@')
        {
            return Err(format!(
                "The public URL {text} must be a host and nothing more: the panel cannot live under a path."
            ));
        }
        let https = match scheme {
            "https" => true,
            "http" if insecure_http || is_loopback(authority.host()) => false,
            "http" => {
                return Err(format!(
                    "The public URL {text} would send codes and cookies readable over the network. Use https, or allow \
                     it with --insecure-http."
                ));
            }
            _ => return Err(format!("The public URL {text} must be http or https.")),
        };
        Ok(Self {
            origin: format!("{scheme}://{authority}").to_ascii_lowercase(),
            https,
        })
    }

    /// `https://workshop.example.org`, without a slash at its end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn is_https(&self) -> bool {
        self.https
    }

    /// The session cookie's name. Browsers take a `__Host-` cookie only over https and from this host itself.
    fn cookie_name(&self) -> &'static str {
        if self.https {
            "__Host-workshop"
        } else {
            "workshop"
        }
    }

    /// The header that sets the session cookie.
    pub(super) fn set_cookie(&self, value: &str) -> String {
        // As long as any session may last: when one ends earlier, the panel says so.
        self.cookie(self.cookie_name(), value, SESSION_MOST_S)
    }

    /// The header that removes it.
    pub(super) fn clear_cookie(&self) -> String {
        self.cookie(self.cookie_name(), "", 0)
    }

    /// The name of the cookie with a sign-in that is under way at the identity provider.
    fn flow_cookie_name(&self) -> &'static str {
        if self.https {
            "__Host-workshop-oidc"
        } else {
            "workshop-oidc"
        }
    }

    /// The header that sets it. Lax, as the provider's answer is a link from another site.
    pub(super) fn set_flow_cookie(&self, value: &str) -> String {
        self.cookie(self.flow_cookie_name(), value, FLOW_S)
    }

    /// The header that removes it.
    pub(super) fn clear_flow_cookie(&self) -> String {
        self.cookie(self.flow_cookie_name(), "", 0)
    }

    fn cookie(&self, name: &str, value: &str, max_age_s: i64) -> String {
        let secure = if self.https { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}")
    }

    /// The session cookie's value in a request.
    pub(super) fn read_cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        read(headers, self.cookie_name())
    }

    /// The value of the cookie of a sign-in under way.
    pub(super) fn read_flow_cookie<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        read(headers, self.flow_cookie_name())
    }
}

fn read<'a>(headers: &'a HeaderMap, cookie: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == cookie).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<PublicUrl> {
        PublicUrl::parse(text, false).ok()
    }

    #[test]
    fn https_cookie_is_secure_and_bound_to_the_host() {
        let url = parse("https://Workshop.example.org/").unwrap();
        assert_eq!(url.origin(), "https://workshop.example.org");
        assert_eq!(
            url.set_cookie("07.ab"),
            "__Host-workshop=07.ab; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure"
        );
        assert_eq!(
            url.clear_cookie(),
            "__Host-workshop=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0; Secure"
        );
    }

    #[test]
    fn cookie_of_a_sign_in_under_way_is_short_lived_and_another_one() {
        let url = parse("https://workshop.example.org").unwrap();
        assert_eq!(
            url.set_flow_cookie("a.b.c"),
            "__Host-workshop-oidc=a.b.c; Path=/; HttpOnly; SameSite=Lax; Max-Age=600; Secure"
        );
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "__Host-workshop-oidc=a.b.c".parse().unwrap());
        assert_eq!(url.read_flow_cookie(&headers), Some("a.b.c"));
        assert_eq!(url.read_cookie(&headers), None);
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for text in [
            "http://127.0.0.1:3000",
            "http://localhost:3000",
            "http://[::1]:3000",
        ] {
            let url = parse(text).unwrap();
            assert!(!url.set_cookie("x").contains("Secure"), "{text}");
        }
        assert_eq!(parse("http://192.168.1.5:3000"), None);
        assert!(PublicUrl::parse("http://192.168.1.5:3000", true).is_ok());
    }

    #[test]
    fn anything_but_a_host_is_refused() {
        for text in [
            "https://example.org/workshop",
            "https://example.org/?a=b",
            "https://me@example.org",
            "ftp://example.org",
            "example.org",
            "",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn own_cookie_is_found_among_others() {
        let url = parse("https://example.org").unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(url.read_cookie(&headers), None);
        headers.append(COOKIE, "theme=dark; workshop=no".parse().unwrap());
        assert_eq!(url.read_cookie(&headers), None);
        headers.append(COOKIE, "a=b; __Host-workshop=07.ab".parse().unwrap());
        assert_eq!(url.read_cookie(&headers), Some("07.ab"));
    }
}
