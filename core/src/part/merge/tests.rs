//! Merged parts against what all rows together make.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};

use proptest::collection::vec as list;
use proptest::prelude::*;

use super::*;
use crate::part::{EncodedPart, PartBuilder};

/// A row: user, time, the part in which it comes, and values of three keys, the last of which is rare.
type Row = (UserId, i64, usize, Option<u8>, u16, Option<u8>);

fn row() -> impl Strategy<Value = Row> {
    let rare = proptest::option::weighted(0.02, any::<u8>());
    (0..30_000_u32, 0..5_i64, 0..5_usize, any::<Option<u8>>(), any::<u16>(), rare)
}

fn push(builder: &mut PartBuilder, id: EventId, row: &Row) {
    let &(user, time, _, one, two, rare) = row;
    let texts: [Option<String>; 3] =
        [one.map(|n| n.to_string()), Some(two.to_string()), rare.map(|n| n.to_string())];
    let pairs = ["one", "two", "rare"].into_iter().zip(&texts);
    let pairs = pairs.filter_map(|(key, text)| Some((key, text.as_deref()?)));
    let time = TimeMs::new(1_000_000_000_000 + time * 1_000).expect("a time in range");
    builder.push(user % 9_000 * 3, time, id, pairs);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn merged_parts_are_what_all_rows_together_make(rows in list(row(), 1..400)) {
        let mut whole = PartBuilder::new(7);
        let mut pieces: Vec<PartBuilder> = (0..5).map(|_| PartBuilder::new(7)).collect();
        for (id, row) in (0..).zip(&rows) {
            push(&mut whole, id, row);
            push(&mut pieces[row.2], id, row);
        }
        let pieces: Vec<EncodedPart> =
            pieces.iter().filter(|piece| !piece.is_empty()).map(PartBuilder::finish).collect();
        let views: Vec<_> = pieces.iter().map(|piece| piece.view().unwrap()).collect();
        let merged = EncodedPart::collect(|sink| merge(&views, sink)).unwrap();
        prop_assert_eq!(merged, whole.finish());
    }

    #[test]
    fn rows_of_deleted_users_are_left_out(
        rows in list(row(), 1..200),
        deleted in proptest::collection::btree_set(0..9_000_u32, 0..4),
        of_rows in list(any::<proptest::sample::Index>(), 0..30),
    ) {
        let chosen = of_rows.iter().map(|at| rows[at.index(rows.len())].0 % 9_000);
        let deleted: BTreeSet<UserId> = deleted.into_iter().chain(chosen).map(|n| n * 3).collect();
        let deleted: Vec<UserId> = deleted.into_iter().collect();
        let mut left = PartBuilder::new(7);
        let mut pieces: Vec<PartBuilder> = (0..5).map(|_| PartBuilder::new(7)).collect();
        for (id, row) in (0..).zip(&rows) {
            push(&mut pieces[row.2], id, row);
            if !deleted.contains(&(row.0 % 9_000 * 3)) {
                push(&mut left, id, row);
            }
        }
        let pieces: Vec<EncodedPart> =
            pieces.iter().filter(|piece| !piece.is_empty()).map(PartBuilder::finish).collect();
        let views: Vec<_> = pieces.iter().map(|piece| piece.view().unwrap()).collect();
        for view in &views {
            let order = OrderReader::open(view).unwrap();
            let has_rows = |user: &UserId| !order.rows_of(*user).is_empty();
            let among: Vec<UserId> = deleted.iter().copied().filter(has_rows).collect();
            prop_assert_eq!(view.users_among(&deleted).unwrap(), among);
        }
        let mut is_left = false;
        let merged = EncodedPart::collect(|sink| {
            let header = merge_without(&views, &deleted, &|| {}, sink)?;
            is_left = header.is_some();
            Ok(header.unwrap_or_default())
        })
        .unwrap();
        prop_assert_eq!(is_left, !left.is_empty());
        if is_left {
            prop_assert_eq!(merged, left.finish());
        } else {
            prop_assert!(merged.chunks.is_empty());
        }
    }
}
