//! An engine of plain vectors: it notes what it is asked, and answers with what it was told.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use eventhub_core::query::{
    CohortQuery, ExplainQuery, Filter, FunnelAnswer, FunnelQuery, RetentionAnswer, RetentionQuery,
    Test, TrendsAnswer, TrendsQuery, WhoQuery,
};
use eventhub_core::{EventId, ExternalId, NewEvent, TimeMs, UserChange, UserId};

use crate::engine::{
    AliasRecord, Engine, EngineError, EventRecord, EventTypeRecord, ExplainedPerson, ExportPage,
    Newest, Page, PersonRecord, PreviewQuery, PropertyRecord, Scanned, Stats, ValueOf,
};

#[derive(Default)]
pub(in crate::http) struct Fake {
    pub(in crate::http) events: Mutex<Vec<NewEvent>>,
    pub(in crate::http) asked: Mutex<Vec<String>>,
    pub(in crate::http) is_full: bool,
    pub(in crate::http) views: Mutex<BTreeMap<String, String>>,
}

impl Fake {
    fn note(&self, asked: impl Into<String>) {
        self.asked.lock().unwrap().push(asked.into());
    }

    fn record(&self, id: usize) -> Option<EventRecord> {
        let events = self.events.lock().unwrap();
        let event = events.get(id)?;
        Some(EventRecord {
            id: id as u64,
            event_type: event.event_type.as_str().into(),
            external_user_id: event.user.as_str().into(),
            time: event.time,
            properties: event.properties.iter().map(|(k, v)| (k.into(), v.into())).collect(),
        })
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(ToString::to_string).collect()
}

#[async_trait]
impl Engine for Fake {
    async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<EventId>, EngineError> {
        if self.is_full {
            return Err(EngineError::Busy);
        }
        let mut events = self.events.lock().unwrap();
        let first = events.len() as u64;
        events.extend(batch);
        Ok((first..events.len() as u64).collect())
    }

    async fn alias(&self, from: ExternalId, to: ExternalId) -> Result<(), EngineError> {
        self.note(format!("alias {} {}", from.as_str(), to.as_str()));
        Ok(())
    }

    async fn unalias(&self, _: ExternalId, _: ExternalId) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn change_user(
        &self,
        user: ExternalId,
        change: UserChange,
    ) -> Result<UserId, EngineError> {
        let set: Vec<_> = change.set().iter().map(|(k, v)| format!("{k}={v}")).collect();
        self.note(format!("set {} {}", user.as_str(), set.join(" ")));
        Ok(3)
    }

    async fn delete_user(&self, _: ExternalId) -> Result<bool, EngineError> {
        Ok(false)
    }

    async fn aliases_of(&self, _: &str) -> Result<Vec<AliasRecord>, EngineError> {
        Ok(Vec::new())
    }

    async fn funnel_counts(&self, query: FunnelQuery) -> Result<Vec<u64>, EngineError> {
        self.note(format!("funnel {}", query.steps()[0].event_type));
        Ok(vec![0; query.steps().len()])
    }

    async fn funnel(
        &self,
        query: FunnelQuery,
        _: i64,
    ) -> Result<Scanned<FunnelAnswer>, EngineError> {
        self.note(format!("funnel {}", query.steps()[0].event_type));
        Ok(Scanned {
            answer: FunnelAnswer { steps: Vec::new(), groups: Vec::new(), experiment: None },
            events: 7,
        })
    }

    async fn funnel_users(&self, query: WhoQuery, _: i64) -> Result<Scanned<Page>, EngineError> {
        self.note(format!("funnel users {:?}", query.status));
        Ok(Scanned { answer: Page { total: 0, persons: Vec::new() }, events: 0 })
    }

    async fn explain(
        &self,
        _: ExplainQuery,
        _: i64,
    ) -> Result<Option<ExplainedPerson>, EngineError> {
        Ok(None)
    }

    async fn retention(
        &self,
        _: RetentionQuery,
        _: i64,
    ) -> Result<Scanned<RetentionAnswer>, EngineError> {
        Err(EngineError::Slow(60))
    }

    async fn trends(&self, _: TrendsQuery) -> Result<Scanned<TrendsAnswer>, EngineError> {
        Err(EngineError::Large(1))
    }

    async fn cohort(&self, query: CohortQuery) -> Result<Vec<Vec<u64>>, EngineError> {
        Ok(vec![vec![0; 1 + query.columns() as usize]; query.rows() as usize])
    }

    async fn event_types(&self) -> Result<Vec<String>, EngineError> {
        Ok(texts(&["signup", "Zoom", "Add", "add", "buy"]))
    }

