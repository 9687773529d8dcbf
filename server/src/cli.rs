//! The command line: every flag with its name, default and environment variable.
//!
//! This file is syntax only: what the flags mean together (which address is listened on, whether a
//! password is needed) is decided in [`crate::config`].

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use eventhub_core::limits::{BODY_BYTES_MAX, INSERT_ID_DAYS_DEFAULT, SEAL_EVENTS_DEFAULT};
use eventhub_core::{TimeMs, parse_timestamp};

/// The program.
#[derive(Debug, Parser)]
#[command(name = "eventhub", version, about = "Event analytics in one process and one data file")]
pub struct Cli {
    /// What is logged to stderr: error, warn, info, debug, trace, or a filter such as
    /// `info,eventhub_server::store=debug`.
    #[arg(long, env = "EVENTHUB_LOG", default_value = "info", global = true, value_name = "LEVEL")]
    pub log: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in events and answer questions over HTTP
    Serve(Box<ServeArgs>),
    /// Load events from CSV or NDJSON files
    Import(Box<ImportArgs>),
    /// Fill a data folder with a made-up product: a funnel, cohorts and an experiment worth looking at
    Demo(DemoArgs),
    /// Verify every checksum and index of a data folder, also beside a running server
    Check(CheckArgs),
    /// Print figures about a data folder, also beside a running server
    Stats(StatsArgs),
}

/// Flags of everything that writes to a data folder.
#[derive(Debug, Clone, Args)]
pub struct StoreArgs {
    /// The data folder, made when it does not exist
    #[arg(long, env = "EVENTHUB_DATA", default_value = "./eventhub-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Events that are kept row by row before they are sealed into columns
    #[arg(long, env = "EVENTHUB_SEAL_EVENTS", default_value_t = SEAL_EVENTS_DEFAULT, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub seal_events: u32,
    /// Bytes that the data file may grow to, such as 500MB, 64GiB or 1TiB; reserved as addresses, not
    /// as memory or disk
    #[arg(long, env = "EVENTHUB_MAP_SIZE", default_value = "256GiB", value_name = "SIZE",
          value_parser = parse_size)]
    pub map_size: u64,
    /// Requests that may wait to be written before further ones are answered 503
    #[arg(long, env = "EVENTHUB_QUEUE_REQUESTS", default_value_t = 1024, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub queue_requests: u32,
    /// Days for which an insert_id is remembered
    #[arg(long, env = "EVENTHUB_INSERT_ID_DAYS", default_value_t = INSERT_ID_DAYS_DEFAULT,
          value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub insert_id_days: u32,
}

