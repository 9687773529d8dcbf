//! Every path of the established API, and the area of access and methods it lies in.

use http::Method;

use super::v1::Resource;

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

impl Area {
    /// The area of a path.
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
            Self::Files => "GET, HEAD, OPTIONS",
        }
    }

    /// Whether a method is taken.
    pub(super) fn takes(self, method: &Method) -> bool {
        self.allow().split(", ").any(|allowed| allowed == method.as_str())
    }
}
