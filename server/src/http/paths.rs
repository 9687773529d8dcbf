//! Every path of the established API, those that an operator names, and the area of access and methods each lies in.

use http::Method;

use super::dashboard;

use super::v1::{self, Resource};

/// What a path is for, which decides who may ask and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    /// Takes in what clients track: any page may send, a write key may be asked for, JSONP works.
    Tracking,
    /// Shows data: needs the password where there is one.
    Data,
    /// Changes how the server logs: as `Data`, and closed without a password.
    Debug,
    /// Says whether the server works: open.
    Health,
    /// The tag that pages load: open.
    Tag(TagName),
    /// The JSON API: as `Data`, each resource with its methods.
    Api(Resource),
    /// Everything else: the dashboard's files, or nothing.
    Files,
}

pub(super) const TRACK: &str = "/events/track";
pub(super) const BATCH_TRACK: &str = "/events/batch_track";
pub(super) const ALIAS: &str = "/users/alias";
pub(super) const ADD_OR_UPDATE: &str = "/users/add_or_update";
pub(super) const EVENT_TYPES: &str = "/events/types";
pub(super) const EVENT_KEYS: &str = "/events/keys";
pub(super) const EVENT_VALUES: &str = "/events/values";
pub(super) const VIEW: &str = "/events/view";
pub(super) const FUNNEL: &str = "/events/funnel";
pub(super) const COHORT: &str = "/events/cohort";
pub(super) const FIND: &str = "/users/find";
pub(super) const USER_KEYS: &str = "/users/keys";
pub(super) const USER_VALUES: &str = "/users/values";
pub(super) const TIMELINE: &str = "/users/timeline";
pub(super) const VARZ: &str = "/varz";
pub(super) const METRICS: &str = "/metrics";
pub(super) const DEBUG: &str = "/debug";
pub(super) const HEALTH: &str = "/health";

/// By which of its names the tag is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TagName {
    /// Its own.
    Plain,
    /// That with a hash, which need not be the hash of the tag that there is.
    WithHash,
}

/// The paths that an operator may name.
///
/// A site that sends through its own domain chooses names there that fit in with its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Where the tag is without its ending.
    tag_stem: String,
    /// Where events are taken beside `/api/v1/events`.
    ingest: String,
}

/// Why a path cannot be named so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is no path that a request could ask for as it stands.
    #[error(
        "it must begin with / and consist of segments of letters, digits, _ - . and ~, such as /in/events"
    )]
    Form,
    /// It is no name of a script.
    #[error("it must end with .js, such as /eventhub.js")]
    Ending,
    /// Something else is there.
    #[error("something else is there already")]
    Taken,
}

impl Default for Names {
    fn default() -> Self {
        Self { tag_stem: "/eventhub".to_owned(), ingest: format!("{}events", v1::PREFIX) }
    }
}

impl Names {
    /// With the tag at another path.
    ///
    /// # Errors
    /// When it cannot be there.
    pub fn with_tag(self, path: &str) -> Result<Self, NameError> {
        check_form(path)?;
        let stem = path.strip_suffix(".js").filter(|stem| !stem.ends_with('/'));
        let tag_stem = stem.ok_or(NameError::Ending)?.to_owned();
        if is_free(path) { Ok(Self { tag_stem, ..self }) } else { Err(NameError::Taken) }
    }

    /// With events taken at a further path, beside that where they always are.
    ///
    /// # Errors
    /// When they cannot be taken there.
    pub fn with_ingest(self, path: &str) -> Result<Self, NameError> {
        check_form(path)?;
        let is_default = Area::of(path) == Area::Api(Resource::Events);
        if is_default || (is_free(path) && self.tag_name(path).is_none()) {
            Ok(Self { ingest: path.to_owned(), ..self })
        } else {
            Err(NameError::Taken)
        }
    }

    /// The area of a path.
    pub(super) fn area(&self, path: &str) -> Area {
        match Area::of(path) {
            Area::Files if path == self.ingest => Area::Api(Resource::Events),
            Area::Files => self.tag_name(path).map_or(Area::Files, Area::Tag),
            area => area,
        }
    }

    /// Where the tag of a hash is.
    pub(super) fn tag_with(&self, hash: &str) -> String {
        format!("{}.{hash}.js", self.tag_stem)
    }

    fn tag_name(&self, path: &str) -> Option<TagName> {
        let name = path.strip_prefix(&self.tag_stem)?.strip_suffix("js")?;
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        match name.strip_prefix('.')?.strip_suffix('.') {
            None if name == "." => Some(TagName::Plain),
            Some(hash) if hash.len() == TagName::DIGITS && hash.bytes().all(is_digit) => {
                Some(TagName::WithHash)
            }
            _ => None,
        }
    }
}

