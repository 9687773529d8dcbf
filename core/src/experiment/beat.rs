//! How probable it is that a variant's rate is above the control's.
//!
//! Before the experiment every rate is equally probable, so after it a rate is distributed as
//! Beta(converted + 1, missed + 1): as the (converted + 1)-th smallest of users + 1 uniform numbers.
//! Put the numbers of both arms in one order. All ways to mix them are equally probable, and the
//! control's number comes before the variant's just when, among the first (both arms' converted + 1)
//! numbers, at least (control's converted + 1) are the control's. How many those are is
//! hypergeometric, so the probability is one of its tails (W. R. Thompson, "On the likelihood that
//! one unknown probability exceeds another in view of the evidence of two samples", Biometrika 25,
//! 1933; P. M. E. Altham, "Exact Bayesian analysis of a 2x2 contingency table, and Fisher's 'exact'
//! significance test", JRSS B 31, 1969).
//!
//! The sum is over terms of one sign, each the one before times a ratio of small products, and it is
//! divided by the sum of all terms. So it needs neither a gamma function, whose digits cancel for
//! many users, nor a quadrature. It starts at the greatest term and ends where terms no longer
//! matter, after about 17 standard deviations: some 40,000 terms for two arms of 50 million users.

use super::Arm;

/// A term below this share of the sum ends it. The terms fall ever faster, so those left out are
/// together below 1e-16 of the sum for as many users as an [`Arm`] can have.
const NEGLIGIBLE: f64 = 1e-20;

/// P(the variant's rate > the control's), 0 to 1, with an absolute error of some 1e-13 for the greatest
/// arms and of 1e-15 for small ones.
pub(super) fn probability(variant: Arm, control: Arm) -> f64 {
    let numbers = |arm: Arm| u64::from(arm.users()) + 1;
    let first = u64::from(variant.converted()) + u64::from(control.converted()) + 1;
    let order = Order {
        control: numbers(control) as f64,
        variant: numbers(variant) as f64,
        first: first as f64,
    };
    let mode = u128::from(first + 1) * u128::from(numbers(control) + 1)
        / u128::from(numbers(control) + numbers(variant) + 2);
    let (mode, least) = (mode as f64, f64::from(control.converted()) + 1.0);

    let (mut total, mut tail) = (0.0, 0.0);
    let mut add = |count: f64, term: f64| {
        total += term;
        if count >= least {
            tail += term;
        }
        term >= total * NEGLIGIBLE
    };
    let (mut count, mut term) = (mode, 1.0);
    while add(count, term) {
        term *= order.growth(count);
        count += 1.0;
    }
    (count, term) = (mode - 1.0, order.growth(mode - 1.0).recip());
    while add(count, term) {
        count -= 1.0;
        term /= order.growth(count);
    }
    tail / total
}

/// How many numbers each arm has, and how many of them all are the first ones. Integers, kept as
/// floats, which hold them exactly.
struct Order {
    control: f64,
    variant: f64,
    first: f64,
}

impl Order {
    /// By how much it is more probable that one more than `count` of the first numbers are the
    /// control's. It is 0 at the greatest count there can be and infinite below the least, which ends
    /// the sum at either.
    fn growth(&self, count: f64) -> f64 {
        let more = (self.control - count) * (self.first - count);
        more / ((count + 1.0) * (self.variant - self.first + count + 1.0))
    }
}
