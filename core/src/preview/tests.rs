use alloc::vec;
use alloc::vec::Vec;

use proptest::collection::vec as list;
use proptest::prelude::*;

use super::*;
use crate::experiment::Arm;
use crate::query::{Experiment, FunnelAnswer, FunnelStep, Variant};

#[test]
fn everyone_has_no_error_and_nobody_says_nothing() {
    let everyone = Drawn { persons: 40, of_persons: 40 };
    assert_eq!((everyone.scaled(7), everyone.count_interval(7)), (7, [7.0, 7.0]));
    assert_eq!(everyone.rate_interval(1, 4), Some([0.25, 0.25]));
    let some = [2.0; REPLICATES];
    assert_eq!(everyone.sum_interval(&[1.5; REPLICATES], &some), Some([48.0, 48.0]));
    assert_eq!(everyone.events_interval(&some, 3.0), [64.0, 64.0]);
    assert_eq!(everyone.mean_interval(&[3.0; REPLICATES], &[2.0; REPLICATES]), Some([1.5, 1.5]));
    let nobody = Drawn { persons: 0, of_persons: 40 };
    assert_eq!((nobody.scaled(0), nobody.count_interval(0)), (0, [0.0, 40.0]));
    assert_eq!(nobody.rate_interval(0, 0), None);
    let empty = Drawn { persons: 0, of_persons: 0 };
    assert!(empty.is_complete());
    assert_eq!((empty.scaled(0), empty.count_interval(0)), (0, [0.0, 0.0]));
}

/// By hand: n = 100, f = 1/4, so that the interval is that of 40 of 133.3.
#[test]
fn an_interval_is_that_of_a_larger_sample() {
    let drawn = Drawn { persons: 100, of_persons: 400 };
    let [low, high] = drawn.rate_interval(30, 100).unwrap();
    assert!((low - 0.2288).abs() < 1e-4 && (high - 0.3824).abs() < 1e-4, "{low} {high}");
    assert_eq!((drawn.scaled(30), drawn.count_interval(30)), (120, [91.0, 153.0]));
    // What was seen is there: at least those drawn, and all others but those drawn who are not.
    assert_eq!(drawn.count_interval(100), [388.0, 400.0]);
    let half = Drawn { persons: 2, of_persons: 4 };
    assert_eq!(half.count_interval(1), [1.0, 3.0]);
}

#[test]
fn a_funnel_is_told_of_everyone_and_an_experiment_is_not_decided() {
    let step = |count, dropped| FunnelStep {
        event: "a".into(),
        count,
        converted_from_previous: Some(count as f64 / 40.0),
        converted_from_first: Some(count as f64 / 40.0),
        dropped,
        pending: 0,
        median_seconds: Some(3.0),
        p90_seconds: None,
    };
    let [control, other] =
        [(20, 5), (20, 15)].map(|(users, converted)| Arm::new(users, converted).unwrap());
    let variant = |value: &str, figures| Variant { value: value.into(), figures };
    let variants =
        vec![variant("x", control.figures()), variant("y", other.figures_against(control))];
    let answer = FunnelAnswer {
        steps: vec![step(40, 20), step(20, 0)],
        groups: Vec::new(),
        experiment: Some(Experiment { control: "x".into(), variants }),
    };
    let everyone = Drawn { persons: 50, of_persons: 50 };
    assert_eq!(everyone.funnel(answer.clone()).answer, answer);
    let drawn = Drawn { persons: 50, of_persons: 200 };
    let Estimate { answer, intervals, .. } = drawn.funnel(answer);
    let counts =
        answer.steps.iter().map(|step| (step.count, step.dropped, step.converted_from_first));
    assert_eq!(counts.collect::<Vec<_>>(), [(160, 80, Some(1.0)), (80, 0, Some(0.5))]);
    let [first, second] = &intervals.steps[..] else { panic!("one a step") };
    assert_eq!(
        (first.converted_from_first, first.count),
        (Some([1.0, 1.0]), drawn.count_interval(40))
    );
    assert_eq!(second.converted_from_first, drawn.rate_interval(20, 40));
    let figures = answer.experiment.unwrap().variants[1].figures;
    assert_eq!((figures.users, figures.converted, figures.comparison), (80, 60, None));
    assert_eq!(figures.rate_interval, drawn.rate_interval(15, 20));
}

/// A stream of numbers from 0 to 1 that looks random (the finalizer of SplitMix64).
fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    (1_u64..).map(move |n| {
        let mut z = seed.wrapping_add(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as f64 / u64::MAX as f64
    })
}

fn holds([low, high]: Interval, value: f64) -> bool {
    low <= value && value <= high
}

/// Of many samples of many populations, in how many the interval holds the true value.
fn coverage(check: impl Fn(u64) -> Vec<bool>) -> f64 {
    let held: Vec<bool> = (0..3_000).flat_map(check).collect();
    held.iter().filter(|held| **held).count() as f64 / held.len() as f64
}

