//! Figures beside those of scipy, statsmodels and mpmath, and what must hold for any two arms.

use alloc::string::ToString;
use alloc::vec::Vec;

use libm::lgamma;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::{Arm, Comparison};
use crate::Error;
use crate::limits::ARM_USERS_MAX;

/// How far a figure may be from the expected one: absolutely below 1, relatively above.
const TOLERANCE: f64 = 1e-12;
/// The same for a p-value, which is compared relatively however small it is. The expected one is the
/// less exact one: for rates that are close, digits of their difference cancel.
const P_VALUE_TOLERANCE: f64 = 1e-9;

/// What `xtask/peers/experiment_vectors.py` wrote.
#[derive(Deserialize)]
struct Expected {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    /// Users, and how many of them converted.
    control: (u64, u64),
    variant: (u64, u64),
    rate: Option<f64>,
    rate_interval: Option<[f64; 2]>,
    probability_to_beat_control: f64,
    uplift: Option<f64>,
    uplift_interval: Option<[f64; 2]>,
    p_value: Option<f64>,
    users_needed: Option<u64>,
}

fn arm((users, converted): (u64, u64)) -> Arm {
    Arm::new(users, converted).expect("no more converted than there are")
}

fn compare(control: (u64, u64), variant: (u64, u64)) -> Comparison {
    Comparison::new(arm(variant), arm(control))
}

fn beats(control: (u64, u64), variant: (u64, u64)) -> f64 {
    compare(control, variant).probability_to_beat_control
}

fn ends(interval: Option<[f64; 2]>) -> [Option<f64>; 2] {
    [interval.map(|[lower, _]| lower), interval.map(|[_, upper]| upper)]
}

fn is_close(actual: Option<f64>, expected: Option<f64>) -> bool {
    match (actual, expected) {
        (Some(actual), Some(expected)) => {
            (actual - expected).abs() <= TOLERANCE * expected.abs().max(1.0)
        }
        _ => actual == expected,
    }
}

#[test]
fn figures_are_those_of_scipy_and_statsmodels() {
    let text = include_str!("vectors.json");
    let expected: Expected = serde_json::from_str(text).expect("the vectors are JSON");
    assert!(expected.vectors.len() >= 40);
    for vector in &expected.vectors {
        let figures = arm(vector.variant).figures_against(arm(vector.control));
        let comparison = figures.comparison.expect("a variant is compared");
        let [rate_lower, rate_upper] = ends(figures.rate_interval);
        let [lower, upper] = ends(comparison.uplift_interval);
        let beat = comparison.probability_to_beat_control;
        let pairs = [
            ("rate", figures.rate, vector.rate),
            ("rate, lower", rate_lower, ends(vector.rate_interval)[0]),
            ("rate, upper", rate_upper, ends(vector.rate_interval)[1]),
            ("beat", Some(beat), Some(vector.probability_to_beat_control)),
            ("uplift", comparison.uplift, vector.uplift),
            ("uplift, lower", lower, ends(vector.uplift_interval)[0]),
            ("uplift, upper", upper, ends(vector.uplift_interval)[1]),
        ];
        for (name, actual, expected) in pairs {
            assert!(is_close(actual, expected), "{name}: {figures:?}, expected {expected:?}");
        }
        let close_p = match (comparison.p_value, vector.p_value) {
            (Some(actual), Some(expected)) => {
                (actual - expected).abs() <= P_VALUE_TOLERANCE * expected
            }
            (actual, expected) => actual == expected,
        };
        assert!(close_p, "{figures:?}, expected {:?}", vector.p_value);
        assert_eq!(comparison.users_needed, vector.users_needed, "{figures:?}");
    }
}

#[test]
fn an_arm_is_checked() {
    let check = |users: u64, converted: u64, expected: Option<&str>| {
        let error = Arm::new(users, converted).err();
        assert_eq!(error.as_ref().and_then(Error::param), expected, "{converted} of {users}");
    };
    let most = u64::from(ARM_USERS_MAX);
    check(0, 0, None);
    check(10, 10, None);
    check(most, most, None);
    check(0, 1, Some("converted"));
    check(10, 11, Some("converted"));
    check(most + 1, 0, Some("users"));
    check(u64::MAX, u64::MAX, Some("users"));
    let error = Arm::new(10, 1 << 32).expect_err("more than all");
    assert_eq!(error.to_string(), "converted: 4294967296 of only 10 users");
}

#[test]
fn an_arm_on_the_edge_has_an_interval_to_the_edge() {
    let check = |users, converted, expected| {
        assert_eq!(
            ends(arm((users, converted)).rate_interval())[converted.min(1) as usize],
            expected
        );
    };
    check(0, 0, None);
    for users in [1, 3, 10, 999, 1_000_000, 50_000_000, u64::from(ARM_USERS_MAX)] {
        check(users, 0, Some(0.0));
        check(users, users, Some(1.0));
    }
}

#[test]
fn the_control_has_no_comparison_in_json() {
    let control = arm((10, 0));
    let interval = control.rate_interval();
    let expected = json!({
        "users": 10, "converted": 0, "rate": 0.0, "rate_interval": interval, "comparison": null,
    });
    assert_eq!(serde_json::to_value(control.figures()).expect("plain data"), expected);
    let expected = json!({
        "users": 0, "converted": 0, "rate": null, "rate_interval": null,
        "comparison": {
            "probability_to_beat_control": beats((10, 0), (0, 0)),
            "uplift": null, "uplift_interval": null, "p_value": null, "users_needed": null,
        },
    });
    let figures = arm((0, 0)).figures_against(control);
    assert_eq!(serde_json::to_value(figures).expect("plain data"), expected);
}

