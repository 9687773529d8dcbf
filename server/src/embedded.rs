//! The embedded engine: the store and the questions over it, behind the [`Engine`] trait.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use async_trait::async_trait;
use eventhub_core::query::{
    CohortQuery, ExplainQuery, Filter, FunnelAnswer, FunnelQuery, RetentionAnswer, RetentionQuery,
    ScanStats, TrendsAnswer, TrendsQuery, WhoQuery,
};
use eventhub_core::{EventId, ExternalId, NewEvent, UserChange, UserId};
use tokio::sync::oneshot;

use crate::engine::{
    AliasRecord, Engine, EngineError, EventRecord, EventTypeRecord, ExplainedPerson, ExportPage,
    Newest, Page, PersonRecord, PreviewQuery, PropertyRecord, Scanned, Stats, ValueOf,
};
use crate::query::{self, Asking, QueryLimits};
use crate::store::{Snapshot, Store, StoreOptions};

/// Keeps events in one data file and answers from it.
pub struct Embedded {
    store: Arc<Store>,
    limits: QueryLimits,
    met: Met,
}

/// What queries met, since the start.
#[derive(Default)]
struct Met {
    filter_checks: AtomicU64,
    bloom_rejections: AtomicU64,
}

impl Embedded {
    /// Opens the data folder, which is made when missing.
    ///
    /// # Errors
    /// When another process has it open for writing, it is of another format, or it cannot be read.
    pub fn open(
        folder: &Path,
        options: StoreOptions,
        limits: QueryLimits,
    ) -> Result<Self, EngineError> {
        let store = Arc::new(Store::open(folder, options)?);
        Ok(Self { store, limits, met: Met::default() })
    }

    /// Finishes what was accepted; nothing is accepted afterwards.
    pub fn close(&self) {
        self.store.close();
    }

    /// Asks a snapshot on a thread that may block.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Snapshot) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        self.blocking(move |store| question(&store.snapshot()?)).await
    }

    /// Has the store do something on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || work(&store)).await;
        done.unwrap_or_else(|error| Err(EngineError::Storage(error.to_string())))
    }

    /// Has a question scan a snapshot within the limits.
    async fn scan<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Asking<'_>) -> Result<(T, ScanStats), EngineError> + Send + 'static,
    ) -> Result<Scanned<T>, EngineError> {
        let limits = self.limits;
        let asked = self.store.questions().begin();
        let store = Arc::clone(&self.store);
        let (tell, answered) = oneshot::channel();
        // On a thread that scans from the beginning, so that no other has to wake before and after each scan.
        rayon::spawn(move || {
            let answer =
                store.snapshot().and_then(|snapshot| question(&Asking::new(&snapshot, limits)));
            // What waits goes on once the answer is taken. Whoever asked may have gone.
            let _ = tell.send((answer, asked));
        });
        let (answer, _asked) =
            answered.await.map_err(|error| EngineError::Storage(error.to_string()))?;
        let (answer, met) = answer?;
        self.met.filter_checks.fetch_add(met.filter_checks, Relaxed);
        self.met.bloom_rejections.fetch_add(met.bloom_rejections, Relaxed);
        Ok(Scanned { answer, events: met.events })
    }
}

#[async_trait]
impl Engine for Embedded {
    async fn append(&self, batch: Vec<NewEvent>) -> Result<Vec<EventId>, EngineError> {
        self.store.append(batch, None)?.done().await
    }

    async fn give_way(&self) {
        self.store.questions().give_way().await;
    }

    async fn alias(&self, from: ExternalId, to: ExternalId) -> Result<(), EngineError> {
        self.store.alias(from, to)?.done().await
    }

    async fn unalias(&self, from: ExternalId, to: ExternalId) -> Result<bool, EngineError> {
        self.store.unalias(from, to)?.done().await
    }

    async fn change_user(
        &self,
        user: ExternalId,
        change: UserChange,
    ) -> Result<UserId, EngineError> {
        self.store.change_user(user, change)?.done().await
    }

    async fn delete_user(&self, user: ExternalId) -> Result<bool, EngineError> {
        self.store.delete_user(user)?.done().await
    }

    async fn aliases_of(&self, user: &str) -> Result<Vec<AliasRecord>, EngineError> {
        let user = user.to_owned();
        self.ask(move |snapshot| query::aliases_of(snapshot, &user)).await
    }

    async fn funnel_counts(&self, query: FunnelQuery) -> Result<Vec<u64>, EngineError> {
        let counted = self.scan(move |asking| query::funnel_counts(asking, &query)).await?;
        Ok(counted.answer)
    }

    async fn funnel(
        &self,
        query: FunnelQuery,
        now_ms: i64,
    ) -> Result<Scanned<FunnelAnswer>, EngineError> {
        self.scan(move |asking| query::funnel(asking, &query, now_ms)).await
    }

    async fn funnel_users(
        &self,
        query: WhoQuery,
        now_ms: i64,
    ) -> Result<Scanned<Page>, EngineError> {
        self.scan(move |asking| query::funnel_users(asking, &query, now_ms)).await
    }

