//! The questions of the JSON API.

use std::collections::HashMap;

use eventhub_core::answer::{ExplainAnswer, most_counted};
use eventhub_core::part::{PartView, RowReader};
use eventhub_core::persons::Persons;
use eventhub_core::query::{
    Breakdown, ConversionScan, ExplainQuery, FunnelAnswer, FunnelQuery, Journeys, Of,
    RetentionAnswer, RetentionQuery, RetentionScan, Scan, ScanStats, TrendsAnswer, TrendsQuery,
    TrendsScan, Types, UserGroups, ValueScan, WhoQuery, WhoScan,
};

use super::scans::{AllCores, Asking};
use super::{events, people};
use crate::engine::{EngineError, ExplainedPerson, Page, ValueOf};
use crate::store::members;

/// A funnel, as things stand at a time.
///
/// # Errors
/// When stored data is damaged or cannot be read, or a limit is met; likewise the functions below.
pub fn funnel(
    asking: &Asking<'_>,
    query: &FunnelQuery,
    now_ms: i64,
) -> Result<(FunnelAnswer, ScanStats), EngineError> {
    let persons = people::persons(asking.snapshot(), query.user_filters())?;
    let users = user_groups(asking, query.breakdown())?;
    let parts = asking.parts(&ConversionScan::needs(query))?;
    let mut scan = ConversionScan::open(query, now_ms, &parts, &persons, users.as_ref())?;
    let counts = asking.compute(&mut scan)?;
    Ok((scan.finish(counts, &AllCores), scan.sources().stats()))
}

/// Persons who stand somewhere in a funnel.
pub fn funnel_users(
    asking: &Asking<'_>,
    query: &WhoQuery,
    now_ms: i64,
) -> Result<(Page, ScanStats), EngineError> {
    let funnel = &query.funnel;
    let persons = people::persons(asking.snapshot(), funnel.user_filters())?;
    let parts = asking.parts(&funnel.needs())?;
    let journeys = Journeys::open(funnel, now_ms, &parts, &persons, None)?;
    let mut scan = WhoScan::new(journeys, query);
    let users = asking.compute(&mut scan)?.finish();
    let page = users.iter().skip(query.offset).take(query.limit);
    let persons = people::records(asking.snapshot(), page.copied())?;
    Ok((Page { total: users.len() as u64, persons }, scan.sources().stats()))
}

/// Why a person is counted as it is; none when the person is unknown.
pub fn explain(
    asking: &Asking<'_>,
    query: &ExplainQuery,
    now_ms: i64,
) -> Result<Option<ExplainedPerson>, EngineError> {
    let snapshot = asking.snapshot();
    let Some(user) = snapshot.user(&query.user)? else { return Ok(None) };
    let canonical = snapshot.person_of(user)?;
    let funnel = &query.funnel;
    let passes = people::persons(snapshot, funnel.user_filters())?.counts(canonical);
    let everyone = Persons::new(snapshot.merged()?)?;
    let parts = asking.parts(&funnel.needs())?;
    let mut journeys = Journeys::open(funnel, now_ms, &parts, &everyone, None)?;
    let ids = members(canonical, &snapshot.merges_of(canonical)?);
    let explanation = journeys.explain(canonical, &ids);
    let mut readers: HashMap<(usize, usize), RowReader<'_>> = HashMap::new();
    let mut shown = Vec::new();
    for event in explanation.events.iter().take(ExplainAnswer::EVENTS_MAX) {
        let (need, part, row) = event.origin;
        let view: &PartView<'_> = &parts[need][part];
        let reader = match readers.entry((need, part)) {
            std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::hash_map::Entry::Vacant(new) => new.insert(RowReader::open(view)?),
        };
        shown.push(events::record(snapshot, view, reader.get(row)?)?);
    }
    Ok(Some(ExplainedPerson {
        external_user_id: snapshot.user_name(canonical)?.to_owned(),
        passes_user_filters: passes,
        explanation,
        events: shown,
    }))
}

/// A retention table, as things stand at a time.
pub fn retention(
    asking: &Asking<'_>,
    query: &RetentionQuery,
    now_ms: i64,
) -> Result<(RetentionAnswer, ScanStats), EngineError> {
    let persons = people::persons(asking.snapshot(), &query.user_filters)?;
    let users = user_groups(asking, query.breakdown.as_ref())?;
    let parts = asking.parts(&query.needs())?;
    let mut scan = RetentionScan::open(query, &parts, &persons, users.as_ref())?;
    let counts = asking.compute(&mut scan)?;
    Ok((scan.finish(&counts, now_ms), scan.sources().stats()))
}

/// Trends.
pub fn trends(
    asking: &Asking<'_>,
    query: &TrendsQuery,
) -> Result<(TrendsAnswer, ScanStats), EngineError> {
    let persons = people::persons(asking.snapshot(), &query.user_filters)?;
    let users = user_groups(asking, query.breakdown.as_ref())?;
    let [need] = query.needs();
    let parts = asking.parts_of(&need.types, need.times_ms)?;
    let mut scan = TrendsScan::open(query, &parts, &persons, users.as_ref())?;
    let counts = asking.compute(&mut scan)?;
    Ok((scan.finish(&counts), scan.sources().stats()))
}

/// The values of a property that start with a prefix, each with how many events or persons have it: those of the
/// most, so many at most.
pub fn count_values(
    asking: &Asking<'_>,
    of: &ValueOf,
    property: &str,
    prefix: &str,
    limit: usize,
) -> Result<Vec<(String, u64)>, EngineError> {
    match of {
        ValueOf::Users => {
            Ok(most_counted(people::count_values(asking.snapshot(), property)?, prefix, limit))
        }
        ValueOf::Events(event_type) => {
            let persons = people::persons(asking.snapshot(), &[])?;
            let parts = asking.parts_of(&Types::One(event_type), (0, i64::MAX))?;
            let mut scan = ValueScan::open(&parts, property, &persons)?;
            let counts = asking.compute(&mut scan)?;
            Ok(most_counted(scan.finish(&counts), prefix, limit))
        }
    }
}

/// The groups of persons, when an answer is broken down by a property of theirs.
fn user_groups<'s>(
    asking: &Asking<'s>,
    breakdown: Option<&Breakdown>,
) -> Result<Option<UserGroups<'s>>, EngineError> {
    let by_user = breakdown.filter(|breakdown| breakdown.of == Of::User);
    by_user.map(|by| people::groups(asking.snapshot(), &by.property)).transpose()
}
