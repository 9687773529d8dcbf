//! What an experiment says: how the rate at which a variant's users convert compares with the
//! control's.
//!
//! An [`Arm`] is two counts, so that all of this is a function of four numbers: closed formulas, and
//! one finite sum. Nothing is drawn at random, and the mathematics is that of `libm`, never of the
//! machine, so that server and browser give the same digits. Intervals hold 95 %, tests are
//! two-sided at 5 %, and the sample size has a power of 80 %.
//!
//! ```
//! use eventhub_core::experiment::Arm;
//!
//! let control = Arm::new(1_000, 100)?;
//! let figures = Arm::new(1_000, 130)?.figures_against(control);
//! let comparison = figures.comparison.expect("a variant is compared");
//! assert_eq!(figures.rate, Some(0.13));
//! assert!((comparison.probability_to_beat_control - 0.9822).abs() < 1e-4);
//! assert!((comparison.p_value.expect("both arms have users") - 0.0355).abs() < 1e-4);
//! assert_eq!(comparison.users_needed, Some(1_548));
//! # Ok::<(), eventhub_core::Error>(())
//! ```

mod beat;

#[cfg(test)]
mod tests;

use alloc::format;

use serde::Serialize;

use crate::Error;
use crate::limits::ARM_USERS_MAX;

/// The standard normal deviate that 2.5 % lie above.
pub(crate) const Z_CONFIDENCE: f64 = 1.959963984540054;
/// The standard normal deviate that 20 % lie above.
const Z_POWER: f64 = 0.8416212335729143;
/// Users of an arm that are ever asked for. Twice as many are still an integer that every reader of
/// JSON keeps exactly.
const NEEDED_PER_ARM_MAX: f64 = (1_u64 << 52) as f64;

/// Users of a variant, and how many of them converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arm {
    users: u32,
    converted: u32,
}

/// What an experiment says of one arm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Users of the arm.
    pub users: u32,
    /// How many of them converted.
    pub converted: u32,
    /// Converted users of all, 0 to 1; none for an arm without users.
    pub rate: Option<f64>,
    /// Lower and upper end of the rate's 95 % interval, within 0 to 1; none for an arm without users.
    pub rate_interval: Option<[f64; 2]>,
    /// How the arm compares with the control; none for the control itself.
    pub comparison: Option<Comparison>,
}

/// A variant beside the control.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Comparison {
    /// How probable it is that the variant's true rate is above the control's, 0 to 1, when every
    /// rate was equally probable before; 0.5 when nobody took part.
    pub probability_to_beat_control: f64,
    /// By how much the variant's rate is above the control's, as a share of the control's, -1 and
    /// more; none when the control's rate is 0 or an arm has no users.
    pub uplift: Option<f64>,
    /// Lower and upper end of the uplift's 95 % interval; none when nobody converted in an arm.
    pub uplift_interval: Option<[f64; 2]>,
    /// How probable a difference at least as great would be if both rates were the same, 0 to 1;
    /// none when an arm has no users, and when all users converted or none.
    pub p_value: Option<f64>,
    /// How many users more the two arms need together, each filled up to the same size, to find a
    /// difference as great as the observed one in four of five experiments; 0 when they are enough.
    /// None when the rates are equal, an arm has no users, or no such number would help (2^53).
    pub users_needed: Option<u64>,
}

impl Arm {
    /// Takes the users of a variant and how many of them converted.
    ///
    /// # Errors
    /// When more converted than there are, or when there are more users than [`ARM_USERS_MAX`].
    pub fn new(users: u64, converted: u64) -> Result<Self, Error> {
        let invalid = |field: &str, message| Error::Invalid { field: field.into(), message };
        if users > u64::from(ARM_USERS_MAX) {
            return Err(invalid("users", format!("{users} given, the limit is {ARM_USERS_MAX}")));
        }
        if converted > users {
            return Err(invalid("converted", format!("{converted} of only {users} users")));
        }
        Ok(Self { users: users as u32, converted: converted as u32 })
    }

    /// Users of the arm.
    #[must_use]
    pub const fn users(self) -> u32 {
        self.users
    }

    /// How many of them converted.
    #[must_use]
    pub const fn converted(self) -> u32 {
        self.converted
    }

    /// What is said of the control: its rate alone.
    #[must_use]
    pub fn figures(self) -> Figures {
        Figures {
            users: self.users,
            converted: self.converted,
            rate: self.rate(),
            rate_interval: self.rate_interval(),
            comparison: None,
        }
    }

    /// What is said of a variant: its rate, and how it compares with the control.
    #[must_use]
    pub fn figures_against(self, control: Self) -> Figures {
        Figures { comparison: Some(Comparison::new(self, control)), ..self.figures() }
    }

