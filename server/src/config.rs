//! What the flags mean together: where to listen, who may ask, how the store is opened.
//!
//! The one rule that is not a matter of taste: what is reachable from other machines has a password.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::cli::{ServeArgs, StoreArgs};
use crate::http::{Access, Gate, NameError, Names, PasswordError, Settings, SignIn, Sockets};
use crate::query::QueryLimits;
use crate::store::StoreOptions;

const PORT_DEFAULT: u16 = 8080;
const USERNAME_DEFAULT: &str = "admin";
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a server cannot be started as asked.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Other machines could read everything.
    #[error(
        "{0} can be reached from other machines, so a password is needed: set EVENTHUB_PASSWORD, \
         --password or --password-file, or listen on 127.0.0.1"
    )]
    Open(SocketAddr),
    /// A user name that nobody will be asked for.
    #[error("--username is given without --password or --password-file")]
    UsernameAlone,
    /// A flag whose value is empty.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// `PORT` is no port.
    #[error("PORT: {0} is not a port")]
    Port(String),
    /// An origin that no browser would send.
    #[error("--cors-origin: {0} is not an origin such as https://shop.example")]
    Origin(String),
    /// A host that no request would name.
    #[error(
        "--allowed-host: {0} is not a host name such as hub.example or an address such as [::2], without \
         scheme, port and path"
    )]
    Host(String),
    /// A time zone that is not in the database.
    #[error("--time-zone: {0} is not a time zone such as Europe/Paris or UTC")]
    TimeZone(String),
    /// A path of the tag or of events that cannot be.
    #[error("{flag}: {path}: {error}")]
    Path {
        /// The flag that names it.
        flag: &'static str,
        /// The path.
        path: String,
        /// Why.
        error: NameError,
    },
    /// A password file that cannot be read.
    #[error("password file {}: {source}", path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A password that cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// A server as asked for.
#[derive(Debug)]
pub struct ServeConfig {
    /// Where to listen.
    pub listen: SocketAddr,
    /// How requests are treated.
    pub settings: Settings,
    /// How connections are treated.
    pub sockets: Sockets,
}

impl ServeConfig {
    /// Decides what the flags, and the environment's `PORT`, mean together.
    ///
    /// # Errors
    /// When they contradict one another or would leave data open to other machines.
    pub fn new(args: &ServeArgs, port: Option<&str>) -> Result<Self, ConfigError> {
        let listen = listen_address(args.listen, port)?;
        args.allowed_hosts.iter().try_for_each(|host| check_host(host))?;
        let gate = match sign_in(args)? {
            Some(sign_in) => Gate::SignIn(Box::new(sign_in)),
            None if listen.ip().to_canonical().is_loopback() => {
                Gate::Hosts(args.allowed_hosts.clone())
            }
            None => return Err(ConfigError::Open(listen)),
        };
        if args.write_key.as_deref() == Some("") {
            return Err(ConfigError::Empty("--write-key"));
        }
        let cors_origins = args.cors_origins.iter().map(|origin| check_origin(origin));
        let cors_origins = cors_origins.collect::<Result<_, _>>()?;
        let access = Access { gate, write_key: args.write_key.clone(), cors_origins };
        let time_zone = time_zone(&args.time_zone)?;
        let names = names(&args.tag_path, &args.ingest_path)?;
        let body_bytes_max = usize::try_from(args.body_bytes).unwrap_or(usize::MAX);
        Ok(Self {
            listen,
            settings: Settings {
                access,
                time_zone,
                body_bytes_max,
                body_timeout: BODY_TIMEOUT,
                names,
                events_per_second_max: args.rate_limit,
                proxies: args.trusted_proxies as usize,
            },
            sockets: Sockets {
                connections_max: args.connections as usize,
                header_timeout: HEADER_TIMEOUT,
                write_timeout: WRITE_TIMEOUT,
                stop_timeout: STOP_TIMEOUT,
            },
        })
    }
}

impl ServeArgs {
    /// How much a question may take.
    #[must_use]
    pub const fn query_limits(&self) -> QueryLimits {
        QueryLimits {
            time: Duration::from_secs(self.query_seconds as u64),
            memory_bytes: self.query_memory,
        }
    }
}