/// Flags of `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Where and how events are stored.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Address and port to listen on; port 0 takes a free one. [default: 127.0.0.1:8080, or
    /// 0.0.0.0:$PORT when PORT is set]
    #[arg(long, env = "EVENTHUB_LISTEN", value_name = "ADDRESS:PORT", value_parser = parse_address)]
    pub listen: Option<SocketAddr>,
    /// Name to sign in with [default: admin]
    #[arg(long, env = "EVENTHUB_USERNAME", value_name = "NAME")]
    pub username: Option<String>,
    /// Password to sign in with; in the environment or a file it is not seen in the list of processes
    #[arg(
        long,
        env = "EVENTHUB_PASSWORD",
        value_name = "PASSWORD",
        hide_env_values = true,
        conflicts_with = "password_file"
    )]
    pub password: Option<String>,
    /// File whose first line is the password, or its Argon2 hash ($argon2id$...)
    #[arg(long, env = "EVENTHUB_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Key that clients must send with events, as parameter write_key or header X-Write-Key
    #[arg(long, env = "EVENTHUB_WRITE_KEY", value_name = "KEY", hide_env_values = true)]
    pub write_key: Option<String>,
    /// Origin whose pages may send events, such as https://shop.example; may be repeated
    /// [default: any]
    #[arg(
        long = "cors-origin",
        env = "EVENTHUB_CORS_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ','
    )]
    pub cors_origins: Vec<String>,
    /// Host name, beside localhost, under which a server without a password answers; may be repeated
    #[arg(
        long = "allowed-host",
        env = "EVENTHUB_ALLOWED_HOST",
        value_name = "HOST",
        value_delimiter = ','
    )]
    pub allowed_hosts: Vec<String>,
    /// Events that one client, told by its address, may send per second, and ten times as many at once; further ones
    /// are answered 429 [default: no limit]
    #[arg(long, env = "EVENTHUB_RATE_LIMIT", value_name = "EVENTS_PER_SECOND",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: Option<u32>,
    /// Proxies in front of this server, each of which appends to X-Forwarded-For where it was asked from; with none
    /// the header is not believed
    #[arg(long, env = "EVENTHUB_TRUSTED_PROXIES", default_value_t = 0, value_name = "N",
          value_parser = clap::value_parser!(u32).range(0..=16))]
    pub trusted_proxies: u32,
    /// Path of the script that pages load; with its hash before the ending it is there for ever
    #[arg(long, env = "EVENTHUB_TAG_PATH", default_value = "/eventhub.js", value_name = "PATH")]
    pub tag_path: String,
    /// A further path that takes what /api/v1/events takes
    #[arg(
        long,
        env = "EVENTHUB_INGEST_PATH",
        default_value = "/api/v1/events",
        value_name = "PATH"
    )]
    pub ingest_path: String,
    /// Time zone, such as Europe/Paris, of questions that name none; the established API is always UTC
    #[arg(long, env = "EVENTHUB_TIME_ZONE", default_value = "UTC", value_name = "TZ")]
    pub time_zone: String,
    /// Bytes of a request body, after unpacking
    #[arg(long, env = "EVENTHUB_BODY_BYTES", default_value_t = BODY_BYTES_MAX as u64,
          value_name = "SIZE", value_parser = parse_size)]
    pub body_bytes: u64,
    /// Seconds that a question may take before it is answered 503
    #[arg(long, env = "EVENTHUB_QUERY_SECONDS", default_value_t = 60, value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub query_seconds: u32,
    /// Bytes of memory for what a question counts before it is answered 503
    #[arg(long, env = "EVENTHUB_QUERY_MEMORY", default_value = "1GiB", value_name = "SIZE",
          value_parser = parse_size)]
    pub query_memory: u64,
    /// Connections served at a time; further ones wait
    #[arg(long, env = "EVENTHUB_CONNECTIONS", default_value_t = 1024, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub connections: u32,
}

/// Flags of `import`.
#[derive(Debug, Clone, Args)]
pub struct ImportArgs {
    /// Files to load, in this order: CSV or NDJSON, plain, .gz or .zst
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Where and how events are stored when there is no --url.
    #[command(flatten)]
    pub store: StoreArgs,
    /// Send to a running server instead of writing to the data folder
    #[arg(long, env = "EVENTHUB_URL", value_name = "URL")]
    pub url: Option<String>,
    /// Write key of the server at --url
    #[arg(long, env = "EVENTHUB_WRITE_KEY", value_name = "KEY", hide_env_values = true)]
    pub write_key: Option<String>,
    /// Column or key that holds the event type
    #[arg(long, default_value = "event_type", value_name = "NAME")]
    pub event_column: String,
    /// Column or key that holds the user
    #[arg(long, default_value = "external_user_id", value_name = "NAME")]
    pub user_column: String,
    /// Column or key that holds the time: YYYY-MM-DD HH:MM:SS[.fff] (UTC), RFC 3339, or seconds or
    /// milliseconds since 1970
    #[arg(long, default_value = "timestamp", value_name = "NAME")]
    pub time_column: String,
    /// Column or key that holds the insert id, by which a repeated event is known
    #[arg(long, value_name = "NAME")]
    pub insert_id_column: Option<String>,
    /// Form of the files
    #[arg(long, value_enum, default_value_t = ImportFormat::Auto)]
    pub format: ImportFormat,
}

/// Form of an imported file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ImportFormat {
    /// By the file's name, else by its first character
    Auto,
    /// Comma-separated values with a line of names
    Csv,
    /// A JSON object a line
    Ndjson,
}