    async fn event_type_counts(&self) -> Result<Vec<EventTypeRecord>, EngineError> {
        let record = |name: &str| EventTypeRecord { name: name.to_owned(), events: 2 };
        Ok(["signup", "buy"].map(record).to_vec())
    }

    async fn event_properties(&self, event_type: &str) -> Result<Vec<PropertyRecord>, EngineError> {
        let keys = self.event_keys(event_type).await?;
        Ok(keys.into_iter().map(|key| PropertyRecord { key, count: 1, kind: None }).collect())
    }

    async fn user_properties(&self) -> Result<Vec<PropertyRecord>, EngineError> {
        let keys = self.user_keys().await?;
        Ok(keys.into_iter().map(|key| PropertyRecord { key, count: 1, kind: None }).collect())
    }

    async fn event_keys(&self, event_type: &str) -> Result<Vec<String>, EngineError> {
        Ok(texts(if event_type == "signup" { &["age", "plan"] } else { &[] }))
    }

    async fn event_values(
        &self,
        event_type: &str,
        key: &str,
        prefix: &str,
    ) -> Result<Vec<String>, EngineError> {
        Ok(texts(&[event_type, key, prefix]))
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRecord>, EngineError> {
        Ok(usize::try_from(id).ok().and_then(|id| self.record(id)))
    }

    async fn find_users(&self, filters: Vec<Filter>) -> Result<Vec<PersonRecord>, EngineError> {
        let value = |filter: &Filter| match &filter.test {
            Test::Text { values, .. } => values.join(","),
            other => format!("{other:?}"),
        };
        let properties = filters.iter().map(|filter| (filter.key.clone(), value(filter))).collect();
        Ok(vec![PersonRecord { external_user_id: "u".into(), properties }])
    }

    async fn user_keys(&self) -> Result<Vec<String>, EngineError> {
        Ok(texts(&["email"]))
    }

    async fn count_values(
        &self,
        _: ValueOf,
        property: String,
        prefix: String,
        _: usize,
    ) -> Result<Vec<(String, u64)>, EngineError> {
        Ok(vec![(property, 2), (prefix, 1)])
    }

    async fn user_values(&self, key: &str, prefix: &str) -> Result<Vec<String>, EngineError> {
        Ok(texts(&[key, prefix]))
    }

    async fn timeline(
        &self,
        user: &str,
        offset: u64,
        count: u64,
    ) -> Result<Vec<EventRecord>, EngineError> {
        self.note(format!("timeline {user} {offset} {count}"));
        Ok(vec![EventRecord {
            id: 0,
            event_type: "signup".into(),
            external_user_id: user.into(),
            time: TimeMs::new(1_356_998_400_000).unwrap(),
            properties: vec![("a".into(), "1".into())],
        }])
    }

    async fn export(&self, _: Option<&str>, _: u64) -> Result<ExportPage, EngineError> {
        let count = self.events.lock().unwrap().len();
        Ok(ExportPage { events: (0..count).filter_map(|id| self.record(id)).collect(), next: None })
    }

    async fn newest(&self, from: EventId, limit: u64) -> Result<Newest, EngineError> {
        let end = self.events.lock().unwrap().len() as u64;
        let from = from.max(end.saturating_sub(limit));
        let events = (from..end).filter_map(|id| self.record(id as usize)).collect();
        Ok(Newest { events, end })
    }

    async fn preview(&self, query: PreviewQuery) -> Result<Vec<u8>, EngineError> {
        self.note(format!("{query:?}"));
        Ok(Vec::new())
    }

    async fn views(&self) -> Result<Vec<String>, EngineError> {
        Ok(self.views.lock().unwrap().keys().cloned().collect())
    }

    async fn view(&self, name: &str) -> Result<Option<String>, EngineError> {
        Ok(self.views.lock().unwrap().get(name).cloned())
    }

    async fn save_view(&self, name: &str, view: String) -> Result<(), EngineError> {
        self.views.lock().unwrap().insert(name.to_owned(), view);
        Ok(())
    }

    async fn delete_view(&self, name: &str) -> Result<bool, EngineError> {
        Ok(self.views.lock().unwrap().remove(name).is_some())
    }

    async fn ready(&self) -> Result<(), EngineError> {
        if self.is_full { Err(EngineError::Full) } else { Ok(()) }
    }

    async fn stats(&self) -> Result<Stats, EngineError> {
        Ok(Stats { events: self.events.lock().unwrap().len() as u64, ..Stats::default() })
    }
}
