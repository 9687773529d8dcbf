//! Sums of floating-point numbers that do not depend on their order.

/// An exact sum: a fixed-point number wide enough for every double, so that parts of a sum can be made on any number
/// of threads and still give the same digits (Kulisch, "Very fast and exact accumulation of products", 2011).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExactSum {
    /// Digits of 32 bits, the lowest first; each may hold carries that are not passed on yet.
    digits: [i64; DIGITS],
    /// Additions since the carries were passed on.
    pending: u32,
}

/// Digits from the lowest bit of the least double, 2^-1074, to above the sum of 2^31 of the greatest.
const DIGITS: usize = 68;
/// Additions after which a digit might overflow, with room for a merge.
const PENDING_MAX: u32 = 1 << 29;

impl Default for ExactSum {
    fn default() -> Self {
        Self { digits: [0; DIGITS], pending: 0 }
    }
}

impl ExactSum {
    /// Adds a finite number.
    pub(super) fn add(&mut self, number: f64) {
        let bits = number.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as u32;
        let fraction = bits & ((1 << 52) - 1);
        // Of the least numbers the first bit is not left out.
        let (mantissa, shift) =
            if exponent == 0 { (fraction, 0) } else { (fraction | 1 << 52, exponent - 1) };
        let wide = u128::from(mantissa) << (shift % 32);
        for (digit, at) in self.digits[shift as usize / 32..].iter_mut().zip([0, 32, 64]) {
            let part = (wide >> at) as u32;
            *digit += if number.is_sign_negative() { -i64::from(part) } else { i64::from(part) };
        }
        self.count(1);
    }

    /// Adds another sum.
    pub(super) fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        other.carry();
        self.digits.iter_mut().zip(&other.digits).for_each(|(digit, other)| *digit += other);
        self.count(1);
    }

    /// The double that is nearest to the sum.
    pub(super) fn value(&self) -> f64 {
        let mut sum = self.clone();
        sum.carry();
        let is_negative = sum.digits[DIGITS - 1] < 0;
        if is_negative {
            sum.digits.iter_mut().for_each(|digit| *digit = -*digit);
            sum.carry();
        }
        let Some(top) = sum.digits.iter().rposition(|digit| *digit != 0) else { return 0.0 };
        // The upper 96 bits or more, and whether anything is below them.
        let digit = |at: Option<usize>| at.map_or(0, |at| sum.digits[at] as u128);
        let upper =
            digit(Some(top)) << 64 | digit(top.checked_sub(1)) << 32 | digit(top.checked_sub(2));
        let below = sum.digits[..top.saturating_sub(2)].iter().any(|digit| *digit != 0);
        // The conversion rounds to the nearest, and what is below only matters to a tie.
        let magnitude = (upper | u128::from(below)) as f64;
        let scaled = scale(magnitude, 32 * (top as i32 - 2) - 1074);
        if is_negative { -scaled } else { scaled }
    }

    fn count(&mut self, additions: u32) {
        self.pending += additions;
        if self.pending >= PENDING_MAX {
            self.carry();
        }
    }

    /// Passes carries on, so that all digits but the highest lie between 0 and 2^32.
    fn carry(&mut self) {
        let mut carry = 0;
        for digit in &mut self.digits[..DIGITS - 1] {
            let all = *digit + carry;
            *digit = all & 0xffff_ffff;
            carry = all >> 32;
        }
        self.digits[DIGITS - 1] += carry;
        self.pending = 1;
    }
}

/// A number times a power of two.
fn scale(number: f64, exponent: i32) -> f64 {
    let power = |exponent: i32| f64::from_bits(((exponent + 1023) as u64) << 52);
    let (mut number, mut left) = (number, exponent);
    while left < -1000 {
        number *= power(-1000);
        left += 1000;
    }
    while left > 1000 {
        number *= power(1000);
        left -= 1000;
    }
    number * power(left)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::collection::vec as list;
    use proptest::prelude::*;

    use super::*;

    fn sum(numbers: &[f64]) -> f64 {
        let mut sum = ExactSum::default();
        numbers.iter().for_each(|number| sum.add(*number));
        sum.value()
    }

    #[test]
    fn sums_are_the_nearest_double() {
        let check = |numbers: &[f64], expected: f64| {
            assert_eq!(sum(numbers).to_bits(), expected.to_bits(), "{numbers:?}");
        };
        check(&[], 0.0);
        check(&[0.1, 0.2], 0.1 + 0.2);
        check(&[1e300, 1.0, -1e300], 1.0);
        check(&[-5.5, 2.25], -3.25);
        check(&[5e-324, 5e-324], 1e-323);
        check(&[f64::MAX], f64::MAX);
        check(&[9_007_199_254_740_992.0, 1.0], 9_007_199_254_740_992.0);
        check(&[9_007_199_254_740_992.0, 1.0, 1e-30], 9_007_199_254_740_994.0);
    }

    proptest! {
        #[test]
        fn one_number_is_its_own_sum(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            prop_assert_eq!(sum(&[number]), number);
            prop_assert_eq!(sum(&[number, 1.0, -number]), 1.0);
        }

        #[test]
        fn the_order_and_the_parts_do_not_matter(
            numbers in list(prop_oneof![-1e9..1e9, -1e-9..1e-9], 0..50),
            cut in 0..50_usize,
        ) {
            let reversed: Vec<f64> = numbers.iter().rev().copied().collect();
            prop_assert_eq!(sum(&numbers).to_bits(), sum(&reversed).to_bits());
            let (left, right) = numbers.split_at(cut.min(numbers.len()));
            let mut merged = ExactSum::default();
            left.iter().for_each(|number| merged.add(*number));
            let mut other = ExactSum::default();
            right.iter().for_each(|number| other.add(*number));
            merged.merge(&other);
            prop_assert_eq!(merged.value().to_bits(), sum(&numbers).to_bits());
        }
    }
}
