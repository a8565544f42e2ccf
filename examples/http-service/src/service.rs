//! The state that all requests share: the bank, the posting queue, the cached names, the metrics.
//!
//! Async code reaches the database in two ways. Transfers go through the [`PostingQueue`], and the request awaits its
//! ticket: thousands can wait without a thread each, and the transfers that arrive during one commit are posted with the
//! next. Everything else blocks a thread for a moment, so it runs on tokio's blocking threads, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use bank_domain::{AccountName, Group, Outcome, PostRequest};
use bank_persistence::{Bank, BankError, DatabaseUrl, PostingQueue, QueueSettings, RetryPolicy, Settings};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::known_accounts::{KnownAccount, KnownAccounts};
use crate::metrics::Metrics;
use crate::options::Options;
use crate::problem::Problem;

/// How long a request may wait for its turn at the database.
const TURN_TIME_MAX: Duration = Duration::from_secs(2);
/// How long a request waits for the outcome of its transfer. The queue gives up earlier, so this is a last resort.
const OUTCOME_TIME_MAX: Duration = Duration::from_secs(60);
/// How long the database may take to show that it is ready.
const READY_TIME_MAX: Duration = Duration::from_secs(2);

/// The service; a clone is another handle.
#[derive(Clone, Debug)]
pub struct Service {
    bank: Bank,
    queue: PostingQueue,
    known: Arc<KnownAccounts>,
    metrics: Metrics,
    turns: Arc<Semaphore>,
    ready_turn: Arc<Semaphore>,
}

