//! Where a request comes from, for the audit. Nothing is decided by it: a class sits behind one address.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Networks whose word about a request's origin is taken: the ingress, and nobody by default.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
}

impl TrustedProxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self { networks }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }

    /// The last address on the way here that is no trusted proxy. What such a stranger claims about earlier ones is not
    /// believed. `None` where the connection's address is not known.
    pub(super) fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        let lines = headers.get_all(X_FORWARDED_FOR).into_iter();
        let forwarded: Vec<_> = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','))
            .map(|address| address.trim().parse::<IpAddr>())
            .collect();
        let mut client = peer.ip().to_canonical();
        for address in forwarded.into_iter().rev() {
            match address {
                Ok(address) if self.trusts(client) => client = address.to_canonical(),
                _ => break,
            }
        }
        Some(client)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let mut extensions = Extensions::new();
        let peer: IpAddr = peer.parse().unwrap();
        extensions.insert(ConnectInfo(SocketAddr::new(peer, 40_000)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, line.parse().unwrap());
        }
        let proxies = TrustedProxies::new(networks);
        proxies.client(&extensions, &headers).unwrap().to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        assert_eq!(client(&[], "192.0.2.7", &["198.51.100.1"]), "192.0.2.7");
    }

    #[test]
    fn trusted_proxy_is_believed_and_what_a_stranger_told_it_is_not() {
        let ingress = ["10.0.0.0/8"];
        for (forwarded, expected) in [
            (&["198.51.100.1"][..], "198.51.100.1"),
            (&["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
            (&["203.0.113.9", "198.51.100.1, 10.1.2.3"], "198.51.100.1"),
            (&["nonsense, 10.1.2.3"], "10.1.2.3"),
            (&["198.51.100.1, <script>"], "10.0.0.1"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(
                client(&ingress, "10.0.0.1", forwarded),
                expected,
                "{forwarded:?}"
            );
        }
    }

    #[test]
    fn mapped_address_is_the_one_it_stands_for() {
        assert_eq!(
            client(&["10.0.0.0/8"], "::ffff:10.0.0.1", &["192.0.2.7"]),
            "192.0.2.7"
        );
    }

    #[test]
    fn unknown_connection_is_unknown() {
        let proxies = TrustedProxies::default();
        assert_eq!(proxies.client(&Extensions::new(), &HeaderMap::new()), None);
    }
}