#[test]
fn a_difference_that_nobody_could_find_needs_no_number_of_users() {
    let most = u64::from(ARM_USERS_MAX);
    let check = |control, variant, expected: bool| {
        assert_eq!(compare(control, variant).users_needed.is_some(), expected);
    };
    check((most, most / 2), (most, most / 2), false);
    // As floats these rates are the same; they are not, but 10^20 users would be needed.
    check((most, most / 2), (most - 2, most / 2 - 1), false);
    check((most, most / 2), (most, most / 2 + 1_000), true);
}

/// The sum by which E. Miller, "Formulas for Bayesian A/B Testing", gives the probability. It is
/// another sum than the module's, and its digits are enough for few users.
fn naive_beats(control: (u64, u64), variant: (u64, u64)) -> f64 {
    let log_beta = |a: f64, b: f64| lgamma(a) + lgamma(b) - lgamma(a + b);
    let shape =
        |(users, converted): (u64, u64)| (converted as f64 + 1.0, (users - converted) as f64 + 1.0);
    let ((a, b), (_, d)) = (shape(control), shape(variant));
    let terms = (0..=variant.1).map(|i| {
        let i = i as f64;
        let log = log_beta(a + i, b + d) - log_beta(1.0 + i, d) - log_beta(a, b);
        libm::exp(log) / (d + i)
    });
    terms.sum()
}

/// Users and converted, on the edges often enough.
fn counts(users: impl Strategy<Value = u64>) -> impl Strategy<Value = (u64, u64)> {
    let share = prop_oneof![1 => Just(0.0), 1 => Just(1.0), 8 => 0.0..1.0, 4 => 0.0..0.001];
    (users, share).prop_map(|(users, share): (u64, f64)| (users, (users as f64 * share) as u64))
}

fn few() -> impl Strategy<Value = (u64, u64)> {
    counts(0..200_u64)
}

fn many() -> impl Strategy<Value = (u64, u64)> {
    counts(prop_oneof![Just(0), 0..10_u64, 0..10_000_u64, 0..50_000_001_u64])
}

proptest! {
    #[test]
    fn the_probability_is_that_of_another_sum(control in few(), variant in few()) {
        let (actual, expected) = (beats(control, variant), naive_beats(control, variant));
        prop_assert!((actual - expected).abs() < 1e-11, "{actual}, expected {expected}");
    }

    #[test]
    fn one_of_two_arms_is_better(control in many(), variant in many()) {
        let sum = beats(control, variant) + beats(variant, control);
        prop_assert!((sum - 1.0).abs() < 1e-12, "{sum}");
    }

    #[test]
    fn one_more_conversion_makes_an_arm_better(control in many(), variant in many()) {
        let (users, converted) = variant;
        let (fewer, more) = ((users + 1, converted), (users + 1, converted + 1));
        prop_assert!(beats(control, more) >= beats(control, fewer) - 1e-12);
        prop_assert!(beats(more, control) <= beats(fewer, control) + 1e-12);
    }

    #[test]
    fn intervals_hold_what_they_are_about(control in many(), variant in many()) {
        let figures = arm(variant).figures_against(arm(control));
        prop_assert_eq!(figures.rate.is_some(), figures.rate_interval.is_some());
        if let (Some(rate), Some([lower, upper])) = (figures.rate, figures.rate_interval) {
            prop_assert!(0.0 <= lower && lower <= rate && rate <= upper && upper <= 1.0);
            prop_assert!(lower < upper);
        }
        let comparison = compare(control, variant);
        if let Some([lower, upper]) = comparison.uplift_interval {
            let uplift = comparison.uplift.expect("somebody converted");
            prop_assert!(-1.0 <= lower && lower <= uplift && uplift <= upper);
        }
    }

    #[test]
    fn figures_are_finite_and_in_range(control in many(), variant in many()) {
        let comparison = compare(control, variant);
        let beat = comparison.probability_to_beat_control;
        prop_assert!((0.0..=1.0).contains(&beat));
        prop_assert!(comparison.p_value.is_none_or(|p| (0.0..=1.0).contains(&p)));
        prop_assert!(comparison.uplift.is_none_or(|uplift| uplift.is_finite() && uplift >= -1.0));
        let [lower, upper] = ends(comparison.uplift_interval);
        prop_assert!(lower.is_none_or(f64::is_finite) && upper.is_none_or(f64::is_finite));
    }

    #[test]
    fn the_test_and_the_size_know_no_side(control in many(), variant in many()) {
        let (there, back) = (compare(control, variant), compare(variant, control));
        prop_assert!(is_close(there.p_value, back.p_value));
        prop_assert_eq!(there.users_needed, back.users_needed);
    }

    #[test]
    fn enough_users_find_what_they_are_enough_for(
        users in 1..1_000_000_u64, shares in [0.0..1.0, 0.0..1.0],
    ) {
        let [control, variant] = shares.map(|share: f64| (users, (users as f64 * share) as u64));
        let comparison = compare(control, variant);
        if comparison.users_needed == Some(0) {
            prop_assert!(comparison.p_value.is_some_and(|p| p < 0.05));
        }
    }

    #[test]
    fn users_that_come_are_users_fewer_to_wait_for(
        control in 0..201_u64, variant in 0..201_u64, times in 2..5_u64,
    ) {
        let needed = |times| {
            compare((200 * times, control * times), (200 * times, variant * times)).users_needed
        };
        let left = needed(1).map(|needed| needed.saturating_sub(2 * 200 * (times - 1)));
        prop_assert_eq!(needed(times), left);
    }
}