impl StoreArgs {
    /// How the store is opened.
    #[must_use]
    pub fn options(&self) -> StoreOptions {
        StoreOptions {
            seal_events: self.seal_events,
            map_size_bytes: usize::try_from(self.map_size).unwrap_or(usize::MAX),
            queue_requests_max: self.queue_requests as usize,
            insert_id_days: self.insert_id_days,
            ..StoreOptions::default()
        }
    }
}

/// `--listen`, else every address at `PORT` (as hosting platforms ask for), else this machine alone.
fn listen_address(
    listen: Option<SocketAddr>,
    port: Option<&str>,
) -> Result<SocketAddr, ConfigError> {
    match (listen, port.filter(|port| !port.is_empty())) {
        (Some(listen), _) => Ok(listen),
        (None, Some(port)) => {
            let port = port.parse().map_err(|_| ConfigError::Port(port.to_string()))?;
            Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))
        }
        (None, None) => Ok(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), PORT_DEFAULT)),
    }
}

fn sign_in(args: &ServeArgs) -> Result<Option<SignIn>, ConfigError> {
    let username = || args.username.clone().unwrap_or_else(|| USERNAME_DEFAULT.to_string());
    match (&args.password, &args.password_file) {
        (Some(password), _) if password.is_empty() => Err(ConfigError::Empty("--password")),
        (Some(password), _) => Ok(Some(SignIn::with_password(username(), password)?)),
        (None, Some(path)) => Ok(Some(sign_in_by_file(username(), path)?)),
        (None, None) if args.username.is_some() => Err(ConfigError::UsernameAlone),
        (None, None) => Ok(None),
    }
}

fn sign_in_by_file(username: String, path: &Path) -> Result<SignIn, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::PasswordFile { path: path.to_path_buf(), source })?;
    match text.lines().next().unwrap_or_default() {
        "" => Err(ConfigError::Empty("the first line of --password-file")),
        hash if hash.starts_with("$argon2") => Ok(SignIn::with_hash(username, hash.trim())?),
        password => Ok(SignIn::with_password(username, password)?),
    }
}

/// A time zone of the database that is part of this binary, by its IANA name in any case.
fn time_zone(name: &str) -> Result<TimeZone, ConfigError> {
    // The database also knows a name for zones that are not known.
    let known = TimeZoneDatabase::bundled().get(name).ok().filter(|zone| !zone.is_unknown());
    known.ok_or_else(|| ConfigError::TimeZone(name.to_string()))
}

/// The paths that the operator names.
fn names(tag: &str, ingest: &str) -> Result<Names, ConfigError> {
    let at = |flag: &'static str, path: &str| {
        let path = path.to_owned();
        move |error| ConfigError::Path { flag, path, error }
    };
    let names = Names::default().with_tag(tag).map_err(at("--tag-path", tag))?;
    names.with_ingest(ingest).map_err(at("--ingest-path", ingest))
}

/// A host as requests name it, without its port: a name, or an address, which has brackets in version 6.
fn check_host(host: &str) -> Result<(), ConfigError> {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if host.is_empty() {
        return Err(ConfigError::Empty("--allowed-host"));
    }
    let sound = address.map_or(host.bytes().all(is_name), |ip| ip.parse::<Ipv6Addr>().is_ok());
    if sound { Ok(()) } else { Err(ConfigError::Host(host.to_string())) }
}

