//! One run, from its first thread to its summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};

use bank_domain::AccountId;
use bank_persistence::{
    AuditReport, Bank, BankError, PostingQueue, QueueSettings, RetryObserver, RetryPolicy, Session, Settings,
};

use crate::accounts::Accounts;
use crate::book::{Book, TransferCounts};
use crate::check::check;
use crate::client::Client;
use crate::control::Control;
use crate::draw::Draw;
use crate::error::WorkloadError;
use crate::ids::RunId;
use crate::meter::Meter;
use crate::monitor::{Measured, watch};
use crate::plan::{CLIENTS_MAX, PostingMode, WorkloadPlan};
use crate::reader::{Expected, read};
use crate::retries::RetryCounter;
use crate::sample::{Percentiles, Sample, rate};
use crate::site::Site;
use crate::summary::{Configuration, Summary, WorkloadVerdict, buckets, one_line};

type Threads<'scope, T> = Vec<ScopedJoinHandle<'scope, T>>;

/// A run that is about to begin.
#[derive(Debug)]
pub struct Workload {
    plan: WorkloadPlan,
    bank: Bank,
    control: Control,
    accounts: Vec<AccountId>,
    expected: Expected,
    configuration: Configuration,
}

/// A run that posts no more and has still to be checked.
#[derive(Debug)]
pub struct StoppedWorkload<'a> {
    workload: Workload,
    run: RunId,
    stop: &'a AtomicBool,
    elapsed: Duration,
    books: Vec<Book>,
    measured: Measured,
}

/// A run that has ended.
#[derive(Debug)]
pub struct CheckedWorkload {
    /// What the run found.
    pub summary: Summary,
    /// Each second of the run.
    pub samples: Vec<Sample>,
    /// The invariants that were recomputed from the journal, unless the database could not be audited.
    pub audit: Option<AuditReport>,
    /// Why the run ended early or could not be audited.
    pub error: Option<WorkloadError>,
}

impl Workload {
    /// Connects to the site and finds the workload's accounts.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::ClientCount`] if the plan has no clients or too many, [`WorkloadError::NotInitialised`]
    /// if there are no accounts of a workload, [`WorkloadError::ForeignAccounts`] if its own tables hold other accounts,
    /// and an error if the database cannot be reached or a query fails.
    pub fn prepare(plan: WorkloadPlan, site: &Site, settings: Settings) -> Result<Self, WorkloadError> {
        if !(1..=CLIENTS_MAX).contains(&plan.clients) {
            return Err(WorkloadError::ClientCount { clients: plan.clients });
        }
        let control = Control::new(plan.settle);
        let isolation = settings.isolation.sql();
        let bank = site.connect(adjust(settings, &plan, &control.retries))?;
        let accounts = Accounts::find(&bank, site)?;
        if accounts.own.len() < 2 {
            return Err(site.not_initialised());
        }
        let totals = bank.totals()?;
        let is_alone = accounts.others == 0 && !site.is_inside();
        let configuration = Configuration {
            plan: plan.clone(),
            accounts: u64::try_from(accounts.own.len()).unwrap_or(u64::MAX),
            place: site.to_string(),
            engine: bank.database().engine().map_err(BankError::from)?.to_string(),
            // Writers that take turns are serial, whatever the settings ask of servers.
            isolation: if bank.database().capabilities().one_writer { "SERIALIZABLE" } else { isolation },
            version: env!("CARGO_PKG_VERSION"),
        };
        let expected = Expected { whole: is_alone.then_some(totals) };
        Ok(Self { plan, bank, control, accounts: accounts.own, expected, configuration })
    }