/// Flags of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The data folder, made when it does not exist; it must hold no events
    #[arg(long, env = "EVENTHUB_DATA", default_value = "./eventhub-demo", value_name = "DIR")]
    pub data: PathBuf,
    /// People who come to the product; each has some 18 events
    #[arg(long, default_value_t = 12_000, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=500_000))]
    pub users: u32,
    /// Days over which they come
    #[arg(long, default_value_t = 90, value_name = "N",
          value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// The last of these days, YYYY-MM-DD; the data ends with it [default: now]
    #[arg(long, value_name = "DATE", value_parser = parse_day)]
    pub last_day: Option<TimeMs>,
    /// A number that other data follows from
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub seed: u64,
}

/// Flags of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The data folder
    #[arg(long, env = "EVENTHUB_DATA", default_value = "./eventhub-data", value_name = "DIR")]
    pub data: PathBuf,
}

/// Flags of `stats`.
#[derive(Debug, Args)]
pub struct StatsArgs {
    /// The data folder
    #[arg(long, env = "EVENTHUB_DATA", default_value = "./eventhub-data", value_name = "DIR")]
    pub data: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Reads a number of bytes: digits and, if any, a unit of 1000 (kB, MB, GB, TB) or 1024 (KiB, MiB, ..).
fn parse_size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1000,
        "k" | "kib" => 1 << 10,
        "mb" => 1_000_000,
        "m" | "mib" => 1 << 20,
        "gb" => 1_000_000_000,
        "g" | "gib" => 1 << 30,
        "tb" => 1_000_000_000_000,
        "t" | "tib" => 1 << 40,
        _ => return Err(format!("{text} is not a size such as 1048576, 64MiB or 2GB")),
    };
    let number: u64 = number.parse().map_err(|_| format!("{text} does not begin with a number"))?;
    match number.checked_mul(scale) {
        None => Err(format!("{text} is too large")),
        Some(0) => Err("must not be 0".to_string()),
        Some(bytes) => Ok(bytes),
    }
}

/// Reads a day and gives its beginning.
fn parse_day(text: &str) -> Result<TimeMs, String> {
    parse_timestamp("last-day", &format!("{text}T00:00:00Z"))
        .map_err(|_| format!("{text} is not a day from 1970-01-01 to 2200-12-31"))
}

fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let hint = "an address and port such as 127.0.0.1:8080";
    let mut found = text.to_socket_addrs().map_err(|error| format!("{error}; expected {hint}"))?;
    found.next().ok_or_else(|| format!("{text} has no address; expected {hint}"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_do_not_contradict_one_another() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_have_units() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(parse_size(text).ok(), expected, "{text}");
        };
        check("1048576", Some(1 << 20));
        check("64MiB", Some(64 << 20));
        check("2 GB", Some(2_000_000_000));
        check("1t", Some(1 << 40));
        check("0", None);
        check("GB", None);
        check("1.5GB", None);
        check("99999999TiB", None);
    }

    #[test]
    fn an_import_names_its_columns() {
        let parsed = Cli::try_parse_from(
            "eventhub import a.csv.gz --data d --event-column event --user-column user_id"
                .split(' '),
        );
        let Ok(Cli { command: Command::Import(args), .. }) = parsed else {
            panic!("refused: {parsed:?}")
        };
        assert_eq!(args.files, [PathBuf::from("a.csv.gz")]);
        assert_eq!((args.event_column.as_str(), args.time_column.as_str()), ("event", "timestamp"));
        assert_eq!(args.store.data, PathBuf::from("d"));
    }

    #[test]
    fn a_demo_ends_with_a_day() {
        let check = |day: &str, expected: Option<i64>| {
            let parsed = Cli::try_parse_from(["eventhub", "demo", "--last-day", day]);
            let parsed = parsed.ok().map(|cli| match cli.command {
                Command::Demo(args) => args.last_day.map(TimeMs::ms),
                other => panic!("{other:?}"),
            });
            assert_eq!(parsed, expected.map(Some), "{day}");
        };
        check("1970-01-02", Some(86_400_000));
        for other in ["2026-02-30", "20260228", "2026-02-28T01", "1969-12-31", ""] {
            check(other, None);
        }
    }

    #[test]
    fn addresses_may_be_names() {
        assert_eq!(parse_address("127.0.0.1:0").unwrap().port(), 0);
        assert!(parse_address("localhost:80").unwrap().ip().is_loopback());
        assert!(parse_address("8080").is_err());
    }
}