#[test]
fn intervals_hold_the_true_number_of_persons() {
    let coverage = coverage(|seed| {
        let mut random = uniform(seed);
        let mut draw = || random.next().unwrap();
        let of_persons = 200 + (draw() * 3_000.0) as u32;
        let (share, reached, converted) = (0.05 + 0.8 * draw(), 0.01 + 0.9 * draw(), draw());
        let (mut persons, mut all, mut seen) = (0, [0_u64; 2], [0_u64; 2]);
        for _ in 0..of_persons {
            let is_drawn = draw() < share;
            let is_reached = draw() < reached;
            let is_converted = is_reached && draw() < converted;
            persons += u32::from(is_drawn);
            for (at, is) in [is_reached, is_converted].into_iter().enumerate() {
                all[at] += u64::from(is);
                seen[at] += u64::from(is && is_drawn);
            }
        }
        let drawn = Drawn { persons, of_persons };
        let mut held: Vec<bool> =
            (0..2).map(|at| holds(drawn.count_interval(seen[at]), all[at] as f64)).collect();
        if let Some(interval) = drawn.rate_interval(seen[1], seen[0]) {
            held.push(holds(interval, all[1] as f64 / all[0] as f64));
        }
        held
    });
    assert!((0.945..0.975).contains(&coverage), "{coverage}");
}

#[test]
fn intervals_hold_true_sums_and_means() {
    let coverage = coverage(|seed| {
        let mut random = uniform(seed);
        let mut draw = || random.next().unwrap();
        let of_persons = 2_000 + (draw() * 2_000.0) as u32;
        let share = 0.1 + 0.8 * draw();
        let persons_events = 1.0 + 8.0 * draw();
        let mut seen: Vec<(f64, f64)> = Vec::new();
        let mut all = (0.0, 0.0);
        for _ in 0..of_persons {
            // Skewed as sums of money are.
            let events = libm::floor(-persons_events * libm::log(1.0 - draw() * 0.999_9));
            let sum = events * libm::exp(draw() * 2.0);
            let is_drawn = draw() < share;
            all = (all.0 + sum, all.1 + events);
            seen.extend(is_drawn.then_some((sum, events)));
        }
        let drawn = Drawn { persons: seen.len() as u32, of_persons };
        let mut parts = [vec![0.0; REPLICATES], vec![0.0; REPLICATES]];
        for (at, (sum, events)) in seen.iter().enumerate() {
            parts[0][at * REPLICATES / seen.len()] += sum;
            parts[1][at * REPLICATES / seen.len()] += events;
        }
        let mean = drawn.mean_interval(&parts[0], &parts[1]).unwrap();
        vec![
            holds(drawn.sum_interval(&parts[0], &parts[1]).unwrap(), all.0),
            holds(drawn.events_interval(&parts[1], 0.0), all.1),
            holds(mean, all.0 / all.1),
        ]
    });
    assert!((0.935..0.965).contains(&coverage), "{coverage}");
}

#[test]
fn intervals_hold_the_true_number_of_rare_events() {
    let coverage = coverage(|seed| {
        let mut random = uniform(seed);
        let mut draw = || random.next().unwrap();
        let of_persons = 500 + (draw() * 1_000.0) as u32;
        let (share, rare) = (0.1 + 0.5 * draw(), 0.05 * draw() * draw());
        let (mut all, mut seen) = (0.0, Vec::new());
        for _ in 0..of_persons {
            // Who has one event often has another.
            let events = if draw() < rare { libm::ceil(3.0 * draw()) } else { 0.0 };
            let is_drawn = draw() < share;
            all += events;
            seen.extend(is_drawn.then_some(events));
        }
        let drawn = Drawn { persons: seen.len() as u32, of_persons };
        let mut parts = vec![0.0; REPLICATES];
        for (at, events) in seen.iter().enumerate() {
            parts[at * REPLICATES / seen.len()] += events;
        }
        vec![holds(drawn.events_interval(&parts, 0.0), all)]
    });
    assert!((0.93..0.98).contains(&coverage), "{coverage}");
}

proptest! {
    #[test]
    fn a_frame_is_read_as_it_was_written(
        (persons, more) in (0..20_u32, 0..9_u32),
        times_ms in any::<(i64, i64)>(),
        all_types in any::<bool>(),
        types in list((".{0,9}", list(any::<u8>(), 0..9)), 0..4),
        keys in list((".{0,9}", list(".{0,3}", 0..5), any::<u32>()), 0..3),
        cut in any::<proptest::sample::Index>(),
    ) {
        let property = |(key, values, seed): &'_ (alloc::string::String, Vec<alloc::string::String>, u32)| {
            let of = (0..persons).map(|person| seed.wrapping_mul(person) % (values.len() as u32 + 1));
            (key.clone(), values.clone(), of.collect::<Vec<_>>())
        };
        let owned: Vec<_> = keys.iter().map(property).collect();
        let properties = owned.iter().map(|(key, values, of)| UserProperty {
            key,
            values: values.iter().map(|value| value.as_str()).collect(),
            of: of.clone(),
        });
        let frame = Frame {
            drawn: Drawn { persons, of_persons: persons + more },
            times_ms,
            all_types,
            parts: types.iter().map(|(name, part)| (name.as_str(), (!part.is_empty()).then_some(&part[..]))).collect(),
            user_properties: properties.collect(),
        };
        let bytes = frame.encode();
        prop_assert_eq!(&Frame::decode(&bytes).unwrap(), &frame);
        prop_assert!(Frame::decode(&bytes[..cut.index(bytes.len())]).is_err());
        prop_assert!(Frame::decode(&[&bytes[..], b"x"].concat()).is_err());
        let mut newer = bytes.clone();
        newer[6] += 1;
        prop_assert!(Frame::decode(&newer).is_err());
        for property in &frame.user_properties {
            prop_assert_eq!(property.value(persons), None);
            for person in 0..persons {
                let place = property.of[person as usize] as usize;
                prop_assert_eq!(property.value(person), place.checked_sub(1).map(|at| property.values[at]));
            }
        }
    }
}
