//! Quantiles of a list of numbers.

/// The values below which shares of the numbers lie, of a value between two numbers by proportion (Hyndman and Fan,
/// "Sample Quantiles in Statistical Packages", 1996, definition 7); none of no numbers. The shares ascend; the numbers
/// change their places.
pub(super) fn quantiles<T: Number, const N: usize>(
    numbers: &mut [T],
    shares: [f64; N],
) -> [Option<f64>; N] {
    let Some(last) = numbers.len().checked_sub(1) else { return [None; N] };
    // Numbers before this place are in place.
    let mut from = 0;
    shares.map(|share| {
        let at = last as f64 * share;
        let below = at as usize;
        let (_, low, above) = numbers[from..].select_nth_unstable_by(below - from, T::order);
        let low = low.float();
        let high = above.iter().min_by(|a, b| a.order(b)).map_or(low, |high| high.float());
        from = below;
        Some(low + (high - low) * (at - below as f64))
    })
}

/// A number that lists are ordered by.
pub(super) trait Number: Copy {
    fn order(&self, other: &Self) -> core::cmp::Ordering;
    fn float(self) -> f64;
}

impl Number for f64 {
    fn order(&self, other: &Self) -> core::cmp::Ordering {
        self.total_cmp(other)
    }

    fn float(self) -> f64 {
        self
    }
}

impl Number for u64 {
    fn order(&self, other: &Self) -> core::cmp::Ordering {
        self.cmp(other)
    }

    fn float(self) -> f64 {
        self as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_two_numbers_by_proportion() {
        let check = |numbers: &[f64], expected: [f64; 2]| {
            let found = quantiles(&mut numbers.to_vec(), [0.5, 0.9]);
            assert_eq!(found, expected.map(Some), "{numbers:?}");
        };
        check(&[7.0], [7.0, 7.0]);
        check(&[4.0, 1.0, 3.0, 2.0], [2.5, 3.7]);
        check(&[0.0, 10.0], [5.0, 9.0]);
        check(&[11.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 1.0], [6.0, 10.0]);
        assert_eq!(quantiles::<u64, 1>(&mut [], [0.5]), [None]);
        assert_eq!(quantiles(&mut [3_u64, 1, 2], [0.5, 0.75]), [Some(2.0), Some(2.5)]);
    }
}
