//! The server that is driven: on this machine, and nowhere else.

use anyhow::{Context, Result, bail, ensure};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use ureq::http::Uri;

/// A server on loopback.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// What requests say in `Host`.
    pub(super) host: String,
}

impl Target {
    /// The server behind a URL such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When the URL is not one of this machine, or nothing listens there.
    pub(super) fn reached(url: &str) -> Result<Self> {
        let (addresses, host) = loopback(url)?;
        let stream = TcpStream::connect(&addresses[..])
            .with_context(|| format!("no server listens at {url}"))?;
        Ok(Self { address: stream.peer_addr()?, host })
    }
}

/// The addresses a URL stands for, and its host with the port.
fn loopback(url: &str) -> Result<(Vec<SocketAddr>, String)> {
    let uri: Uri = url.parse().with_context(|| format!("{url} is not a URL"))?;
    ensure!(
        uri.scheme_str() == Some("http") && uri.path_and_query().is_none_or(|rest| rest == "/"),
        "{url} is not of the form http://HOST:PORT"
    );
    let name = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(80);
    let addresses: Vec<SocketAddr> = match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => vec![SocketAddr::new(ip, port)],
        Err(_) if name == "localhost" => (name, port).to_socket_addrs()?.collect(),
        // Other names are not even looked up: what they stand for may change.
        Err(_) => Vec::new(),
    };
    if addresses.is_empty() || addresses.iter().any(|address| !address.ip().is_loopback()) {
        bail!(
            "{name} is not this machine: the load is driven at localhost, 127.0.0.1 or [::1] alone, \
             since anywhere else it would be an attack"
        );
    }
    Ok((addresses, format!("{name}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn this_machine_is_taken() {
        let check = |url, address: &str, host| {
            let (addresses, named) = loopback(url).unwrap_or_else(|error| panic!("{error:#}"));
            assert!(addresses.contains(&address.parse().unwrap()), "{url}: {addresses:?}");
            assert_eq!(named, host);
        };
        check("http://127.0.0.1:8080", "127.0.0.1:8080", "127.0.0.1:8080");
        check("http://127.9.8.7/", "127.9.8.7:80", "127.9.8.7:80");
        check("http://[::1]:9", "[::1]:9", "[::1]:9");
    }

    #[test]
    fn other_machines_are_refused_by_name() {
        for url in ["http://192.0.2.1:8080", "http://example.com", "http://localhost.example.com"] {
            let error = loopback(url).expect_err(url).to_string();
            assert!(error.contains("is not this machine"), "{error}");
        }
        for url in ["https://127.0.0.1", "127.0.0.1:8080", "http://127.0.0.1/events", "", "http://"]
        {
            assert!(loopback(url).is_err(), "{url}");
        }
    }

    #[test]
    fn nothing_that_listens_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        assert!(Target::reached(&url).is_ok());
        drop(listener);
        let error = Target::reached(&url).expect_err("nothing listens any more");
        assert!(error.to_string().contains("no server listens"), "{error}");
    }
}
