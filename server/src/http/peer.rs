//! The address that a request came from, also through proxies.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName, HeaderValue};

/// Where each proxy appends the address that it was asked from.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address: that of the connection, or what the first of so many proxies saw.
///
/// Whatever stands before in the header was written by the client. Where there are fewer addresses than proxies, or
/// one cannot be read, the request did not come the way that the operator says, and the connection counts.
pub(super) fn client(headers: &HeaderMap, connection: IpAddr, proxies: usize) -> IpAddr {
    if proxies == 0 {
        return connection;
    }
    let lines = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::to_str);
    let lines: Vec<_> = lines.map(Result::unwrap_or_default).collect();
    let found = lines.iter().rev().flat_map(|line| line.rsplit(',')).nth(proxies - 1);
    found.and_then(address).unwrap_or(connection)
}

/// An address, as some write it with a port or in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let alone = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let found = alone.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|a| a.ip()));
    found.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_proxies_append_is_believed_and_nothing_before_it() {
        let check = |lines: &[&str], proxies: usize, expected: &str| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            let connection = "127.0.0.1".parse().unwrap();
            let found = client(&headers, connection, proxies);
            assert_eq!(found.to_string(), expected, "{lines:?} {proxies}");
        };
        check(&["10.0.0.1"], 0, "127.0.0.1");
        check(&["10.0.0.1"], 1, "10.0.0.1");
        check(&["6.6.6.6, 10.0.0.1"], 1, "10.0.0.1");
        check(&["6.6.6.6,10.0.0.1, 10.0.0.2"], 2, "10.0.0.1");
        check(&["6.6.6.6", "10.0.0.1", "10.0.0.2"], 2, "10.0.0.1");
        check(&["10.0.0.1"], 2, "127.0.0.1");
        check(&[], 1, "127.0.0.1");
        check(&["unknown"], 1, "127.0.0.1");
        check(&["10.0.0.1:4711"], 1, "10.0.0.1");
        check(&["[2001:db8::1]:4711"], 1, "2001:db8::1");
        check(&["[2001:db8::1]"], 1, "2001:db8::1");
        check(&["2001:db8::1"], 1, "2001:db8::1");
        check(&["::ffff:10.0.0.1"], 1, "10.0.0.1");
    }
}