    /// Posts until the plan's end, or until `stop` is true, whatever happens to the servers meanwhile. Calls
    /// `on_second` once a second; its error ends the run.
    ///
    /// # Errors
    ///
    /// Returns the error of `on_second`, and an error if a thread cannot be started or panics. A failure of the
    /// database is not an error here: [`StoppedWorkload::check`] reports it.
    pub fn run<E: From<WorkloadError>>(
        self,
        stop: &AtomicBool,
        on_second: impl FnMut(&Sample) -> Result<(), E>,
    ) -> Result<StoppedWorkload<'_>, E> {
        let threads = usize::from(self.plan.clients) + usize::from(self.plan.readers);
        let meters = (0..threads).map(|_| Meter::new()).collect::<Result<Vec<_>, _>>()?;
        let queue = match self.plan.mode {
            PostingMode::Queue => Some(PostingQueue::start(&self.bank, QueueSettings::default())),
            PostingMode::Single | PostingMode::Batch(_) => None,
        };
        let queue = queue.transpose().map_err(WorkloadError::from)?;
        let (run, began) = (RunId::new(), Instant::now());
        let (books, elapsed, measured) = thread::scope(|scope| -> Result<_, E> {
            let started = self.start_threads(scope, queue.as_ref(), run, began, &meters);
            let (clients, readers) = started.inspect_err(|_| self.control.stop())?;
            let are_done = || clients.iter().all(ScopedJoinHandle::is_finished);
            let measured = watch(&self.control, &meters, began, self.plan.duration, stop, are_done, on_second);
            // The threads must end when the monitor has failed, too.
            self.control.stop();
            let books = join(clients);
            let elapsed = began.elapsed();
            join(readers)?;
            Ok((books?, elapsed, measured?))
        })?;
        Ok(StoppedWorkload { workload: self, run, stop, elapsed, books, measured })
    }

    fn start_threads<'scope, 'env>(
        &'env self,
        scope: &'scope Scope<'scope, 'env>,
        queue: Option<&'env PostingQueue>,
        run: RunId,
        began: Instant,
        meters: &'env [Meter],
    ) -> Result<(Threads<'scope, Book>, Threads<'scope, ()>), WorkloadError> {
        let Self { plan, bank, control, accounts, expected, .. } = self;
        let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
        let (of_clients, of_readers) = meters.split_at(plan.clients.into());
        let clients = (0..).zip(of_clients).map(|(number, meter)| {
            let draw =
                Draw::new(count, plan.distribution, plan.seed, number).with_hot_accounts(plan.hot).with_mix(plan.mix);
            let client = Client { number, plan, bank, queue, run, accounts, draw, meter, control };
            thread::Builder::new().name("workload-client".to_owned()).spawn_scoped(scope, move || client.run(began))
        });
        let clients = clients.collect::<Result<_, _>>().map_err(WorkloadError::Thread)?;
        let readers = of_readers.iter().map(|meter| {
            let read = move || read(bank, expected, meter, control);
            thread::Builder::new().name("workload-reader".to_owned()).spawn_scoped(scope, read)
        });
        Ok((clients, readers.collect::<Result<_, _>>().map_err(WorkloadError::Thread)?))
    }
}

impl StoppedWorkload<'_> {
    /// Audits the database, looks for each acknowledged transfer in the journal, and reports what was found.
    #[must_use]
    pub fn check(mut self) -> CheckedWorkload {
        let Workload { bank, control, expected, configuration, .. } = self.workload;
        let (audit, in_journal, not_checked) = match check(&bank, &expected, self.run, &mut self.books, &control) {
            Ok((audit, in_journal)) => (Some(audit), in_journal, None),
            Err(error) => (None, 0, Some(error.into())),
        };
        let error = control.error.into_inner().or(not_checked);
        let transfers = TransferCounts::new(&self.books, in_journal);
        let violations = control.violations.into_inner();
        let Measured { samples, total } = self.measured;
        let summary = Summary {
            verdict: WorkloadVerdict::new(violations.count, audit.is_some(), transfers.unknown),
            interrupted: self.stop.load(Ordering::SeqCst),
            failure: error.as_ref().map(one_line),
            elapsed_s: self.elapsed.as_secs_f64(),
            transfers,
            per_second: rate(transfers.acknowledged(), self.elapsed),
            latency_ms: Percentiles::new(&total.latencies),
            mean_ms: total.latencies.mean() / 1000.0,
            retries: total.retries,
            reads: total.reads,
            violations: violations.count,
            first_violations: violations.first,
            histogram: buckets(&total.latencies),
            configuration,
        };
        CheckedWorkload { summary, samples, audit, error }
    }
}

/// Returns the settings with a connection for each thread, and with calls that end soon, so that the run can be stopped
/// and unknown outcomes are seen. The clients repeat the calls anyway.
fn adjust(settings: Settings, plan: &WorkloadPlan, retries: &Arc<RetryCounter>) -> Settings {
    const CALL_MAX: Duration = Duration::from_secs(5);
    const CONNECT_MAX: Duration = Duration::from_secs(2);
    let retries = Arc::clone(retries);
    let batch = Duration::from_millis(plan.batch_size().into());
    Settings {
        pool_size: u32::from(plan.clients) + u32::from(plan.readers) + 1,
        connection_timeout: settings.connection_timeout.min(CONNECT_MAX),
        answer_timeout: settings.answer_timeout.max(batch),
        statement_timeout: settings.statement_timeout.max(batch),
        session: if plan.prepares { Session::Dedicated } else { Session::Pooled },
        retry: RetryPolicy { elapsed_max: settings.retry.elapsed_max.min(CALL_MAX), ..settings.retry },
        on_retry: Some(RetryObserver::new(move |event| retries.observe(event))),
        ..settings
    }
}

/// Waits for all threads, and only then complains about one that panicked.
fn join<T>(threads: Threads<'_, T>) -> Result<Vec<T>, WorkloadError> {
    let ended: Vec<_> = threads.into_iter().map(ScopedJoinHandle::join).collect();
    ended.into_iter().map(|result| result.map_err(|_| WorkloadError::Panicked)).collect()
}
