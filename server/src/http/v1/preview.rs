//! Parts for browsers: one frame with everything that questions about some event types need.

use bytes::Bytes;
use eventhub_core::limits::{PREVIEW_BYTES_MAX, PREVIEW_TYPES_MAX};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::engine::Preview;
use crate::http::App;
use crate::http::answer::Answer;
use crate::http::error::ApiError;
use crate::http::params::Params;

/// How a frame begins; its form is described in `docs/format.md`.
const MAGIC: &[u8; 6] = b"EHPREV";
const VERSION: u16 = 1;

/// `GET /preview`
pub(super) async fn preview(app: &App, params: &Params) -> Result<Answer, ApiError> {
    let names = params.required("events")?.split(',').map(str::to_owned);
    let mut event_types: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    event_types.sort_unstable();
    event_types.dedup();
    if event_types.is_empty() || event_types.len() > PREVIEW_TYPES_MAX {
        let message = format!("{} given, it takes 1 to {PREVIEW_TYPES_MAX}", event_types.len());
        return Err(ApiError::Parameter { param: "events".to_owned(), message });
    }
    let zone = &app.settings.time_zone;
    let (start_ms, end_ms) = (day_start(params, "start", zone)?, day_start(params, "end", zone)?);
    if end_ms < start_ms {
        let message = "lies before start".to_owned();
        return Err(ApiError::Parameter { param: "end".to_owned(), message });
    }
    let preview = app.engine.preview(event_types, (start_ms, end_ms), PREVIEW_BYTES_MAX).await?;
    let preview = preview.ok_or(ApiError::PreviewTooLarge(PREVIEW_BYTES_MAX))?;
    Ok(Answer::Bytes(frame(&preview)))
}

/// The start of a day `YYYY-MM-DD`, in ms.
fn day_start(params: &Params, name: &'static str, zone: &TimeZone) -> Result<i64, ApiError> {
    let text = params.required(name)?;
    let is_date = text.len() == 10 && text.bytes().all(|b| b == b'-' || b.is_ascii_digit());
    let date = text.parse::<Date>().ok().filter(|_| is_date);
    let start = date.and_then(|date| date.to_zoned(zone.clone()).ok());
    start.map(|start| start.timestamp().as_millisecond()).ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        let message = format!("{shown} is not a date (YYYY-MM-DD)");
        ApiError::Parameter { param: name.to_owned(), message }
    })
}

fn frame(preview: &Preview) -> Bytes {
    let Preview { parts, merged } = preview;
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&VERSION.to_le_bytes());
    let number = |out: &mut Vec<u8>, number: usize| {
        let number = u32::try_from(number).expect("a preview is below 4 GiB");
        out.extend_from_slice(&number.to_le_bytes());
    };
    number(&mut out, parts.len());
    number(&mut out, merged.len());
    for (name, files) in parts {
        number(&mut out, name.len());
        number(&mut out, files.len());
        out.extend_from_slice(name.as_bytes());
        for file in files {
            number(&mut out, file.len());
            out.extend_from_slice(file);
        }
    }
    for (block, users) in merged {
        out.extend_from_slice(&block.to_le_bytes());
        number(&mut out, users.len());
        out.extend_from_slice(users);
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_laid_out_as_described() {
        let preview = Preview {
            parts: vec![("buy".into(), vec![b"PART".to_vec()]), ("x".into(), vec![])],
            merged: vec![(7, b"users!".to_vec())],
        };
        let mut expected = b"EHPREV\x01\0\x02\0\0\0\x01\0\0\0".to_vec();
        expected.extend_from_slice(b"\x03\0\0\0\x01\0\0\0buy\x04\0\0\0PART");
        expected.extend_from_slice(b"\x01\0\0\0\0\0\0\0x");
        expected.extend_from_slice(b"\x07\0\0\0\x06\0\0\0users!");
        assert_eq!(frame(&preview), expected);
    }
}
