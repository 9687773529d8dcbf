//! Parts: immutable columns of one event type's events, sorted by (user, time, id).
//!
//! `docs/format.md` describes the bytes.