    /// Converted users of all, 0 to 1; none when there are no users.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        (self.users > 0).then(|| f64::from(self.converted) / f64::from(self.users))
    }

    /// The rate's 95 % score interval, which holds the rate and lies within 0 to 1; none when there
    /// are no users.
    #[must_use]
    pub fn rate_interval(self) -> Option<[f64; 2]> {
        let (users, converted) = (f64::from(self.users), f64::from(self.converted));
        (self.users > 0).then(|| score_interval(users, converted))
    }

    /// Users that did not convert.
    fn missed(self) -> f64 {
        f64::from(self.users - self.converted)
    }

    fn is_empty(self) -> bool {
        self.users == 0
    }
}

/// The 95 % score interval of a rate: `converted` of `users`, who are more than none. Neither need be whole.
///
/// Its ends are the two roots of a quadratic equation (E. B. Wilson, "Probable inference, the
/// law of succession, and statistical inference", JASA 22, 1927). The lower one is found by
/// their product, because their difference would cancel for a small rate.
pub(crate) fn score_interval(users: f64, converted: f64) -> [f64; 2] {
    let rate = converted / users;
    let z2 = Z_CONFIDENCE * Z_CONFIDENCE;
    let variance = converted * (users - converted) / users;
    let sum = converted + z2 / 2.0 + Z_CONFIDENCE * libm::sqrt(variance + z2 / 4.0);
    let (lower, upper) = (converted * rate / sum, sum / (users + z2));
    // Rounding may carry an end past the rate when nobody converted or all did.
    [lower.min(rate), upper.clamp(rate, 1.0)]
}

impl Comparison {
    /// Compares a variant with the control.
    #[must_use]
    pub fn new(variant: Arm, control: Arm) -> Self {
        Self {
            probability_to_beat_control: beat::probability(variant, control),
            uplift: uplift(variant, control),
            uplift_interval: uplift_interval(variant, control),
            p_value: p_value(variant, control),
            users_needed: users_needed(variant, control),
        }
    }
}

/// The difference of the rates times the users of both arms. It is exact before it is rounded once,
/// so that it is 0 only for equal rates and no digit cancels when they are close.
fn difference(variant: Arm, control: Arm) -> f64 {
    let product = |a: u32, b: u32| i128::from(a) * i128::from(b);
    let ahead = product(variant.converted, control.users);
    (ahead - product(control.converted, variant.users)) as f64
}

fn uplift(variant: Arm, control: Arm) -> Option<f64> {
    let defined = control.converted > 0 && !variant.is_empty();
    let of = f64::from(control.converted) * f64::from(variant.users);
    defined.then(|| difference(variant, control) / of)
}

/// The logarithm of the ratio of the rates is about normal (D. Katz, J. Baptista, S. P. Azen and
/// M. C. Pike, "Obtaining confidence intervals for the risk ratio in cohort studies", Biometrics 34,
/// 1978).
fn uplift_interval(variant: Arm, control: Arm) -> Option<[f64; 2]> {
    if variant.converted == 0 || control.converted == 0 {
        return None;
    }
    // 1 / converted - 1 / users, without their difference.
    let variance = |arm: Arm| arm.missed() / (f64::from(arm.converted) * f64::from(arm.users));
    let reach = Z_CONFIDENCE * libm::sqrt(variance(variant) + variance(control));
    let log_ratio = libm::log1p(uplift(variant, control)?);
    Some([libm::expm1(log_ratio - reach), libm::expm1(log_ratio + reach)])
}

/// The z-test of two proportions, whose variance is that of the pooled rate (D. G. Altman,
/// "Practical Statistics for Medical Research", 1991, section 10.3).
fn p_value(variant: Arm, control: Arm) -> Option<f64> {
    let converted = f64::from(variant.converted) + f64::from(control.converted);
    let missed = variant.missed() + control.missed();
    if variant.is_empty() || control.is_empty() || converted == 0.0 || missed == 0.0 {
        return None;
    }
    let (m, n) = (f64::from(variant.users), f64::from(control.users));
    let z = difference(variant, control) / libm::sqrt(m * n * converted * missed / (m + n));
    Some(libm::erfc(z.abs() * core::f64::consts::FRAC_1_SQRT_2))
}

/// The size of each arm is that of the z-test of two proportions, without correction for continuity
/// (J. L. Fleiss, "Statistical Methods for Rates and Proportions", 2nd edition, 1981, section 3.2).
fn users_needed(variant: Arm, control: Arm) -> Option<u64> {
    let (p, q) = (variant.rate()?, control.rate()?);
    let difference = difference(variant, control);
    if difference == 0.0 {
        return None;
    }
    let (m, n) = (f64::from(variant.users), f64::from(control.users));
    let (not_p, not_q) = (variant.missed() / m, control.missed() / n);
    let if_equal = libm::sqrt((p + q) * (not_p + not_q) / 2.0);
    let as_observed = libm::sqrt(p * not_p + q * not_q);
    let root = (Z_CONFIDENCE * if_equal + Z_POWER * as_observed) / difference * (m * n);
    let per_arm = libm::ceil(root * root);
    if per_arm > NEEDED_PER_ARM_MAX {
        return None;
    }
    let missing = |arm: Arm| (per_arm as u64).saturating_sub(u64::from(arm.users));
    Some(missing(variant) + missing(control))
}