impl TagName {
    /// Hexadecimal digits of a hash in a name.
    pub(super) const DIGITS: usize = 16;
}

/// Checks that a request can ask for a path as it stands, whatever is between it and the server.
fn check_form(path: &str) -> Result<(), NameError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.~".contains(&byte);
    let is_segment =
        |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
    let is_path = path.strip_prefix('/').is_some_and(|rest| rest.split('/').all(is_segment));
    if is_path { Ok(()) } else { Err(NameError::Form) }
}

/// Whether nothing is at a path that no operator named, nor will be.
fn is_free(path: &str) -> bool {
    Area::of(path) == Area::Files && !path.starts_with(v1::PREFIX) && !dashboard::has(path)
}

impl Area {
    /// The area of a path that no operator named.
    pub(super) fn of(path: &str) -> Self {
        match path {
            TRACK | BATCH_TRACK | ALIAS | ADD_OR_UPDATE => Self::Tracking,
            EVENT_TYPES | EVENT_KEYS | EVENT_VALUES | VIEW | FUNNEL | COHORT | FIND | USER_KEYS
            | USER_VALUES | TIMELINE | VARZ | METRICS => Self::Data,
            DEBUG => Self::Debug,
            HEALTH => Self::Health,
            _ => Resource::of(path).map_or(Self::Files, Self::Api),
        }
    }

    /// Whether pages of other origins may send to it.
    pub(super) const fn takes_from_pages(self) -> bool {
        matches!(self, Self::Tracking | Self::Api(Resource::Events))
    }

    /// The methods taken; what changes something does not take HEAD, which must be safe.
    pub(super) const fn allow(self) -> &'static str {
        match self {
            Self::Tracking | Self::Debug => "GET, POST, OPTIONS",
            Self::Data | Self::Health => "GET, HEAD, POST, OPTIONS",
            Self::Api(resource) => resource.allow(),
            Self::Tag(_) | Self::Files => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether a method is taken.
    pub(super) fn takes(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_named_where_nothing_else_is() {
        let check = |tag: &str, ingest: &str, expected: Result<(), NameError>| {
            let found = Names::default().with_tag(tag).and_then(|names| names.with_ingest(ingest));
            assert_eq!(found.map(drop), expected, "{tag} {ingest}");
        };
        let (tag, ingest) = ("/eventhub.js", "/api/v1/events");
        check(tag, ingest, Ok(()));
        check("/s/e.min.js", "/s/e", Ok(()));
        check("/e.js", "/e", Ok(()));
        for form in ["e.js", "", "/", "/a//b.js", "/a/../b.js", "/a b.js", "/a?b.js", "/%61.js"] {
            check(form, ingest, Err(NameError::Form));
            check(tag, form, Err(NameError::Form));
        }
        check("/eventhub", ingest, Err(NameError::Ending));
        check("/s/.js", ingest, Err(NameError::Ending));
        check("/api/v1/e.js", ingest, Err(NameError::Taken));
        for taken in ["/events/track", "/health", "/varz", "/api/v1/funnel", "/api/v1/in", tag] {
            check(tag, taken, Err(NameError::Taken));
        }
        check(tag, "/eventhub.0123456789abcdef.js", Err(NameError::Taken));
        check(tag, "/eventhub.min.js", Ok(()));
        let names = Names::default().with_tag(tag).and_then(|names| names.with_ingest(ingest));
        assert_eq!(names, Ok(Names::default()));
    }

    #[test]
    fn a_named_path_lies_in_its_area() {
        let names = Names::default().with_tag("/s/e.js").unwrap().with_ingest("/s/in").unwrap();
        let check = |path: &str, expected: Area| assert_eq!(names.area(path), expected, "{path}");
        check("/s/in", Area::Api(Resource::Events));
        check("/api/v1/events", Area::Api(Resource::Events));
        check("/s/in/", Area::Files);
        check("/s/e.js", Area::Tag(TagName::Plain));
        check("/s/e.0123456789abcdef.js", Area::Tag(TagName::WithHash));
        check("/s/e.0123456789ABCDEF.js", Area::Files);
        check("/s/e.0123456789abcde.js", Area::Files);
        check("/s/e..js", Area::Files);
        check("/s/ejs", Area::Files);
        check("/eventhub.js", Area::Files);
        check("/events/track", Area::Tracking);
    }
}
