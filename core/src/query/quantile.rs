//! Quantiles of a list of numbers.

/// The value below which a share of the numbers lies, between two numbers by proportion (Hyndman and Fan, "Sample
/// Quantiles in Statistical Packages", 1996, definition 7); none of no numbers. The numbers change their places.
pub(super) fn quantile(numbers: &mut [f64], share: f64) -> Option<f64> {
    let last = numbers.len().checked_sub(1)?;
    let at = last as f64 * share;
    let below = at as usize;
    let (_, low, above) = numbers.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    let high = above.iter().copied().min_by(f64::total_cmp).unwrap_or(low);
    Some(low + (high - low) * (at - below as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_two_numbers_by_proportion() {
        let check = |numbers: &[f64], share, expected| {
            assert_eq!(quantile(&mut numbers.to_vec(), share), expected, "{numbers:?}");
        };
        check(&[], 0.5, None);
        check(&[7.0], 0.9, Some(7.0));
        check(&[4.0, 1.0, 3.0, 2.0], 0.5, Some(2.5));
        check(&[3.0, 1.0, 2.0], 0.5, Some(2.0));
        check(&[0.0, 10.0], 0.9, Some(9.0));
        check(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0], 0.9, Some(10.0));
    }
}
