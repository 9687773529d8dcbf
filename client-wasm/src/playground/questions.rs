//! Funnels, retention and trends.

use eventhub_core::answer::{ExplainAnswer, PersonsPage};
use eventhub_core::part::PartView;
use eventhub_core::query::{
    Breakdown, ConversionScan, ExplainQuery, FunnelAnswer, FunnelQuery, Journeys, Of, OneByOne,
    RetentionAnswer, RetentionQuery, RetentionScan, Scan, TrendsAnswer, TrendsQuery, TrendsScan,
    UserGroups, WhoQuery, WhoScan, count,
};

use super::Data;
use super::refusal::Refusal;
use eventhub_core::Error;

/// An answer, and how many events were in the parts that were opened.
type Scanned<T> = Result<(T, u64), Error>;

impl Data {
    pub(super) fn funnel(&self, query: &FunnelQuery, now_ms: i64) -> Scanned<FunnelAnswer> {
        let persons = self.persons(query.user_filters())?;
        let users = self.groups_of(query.breakdown())?;
        let parts = self.parts(&ConversionScan::needs(query))?;
        let mut scan = ConversionScan::open(query, now_ms, &parts, &persons, users.as_ref())?;
        let counts = count(&mut scan);
        Ok((scan.finish(counts, &OneByOne), scan.sources().stats().events))
    }

    pub(super) fn funnel_users(&self, query: &WhoQuery, now_ms: i64) -> Scanned<PersonsPage> {
        let persons = self.persons(query.funnel.user_filters())?;
        let parts = self.parts(&query.funnel.needs())?;
        let journeys = Journeys::open(&query.funnel, now_ms, &parts, &persons, None)?;
        let mut scan = WhoScan::new(journeys, query);
        let found = count(&mut scan).finish();
        let page = found.iter().skip(query.offset).take(query.limit);
        let users = page.map(|user| self.people.row(*user)).collect();
        Ok((PersonsPage { total: found.len() as u64, users }, scan.sources().stats().events))
    }

    pub(super) fn explain(
        &self,
        query: &ExplainQuery,
        now_ms: i64,
    ) -> Result<ExplainAnswer, Refusal> {
        let user = self.people.find(&query.user);
        let user = user.ok_or_else(|| Refusal::NoUser(query.user.clone()))?;
        let canonical = self.people.canonical(user);
        let passes = self.persons(query.funnel.user_filters())?.counts(canonical);
        let everyone = self.people.persons()?;
        let parts = self.parts(&query.funnel.needs())?;
        let mut journeys = Journeys::open(&query.funnel, now_ms, &parts, &everyone, None)?;
        let explanation = journeys.explain(canonical, &self.people.members(canonical));
        let all: Vec<&PartView<'_>> = parts.iter().flatten().collect();
        let before = |need: usize| parts[..need].iter().map(Vec::len).sum::<usize>();
        let shown = explanation.events.iter().take(ExplainAnswer::EVENTS_MAX);
        let places = shown.map(|event| {
            let (need, part, row) = event.origin;
            (before(need) + part, row)
        });
        let events = self.rows(&all, places)?;
        let name = self.people.name(canonical).to_owned();
        Ok(ExplainAnswer::new(name, passes, explanation, events))
    }

    pub(super) fn retention(
        &self,
        query: &RetentionQuery,
        now_ms: i64,
    ) -> Scanned<RetentionAnswer> {
        let persons = self.persons(&query.user_filters)?;
        let users = self.groups_of(query.breakdown.as_ref())?;
        let parts = self.parts(&query.needs())?;
        let mut scan = RetentionScan::open(query, &parts, &persons, users.as_ref())?;
        let counts = count(&mut scan);
        Ok((scan.finish(&counts, now_ms), scan.sources().stats().events))
    }

    pub(super) fn trends(&self, query: &TrendsQuery) -> Scanned<TrendsAnswer> {
        let persons = self.persons(&query.user_filters)?;
        let users = self.groups_of(query.breakdown.as_ref())?;
        let [need] = query.needs();
        let parts = self.parts_of(&need.types)?;
        let mut scan = TrendsScan::open(query, &parts, &persons, users.as_ref())?;
        let counts = count(&mut scan);
        Ok((scan.finish(&counts), scan.sources().stats().events))
    }

    fn groups_of(&self, breakdown: Option<&Breakdown>) -> Result<Option<UserGroups<'_>>, Error> {
        let by_user = breakdown.filter(|breakdown| breakdown.of == Of::User);
        by_user.map(|by| self.user_groups(&by.property)).transpose()
    }
}
