//! A batch: an array of events in JSON or in the lenient form, taken whole or not at all.

use eventhub_core::limits::BATCH_EVENTS_MAX;
use eventhub_core::{Error as CoreError, NewEvent};

use super::json::Element;
use super::{BadEvent, Clock, Error, Pairs, json, lenient, read_event};

const FIELD: &str = "events";

/// Reads the events of a batch.
///
/// # Errors
/// When the text is no array of objects, there are too many, or any event breaks a rule; then every
/// such event is named by its index.
pub fn read_events(text: &str, clock: &Clock) -> Result<Vec<NewEvent>, Error> {
    // An array of flat objects in JSON reads the same in the lenient form, and faster; what JSON takes beyond
    // it is told event by event.
    let elements = match lenient::parse(FIELD, text) {
        Ok(objects) => objects.into_iter().map(Element::Object).collect(),
        Err(error) => json::parse(text).map_err(|_| error)?,
    };
    if elements.len() > BATCH_EVENTS_MAX {
        let (limit, actual) = (BATCH_EVENTS_MAX, elements.len());
        return Err(CoreError::TooMany { field: FIELD, limit, actual }.into());
    }
    let mut events = Vec::with_capacity(elements.len());
    let mut bad = Vec::new();
    for (index, element) in elements.into_iter().enumerate() {
        match object(element).and_then(|pairs| read_event(pairs, clock)) {
            Ok(event) => events.push(event),
            Err(error) => bad.push(BadEvent { index, error }),
        }
    }
    if bad.is_empty() { Ok(events) } else { Err(Error::Batch(bad)) }
}

/// Reads the events of a batch that has an object a line; empty lines are passed over.
///
/// # Errors
/// When there are too many, or any line is no object or breaks a rule; then every such event is named by its index.
pub fn read_event_lines(text: &str, clock: &Clock) -> Result<Vec<NewEvent>, Error> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let (mut events, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in lines.enumerate() {
        if index == BATCH_EVENTS_MAX {
            let (limit, actual) = (BATCH_EVENTS_MAX, text.lines().count());
            return Err(CoreError::TooMany { field: FIELD, limit, actual }.into());
        }
        let element = serde_json::from_str(line).unwrap_or(Element::Other);
        match object(element).and_then(|pairs| read_event(pairs, clock)) {
            Ok(event) => events.push(event),
            Err(error) => bad.push(BadEvent { index, error }),
        }
    }
    if bad.is_empty() { Ok(events) } else { Err(Error::Batch(bad)) }
}

fn object(element: Element<'_>) -> Result<Pairs<'_>, CoreError> {
    match element {
        Element::Object(pairs) => Ok(pairs),
        Element::Other => Err(CoreError::Invalid {
            field: FIELD.to_string(),
            message: "an event must be an object".to_string(),
        }),
    }
}

#[cfg(test)]
mod tests;