/// An origin as browsers send it: scheme, host and port, without a path.
fn check_origin(text: &str) -> Result<String, ConfigError> {
    let origin = text.trim_end_matches('/');
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    if host.is_empty() || host.contains('/') || !origin.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(ConfigError::Origin(text.to_string()));
    }
    Ok(origin.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn config(flags: &str, port: Option<&str>) -> Result<ServeConfig, ConfigError> {
        let words = format!("eventhub serve {flags}");
        let Command::Serve(args) = Cli::parse_from(words.split_whitespace()).command else {
            panic!("{flags}")
        };
        ServeConfig::new(&args, port)
    }

    #[test]
    fn what_others_can_reach_needs_a_password() {
        let check = |flags: &str, port: Option<&str>, expected: Option<&str>| {
            let found = config(flags, port).ok().map(|config| config.listen.to_string());
            assert_eq!(found.as_deref(), expected, "{flags} {port:?}");
        };
        check("", None, Some("127.0.0.1:8080"));
        check("", Some(""), Some("127.0.0.1:8080"));
        check("", Some("5000"), None);
        check("", Some("http"), None);
        check("--password p", Some("5000"), Some("0.0.0.0:5000"));
        check("--listen 127.0.0.1:1", Some("5000"), Some("127.0.0.1:1"));
        check("--listen [::1]:1", None, Some("[::1]:1"));
        check("--listen 0.0.0.0:1", None, None);
        check("--listen [::]:1", None, None);
        check("--listen 10.0.0.1:1", None, None);
        check("--listen 10.0.0.1:1 --password p --username u", None, Some("10.0.0.1:1"));
        check("--username u", None, None);
        check("--password=", None, None);
        check("--write-key=", None, None);
    }

    #[test]
    fn the_refusal_says_how_to_set_a_password() {
        let refused = config("--listen 0.0.0.0:80", None).unwrap_err().to_string();
        assert!(refused.contains("EVENTHUB_PASSWORD") && refused.contains("--password-file"));
    }

    #[test]
    fn a_password_file_holds_a_password_or_its_hash() {
        let check = |content: &str, expected: bool| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), content).unwrap();
            let found = config(&format!("--password-file {}", file.path().display()), None);
            assert_eq!(found.is_ok(), expected, "{content}");
        };
        check("secret\n", true);
        check("\n", false);
        check("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$", false);
        check(
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$\
             wFkGEi5lIfUL9I5R+y1S0hDXJXoO8WyqpMmrrXBVwAo\n",
            true,
        );
        assert!(config("--password-file /no/such/file", None).is_err());
    }

    #[test]
    fn time_zones_have_iana_names() {
        let check = |flags: &str, expected: Option<&str>| {
            let found = config(flags, None).map(|config| config.settings.time_zone);
            let name = found.as_ref().ok().and_then(TimeZone::iana_name);
            assert_eq!(name, expected, "{flags}");
        };
        check("", Some("UTC"));
        check("--time-zone UTC", Some("UTC"));
        check("--time-zone Europe/Paris", Some("Europe/Paris"));
        check("--time-zone america/new_york", Some("America/New_York"));
        for none in ["", "Europe/Atlantis", "Etc/Unknown", "+02:00", "/etc/passwd", "EST5EDT,M3"] {
            check(&format!("--time-zone={none}"), None);
        }
        let refused = config("--time-zone Mars", None).unwrap_err().to_string();
        assert_eq!(refused, "--time-zone: Mars is not a time zone such as Europe/Paris or UTC");
    }

    #[test]
    fn allowed_hosts_are_as_requests_name_them() {
        let check = |host: &str, expected: bool| {
            for password in ["", " --password p"] {
                let found = config(&format!("--allowed-host={host}{password}"), None);
                assert_eq!(found.is_ok(), expected, "{host}");
            }
        };
        for host in ["hub.example", "Hub-1.example.", "a_b", "10.0.0.1", "[::2]", "a,b.example"] {
            check(host, true);
        }
        for host in [
            "",
            "hub.example:8080",
            "http://hub.example",
            "hub.example/",
            "*.example",
            "::2",
            "[::2]:80",
            "[hub]",
            "caf\u{e9}.example",
            "a,,b",
        ] {
            check(host, false);
        }
        let refused = config("--allowed-host hub.example:80", None).unwrap_err().to_string();
        assert!(
            refused.starts_with("--allowed-host: hub.example:80 is not a host name"),
            "{refused}"
        );
    }

    #[test]
    fn origins_are_as_browsers_send_them() {
        let check = |origin: &str, expected: Option<&str>| {
            assert_eq!(check_origin(origin).ok().as_deref(), expected, "{origin}");
        };
        check("https://shop.example", Some("https://shop.example"));
        check("https://shop.example/", Some("https://shop.example"));
        check("http://localhost:3000", Some("http://localhost:3000"));
        check("https://shop.example/path", None);
        check("shop.example", None);
        check("*", None);
    }
}