/// Why a service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be used.
    #[error(transparent)]
    Database(#[from] BankError),
    /// The metrics contradict each other.
    #[error("the metrics cannot be set up: {0}")]
    Metrics(#[from] prometheus::Error),
}

impl Service {
    /// Connects to the database, which must be set up unless `--migrate` is given. Blocks.
    ///
    /// # Errors
    ///
    /// Returns an error if the database cannot be used, or if a metric cannot be registered.
    pub fn open(url: &DatabaseUrl, options: &Options) -> Result<Self, OpenError> {
        let settings = settings(options);
        let bank = if options.migrate { Bank::create_or_connect(url, settings) } else { Bank::connect(url, settings) }?;
        if options.migrate {
            bank.migrate()?;
        }
        bank.require_current_schema()?;
        let capacity = usize::try_from(options.queue_capacity).unwrap_or(usize::MAX);
        let queue = PostingQueue::start(&bank, QueueSettings { capacity, ..QueueSettings::default() })?;
        Ok(Self {
            bank,
            queue,
            known: Arc::default(),
            metrics: Metrics::new()?,
            turns: Arc::new(Semaphore::new(turns(options.pool_size))),
            ready_turn: Arc::new(Semaphore::new(1)),
        })
    }

    /// Returns the metrics.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Runs a closure that blocks, on a thread for blocking.
    ///
    /// # Errors
    ///
    /// Returns an error if the database fails, or if too many others are waiting.
    pub async fn blocking<T: Send + 'static>(
        &self,
        body: impl FnOnce(&Bank) -> Result<T, BankError> + Send + 'static,
    ) -> Result<T, Problem> {
        let turn = timeout(TURN_TIME_MAX, Arc::clone(&self.turns).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else { return Err(Problem::overloaded()) };
        let bank = self.bank.clone();
        let task = spawn_blocking(move || {
            let result = body(&bank);
            // Held until now, even if the client has hung up and nobody awaits the task any more.
            drop(turn);
            result
        });
        match task.await {
            Ok(result) => result.map_err(|error| Problem::from_bank_error(&error)),
            Err(error) => {
                tracing::error!(%error, "a blocking task ended without a result");
                Err(Problem::internal())
            }
        }
    }

    /// Returns the accounts of two names, without a query if both were looked up before.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them does not exist, or if the database fails.
    pub async fn accounts_of(
        &self,
        from: &AccountName,
        to: &AccountName,
    ) -> Result<(KnownAccount, KnownAccount), Problem> {
        if let (Some(from), Some(to)) = (self.known.get(from), self.known.get(to)) {
            return Ok((from, to));
        }
        let names = [from.clone(), to.clone()];
        let found = self.blocking(move |bank| bank.find_accounts(&[&names[0], &names[1]])).await?;
        for (name, account) in &found {
            self.known.remember(name, account.into());
        }
        let of = |name: &AccountName| {
            let account = found.iter().find(|(found, _)| found == name);
            account.map(|(_, account)| KnownAccount::from(account)).ok_or_else(|| Problem::no_account(name))
        };
        Ok((of(from)?, of(to)?))
    }

    /// Posts a transfer and awaits its outcome. If the client hangs up, the transfer is still posted.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no outcome.
    pub async fn post(&self, request: PostRequest) -> Result<Outcome, Problem> {
        // Not `submit`: it would block this thread, and with it every other request that the thread serves.
        let ticket = self.queue.try_submit(request).map_err(|error| Problem::from_queue_error(&error))?;
        let _waiting = self.metrics.wait();
        match timeout(OUTCOME_TIME_MAX, ticket.into_future()).await {
            Ok(outcome) => outcome.map_err(|error| Problem::from_queue_error(&error)),
            Err(_) => Err(Problem::outcome_unknown()),
        }
    }

    /// Posts a group and awaits the outcomes of its members. If the client hangs up, the group is still posted.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no outcome.
    pub async fn post_group(&self, group: Group) -> Result<Vec<Outcome>, Problem> {
        let tickets = self.queue.try_submit_group(group).map_err(|error| Problem::from_queue_error(&error))?;
        let _waiting = self.metrics.wait();
        let all = async {
            let mut outcomes = Vec::with_capacity(tickets.len());
            for ticket in tickets {
                outcomes.push(ticket.into_future().await.map_err(|error| Problem::from_queue_error(&error))?);
            }
            Ok(outcomes)
        };
        timeout(OUTCOME_TIME_MAX, all).await.unwrap_or_else(|_| Err(Problem::outcome_unknown()))
    }

    /// Returns whether the database answers and its tables are up to date.
    pub async fn is_ready(&self) -> bool {
        let check = async {
            // One check at a time: otherwise each would block a thread when the database does not answer.
            let turn = Arc::clone(&self.ready_turn).acquire_owned().await;
            let bank = self.bank.clone();
            spawn_blocking(move || {
                let result = bank.require_current_schema();
                drop(turn);
                result
            })
            .await
        };
        match timeout(READY_TIME_MAX, check).await {
            Ok(Ok(Ok(()))) => true,
            Ok(Ok(Err(error))) => {
                tracing::warn!(%error, "not ready");
                false
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "the check for readiness ended without a result");
                false
            }
            Err(_) => {
                tracing::warn!("not ready: the database did not answer in time");
                false
            }
        }
    }

    /// Accepts no further transfers, and returns when each accepted one has its outcome.
    pub async fn close(&self) {
        let queue = self.queue.clone();
        if let Err(error) = spawn_blocking(move || queue.close()).await {
            tracing::error!(%error, "the posting queue did not close");
        }
    }
}

/// Returns settings with short retries: HTTP clients wait for seconds, not for half a minute, and retry themselves.
fn settings(options: &Options) -> Settings {
    Settings {
        pool_size: options.pool_size,
        connection_timeout: Duration::from_secs(3),
        answer_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(5),
        lock_timeout: Duration::from_secs(2),
        busy_timeout: Duration::from_secs(2),
        application_name: "bank-http-service".to_owned(),
        retry: RetryPolicy { elapsed_max: Duration::from_secs(8), ..RetryPolicy::default() },
        ..Settings::default()
    }
}

/// Returns how many requests may use the database concurrently: all connections but one for the queue and one for the
/// readiness check, so that reads never delay posting.
fn turns(pool_size: u32) -> usize {
    usize::try_from(pool_size).unwrap_or(usize::MAX).saturating_sub(2).max(1)
}
