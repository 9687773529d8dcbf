//! Parts: immutable columns of one event type's events, sorted by (user, time, id).
//!
//! `docs/format.md` describes the bytes. A [`PartBuilder`] or [`merge()`] writes them through one writer;
//! a [`PartView`] reads a header and hands out columns without copying. Where chunks come from is the
//! caller's business ([`Chunks`]): a memory map, a buffer, the memory of the tail.

mod layout;

mod bloom;
mod codes;
mod column;
mod dictionary;
mod header;
mod ids;

mod builder;
mod interner;
mod merge;
mod sort;
mod writer;

mod view;

mod order;
mod packed;
mod pick;
mod rows;

pub use builder::PartBuilder;
pub use interner::Interner;
pub use layout::{
    BLOCK_USERS, BUCKET_DAYS, CHUNK_BYTES_MAX, ChunkKey, Chunks, EncodedPart, Sink, bucket_of,
    check_chunk, trusted_chunk,
};
pub use merge::{MERGE_PARTS_MAX, merge, merge_without};
pub use order::{OrderReader, RowOrder, places_of};
pub use packed::PackedPart;
pub use pick::{NOT_PICKED, Picked, PickedRow};
pub use rows::{EventRow, RowReader};
pub use view::PartView;

pub(crate) use codes::{BitPlanes, CodeColumn, Codes};
pub(crate) use column::{Blocks, Column, partition_point, pieces};
pub(crate) use ids::IdColumn;
pub(crate) use layout::{BLOCK_SHIFT, u16_at, u32_at, u64_at};
