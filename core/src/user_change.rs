//! A change of a user's properties.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::event::check_property;
use crate::limits::EVENT_PROPERTIES_MAX;
use crate::{Error, Properties};

/// What one request does to the properties of a user's person. Each key is named by one operation at
/// most, so their order does not matter: all look at the values in force before the change.
///
/// ```
/// use eventhub_core::{Properties, UserChange};
/// let none = Properties::default;
/// let change = UserChange::new(none(), none(), vec![("visits".into(), 1.0)], vec!["trial".into()])?;
/// assert_eq!(change.add().next(), Some(("visits", 1.0)));
/// assert!(UserChange::new(none(), none(), vec![("n".into(), 1.0)], vec!["n".into()]).is_err());
/// # Ok::<(), eventhub_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserChange {
    set: Properties,
    set_once: Properties,
    add: Vec<(String, f64)>,
    unset: Vec<String>,
}

impl UserChange {
    /// A change that sets `set`, sets what of `set_once` is absent, adds the numbers of `add` to what is
    /// there (absent counts as 0), and makes the keys of `unset` absent.
    ///
    /// # Errors
    /// When there are too many keys, one is empty or too long, one is named by two operations or twice
    /// by `add`, or a number is not finite.
    pub fn new(
        set: Properties,
        set_once: Properties,
        add: Vec<(String, f64)>,
        mut unset: Vec<String>,
    ) -> Result<Self, Error> {
        for (key, number) in &add {
            check_property(key, "")?;
            if !number.is_finite() {
                return Err(invalid(key, "what is added is not a finite number"));
            }
        }
        unset.iter().try_for_each(|key| check_property(key, ""))?;
        unset.sort_unstable();
        unset.dedup();
        let change = Self { set, set_once, add, unset };
        let mut keys: Vec<&str> = change.keys().collect();
        if keys.len() > EVENT_PROPERTIES_MAX {
            let (field, limit) = ("properties", EVENT_PROPERTIES_MAX);
            return Err(Error::TooMany { field, limit, actual: keys.len() });
        }
        keys.sort_unstable();
        match keys.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(invalid(pair[0], "it is named by two operations")),
            None => Ok(change),
        }
    }

    /// The properties to set.
    #[must_use]
    pub const fn set(&self) -> &Properties {
        &self.set
    }

    /// The properties to set where absent.
    #[must_use]
    pub const fn set_once(&self) -> &Properties {
        &self.set_once
    }

    /// The finite numbers to add, by distinct keys.
    pub fn add(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.add.iter().map(|(key, number)| (key.as_str(), *number))
    }

    /// The distinct keys to make absent, in order.
    pub fn unset(&self) -> impl ExactSizeIterator<Item = &str> {
        self.unset.iter().map(String::as_str)
    }

    /// All keys, of each operation in turn.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        let set = self.set.iter().chain(self.set_once.iter()).map(|(key, _)| key);
        set.chain(self.add().map(|(key, _)| key)).chain(self.unset())
    }

    /// Whether nothing is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys().next().is_none()
    }
}

impl From<Properties> for UserChange {
    /// The change that sets these properties.
    fn from(set: Properties) -> Self {
        Self { set, ..Self::default() }
    }
}

fn invalid(key: &str, message: &str) -> Error {
    Error::Invalid { field: key.to_string(), message: message.to_string() }
}

#[cfg(test)]
mod tests {
    use alloc::{format, vec};

    use super::*;

    fn properties(keys: &[&str]) -> Properties {
        Properties::new(keys.iter().map(|key| (key.to_string(), "v".into())).collect()).unwrap()
    }

    #[test]
    fn a_key_is_named_by_one_operation() {
        let check =
            |set: &[&str], once: &[&str], add: &[&str], unset: &[&str], twice: Option<&str>| {
                let add = add.iter().map(|key| (key.to_string(), 1.0)).collect();
                let unset = unset.iter().map(|key| key.to_string()).collect();
                let change = UserChange::new(properties(set), properties(once), add, unset);
                let refused = change.as_ref().err().and_then(Error::param);
                assert_eq!(refused, twice, "{change:?}");
            };
        check(&["a"], &["b"], &["c"], &["d"], None);
        check(&[], &[], &[], &["a", "b", "a"], None);
        check(&["a", "x"], &["x"], &[], &[], Some("x"));
        check(&[], &["x"], &["x"], &[], Some("x"));
        check(&[], &[], &["x", "y"], &["a", "x"], Some("x"));
        check(&[], &[], &["x", "x"], &[], Some("x"));
    }

    #[test]
    fn a_change_has_limits() {
        let none = Properties::default;
        let of = |n: usize| (0..n).map(|n| format!("k{n}")).collect::<Vec<_>>();
        assert!(UserChange::new(properties(&["s"]), none(), vec![], of(254)).is_ok());
        assert!(UserChange::new(properties(&["s"]), none(), vec![], of(255)).is_err());
        assert!(UserChange::new(none(), none(), vec![], vec![String::new()]).is_err());
        assert!(UserChange::new(none(), none(), vec![("k".repeat(256), 1.0)], vec![]).is_err());
        for number in [f64::NAN, f64::INFINITY] {
            let refused = UserChange::new(none(), none(), vec![("n".into(), number)], vec![]);
            assert_eq!(refused.unwrap_err().param(), Some("n"));
        }
    }
}
