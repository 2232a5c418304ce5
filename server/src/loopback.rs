//! Which hosts are this machine: the one place where plain http goes without saying.

use std::net::IpAddr;

/// Whether a URL's host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}