    async fn explain(
        &self,
        query: ExplainQuery,
        now_ms: i64,
    ) -> Result<Option<ExplainedPerson>, EngineError> {
        let limits = self.limits;
        self.ask(move |snapshot| query::explain(&Asking::new(snapshot, limits), &query, now_ms))
            .await
    }

    async fn retention(
        &self,
        query: RetentionQuery,
        now_ms: i64,
    ) -> Result<Scanned<RetentionAnswer>, EngineError> {
        self.scan(move |asking| query::retention(asking, &query, now_ms)).await
    }

    async fn trends(&self, query: TrendsQuery) -> Result<Scanned<TrendsAnswer>, EngineError> {
        self.scan(move |asking| query::trends(asking, &query)).await
    }

    async fn cohort(&self, query: CohortQuery) -> Result<Vec<Vec<u64>>, EngineError> {
        Ok(self.scan(move |asking| query::cohort(asking, &query)).await?.answer)
    }

    async fn event_types(&self) -> Result<Vec<String>, EngineError> {
        self.ask(Snapshot::event_types).await
    }

    async fn event_type_counts(&self) -> Result<Vec<EventTypeRecord>, EngineError> {
        self.ask(query::event_type_counts).await
    }

    async fn event_properties(&self, event_type: &str) -> Result<Vec<PropertyRecord>, EngineError> {
        let event_type = event_type.to_owned();
        self.ask(move |snapshot| query::event_properties(snapshot, &event_type)).await
    }

    async fn user_properties(&self) -> Result<Vec<PropertyRecord>, EngineError> {
        self.ask(query::user_properties).await
    }

    async fn event_keys(&self, event_type: &str) -> Result<Vec<String>, EngineError> {
        let event_type = event_type.to_owned();
        self.ask(move |snapshot| query::event_keys(snapshot, &event_type)).await
    }

    async fn event_values(
        &self,
        event_type: &str,
        key: &str,
        prefix: &str,
    ) -> Result<Vec<String>, EngineError> {
        let (event_type, key, prefix) = (event_type.to_owned(), key.to_owned(), prefix.to_owned());
        self.ask(move |snapshot| query::event_values(snapshot, &event_type, &key, &prefix)).await
    }

    async fn event(&self, id: EventId) -> Result<Option<EventRecord>, EngineError> {
        self.ask(move |snapshot| query::event(snapshot, id)).await
    }

    async fn find_users(&self, filters: Vec<Filter>) -> Result<Vec<PersonRecord>, EngineError> {
        self.ask(move |snapshot| query::find_users(snapshot, &filters)).await
    }

    async fn user_keys(&self) -> Result<Vec<String>, EngineError> {
        self.ask(query::user_keys).await
    }

    async fn count_values(
        &self,
        of: ValueOf,
        property: String,
        prefix: String,
        limit: usize,
    ) -> Result<Vec<(String, u64)>, EngineError> {
        let limits = self.limits;
        self.ask(move |snapshot| {
            query::count_values(&Asking::new(snapshot, limits), &of, &property, &prefix, limit)
        })
        .await
    }

    async fn user_values(&self, key: &str, prefix: &str) -> Result<Vec<String>, EngineError> {
        let (key, prefix) = (key.to_owned(), prefix.to_owned());
        self.ask(move |snapshot| query::user_values(snapshot, &key, &prefix)).await
    }

    async fn timeline(
        &self,
        user: &str,
        offset: u64,
        count: u64,
    ) -> Result<Vec<EventRecord>, EngineError> {
        let user = user.to_owned();
        self.ask(move |snapshot| query::timeline(snapshot, &user, offset, count)).await
    }

    async fn export(&self, after: Option<&str>, count: u64) -> Result<ExportPage, EngineError> {
        let after = after.map(str::to_owned);
        self.ask(move |snapshot| query::export(snapshot, after.as_deref(), count)).await
    }

    async fn newest(&self, from: EventId, limit: u64) -> Result<Newest, EngineError> {
        self.ask(move |snapshot| query::newest(snapshot, from, limit)).await
    }

    async fn preview(&self, query: PreviewQuery) -> Result<Vec<u8>, EngineError> {
        let limits = self.limits;
        self.ask(move |snapshot| query::preview(&Asking::new(snapshot, limits), &query)).await
    }

    async fn views(&self) -> Result<Vec<String>, EngineError> {
        self.ask(Snapshot::view_names).await
    }

    async fn view(&self, name: &str) -> Result<Option<String>, EngineError> {
        let name = name.to_owned();
        self.ask(move |snapshot| snapshot.view(&name)).await
    }

    async fn save_view(&self, name: &str, view: String) -> Result<(), EngineError> {
        self.store.save_view(name.to_owned(), Some(view))?.done().await.map(drop)
    }

    async fn delete_view(&self, name: &str) -> Result<bool, EngineError> {
        self.store.save_view(name.to_owned(), None)?.done().await
    }

    async fn ready(&self) -> Result<(), EngineError> {
        self.store.ready().await
    }

    async fn stats(&self) -> Result<Stats, EngineError> {
        let stats = self.blocking(Store::stats).await?;
        Ok(Stats {
            filter_checks: self.met.filter_checks.load(Relaxed),
            bloom_rejections: self.met.bloom_rejections.load(Relaxed),
            ..stats
        })
    }
}
