//! Parts for browsers, which answer questions from them by themselves.

use eventhub_core::Error;
use eventhub_core::part::{EncodedPart, PartView, merge_without};

use crate::engine::{EngineError, Preview};
use crate::store::Snapshot;

/// Bytes of the columns that every row has, at least.
const ROW_BYTES: u64 = 4;

/// The parts of some event types that may hold events of these times, those of a type merged into one and without the
/// rows of deleted users; none when they take more than `bytes_max` bytes.
///
/// # Errors
/// When stored data is damaged or cannot be read.
pub fn preview(
    snapshot: &Snapshot,
    event_types: Vec<String>,
    (from_ms, before_ms): (i64, i64),
    bytes_max: usize,
) -> Result<Option<Preview>, EngineError> {
    let deleted = snapshot.deleted_users()?;
    let merged = snapshot.merged()?.into_iter().map(|(block, users)| (block, users.to_vec()));
    let merged: Vec<_> = merged.collect();
    let mut left = bytes_max;
    for (_, users) in &merged {
        let Some(rest) = left.checked_sub(users.len()) else { return Ok(None) };
        left = rest;
    }
    let mut parts = Vec::with_capacity(event_types.len());
    for event_type in event_types {
        let views = match snapshot.type_number(&event_type)? {
            Some(number) => snapshot.parts(number, from_ms, before_ms)?,
            None => Vec::new(),
        };
        let packed = match views.is_empty() {
            true => None,
            false => match packed(&views, &deleted, left) {
                Ok(packed) => packed,
                Err(Stopped::Large) => return Ok(None),
                Err(Stopped::Failed(error)) => return Err(error.into()),
            },
        };
        left -= packed.as_ref().map_or(0, Vec::len);
        parts.push((event_type, packed.into_iter().collect()));
    }
    Ok(Some(Preview { parts, merged }))
}

/// Why no part was made.
enum Stopped {
    /// It takes too many bytes.
    Large,
    /// A part that was read is damaged.
    Failed(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One part of several, packed; none when no row is left.
fn packed(
    views: &[PartView<'_>],
    deleted: &[u32],
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, Stopped> {
    // Told by the headers, before anything large is read.
    let rows: u64 = views.iter().map(|view| u64::from(view.rows())).sum();
    if rows.saturating_mul(ROW_BYTES) > bytes_max as u64 {
        return Err(Stopped::Large);
    }
    let (mut chunks, mut bytes) = (Vec::new(), 0);
    let header = merge_without(views, deleted, &mut |key, chunk: Vec<u8>| {
        bytes += chunk.len();
        if bytes > bytes_max {
            return Err(Stopped::Large);
        }
        chunks.push((key, chunk));
        Ok(())
    })?;
    let Some(header) = header else { return Ok(None) };
    chunks.sort_unstable_by_key(|(key, _)| *key);
    let packed = EncodedPart { header, chunks }.to_bytes();
    if packed.len() > bytes_max { Err(Stopped::Large) } else { Ok(Some(packed)) }
}
