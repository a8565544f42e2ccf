//! One run, from its first thread to its summary.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bank_domain::AccountId;
use bank_persistence::{
    AuditReport, Backend, Bank, Isolation, PostingQueue, QueueSettings, RetryObserver, RetryPolicy, Session, Settings,
};

use crate::accounts::Accounts;
use crate::book::Book;
use crate::check;
use crate::client::{Client, PostingPath};
use crate::control::Control;
use crate::draw::Draw;
use crate::error::WorkloadError;
use crate::ids::RunId;
use crate::meter::Meter;
use crate::monitor::Monitor;
use crate::plan::{PostingMode, WorkloadPlan};
use crate::reader::{self, Expected};
use crate::sample::Sample;
use crate::site::Site;
use crate::summary::{Configuration, Ended, Summary, TransferCounts};

/// A run that is about to begin.
#[derive(Debug)]
pub struct Workload {
    plan: WorkloadPlan,
    bank: Bank,
    control: Arc<Control>,
    accounts: Arc<[AccountId]>,
    expected: Expected,
    configuration: Configuration,
}

/// A run that posts no more and has still to be checked.
#[derive(Debug)]
pub struct StoppedWorkload<'a> {
    workload: Workload,
    id: RunId,
    stop: &'a AtomicBool,
    elapsed: Duration,
    books: Vec<Book>,
    monitor: Monitor,
}

/// A run that has ended.
#[derive(Debug)]
pub struct CheckedWorkload {
    /// What the run ended with.
    pub summary: Summary,
    /// Each second of the run.
    pub samples: Vec<Sample>,
    /// The invariants that were recomputed from the journal, unless the database could not be audited.
    pub audit: Option<AuditReport>,
    /// Why the run ended early or could not be audited.
    pub failure: Option<WorkloadError>,
}

impl Workload {
    /// Connects to the workload's place and looks what is there.
    ///
    /// # Errors
    ///
    /// Returns [`WorkloadError::NotInitialised`] if there are no accounts of a workload,
    /// [`WorkloadError::ForeignAccounts`] if its own tables hold other accounts, and an error if the database cannot be
    /// reached or a query fails.
    pub fn prepare(plan: WorkloadPlan, site: &Site, settings: Settings) -> Result<Self, WorkloadError> {
        let control = Arc::new(Control::new(plan.settle));
        let isolation = isolation_level(&settings);
        let bank = site.connect(adjust(settings, &plan, &control))?;
        let accounts = Accounts::find(&bank, site)?;
        if accounts.own.len() < 2 {
            return Err(site.missing());
        }
        let totals = bank.totals()?;
        let whole = (accounts.others == 0 && !site.is_inside()).then_some((totals.accounts, totals.opening_balance));
        let configuration = Configuration {
            plan: plan.clone(),
            accounts: u64::try_from(accounts.own.len()).unwrap_or(u64::MAX),
            place: site.to_string(),
            engine: bank.engine()?.to_string(),
            isolation: if bank.backend() == Backend::Sqlite { "SERIALIZABLE" } else { isolation },
            version: env!("CARGO_PKG_VERSION"),
        };
        let expected = Expected { whole };
        Ok(Self { plan, bank, control, accounts: accounts.own.into(), expected, configuration })
    }

    /// Posts until the plan's end, or until `stop` is true, whatever happens meanwhile. Each second is handed to
    /// `on_second`, whose error ends the run.
    ///
    /// # Errors
    ///
    /// Returns the error of `on_second`, and an error if a thread cannot be started or has panicked. What happens to the
    /// database is no error here: the summary says it.
    pub fn run<E: From<WorkloadError>>(
        self,
        stop: &AtomicBool,
        on_second: impl FnMut(&Sample) -> Result<(), E>,
    ) -> Result<StoppedWorkload<'_>, E> {
        let (id, began) = (RunId::new(), Instant::now());
        let mut meters = Vec::new();
        let (clients, queue) = self.start_clients(id, began, &mut meters)?;
        let readers = self.start_readers(&mut meters)?;
        let mut monitor = Monitor::new(Arc::clone(&self.control), meters, began)?;
        let are_done = || clients.iter().all(JoinHandle::is_finished);
        let watched = monitor.watch(self.plan.duration, stop, are_done, on_second);
        // The threads end on their own when nobody watches them any more.
        self.control.stop();
        let books = join(clients);
        let elapsed = began.elapsed();
        let read = join(readers);
        if let Some(queue) = queue {
            queue.close();
        }
        let (books, _) = (books?, read?);
        watched?;
        Ok(StoppedWorkload { workload: self, id, stop, elapsed, books, monitor })
    }

    fn start_clients(
        &self,
        run: RunId,
        began: Instant,
        meters: &mut Vec<Meter>,
    ) -> Result<(Vec<JoinHandle<Book>>, Option<PostingQueue>), WorkloadError> {
        let queue = match self.plan.mode {
            PostingMode::Queue => Some(PostingQueue::start(&self.bank, QueueSettings::default())?),
            PostingMode::Single | PostingMode::Batch(_) => None,
        };
        let path = || queue.clone().map_or_else(|| PostingPath::Bank(self.bank.clone()), PostingPath::Queue);
        let count = u32::try_from(self.accounts.len()).unwrap_or(u32::MAX);
        let mut clients = Vec::new();
        for number in 0..self.plan.clients {
            let client = Client {
                number,
                path: path(),
                run,
                accounts: Arc::clone(&self.accounts),
                draw: Draw::new(&self.plan, number, count),
                meter: Meter::new()?,
                control: Arc::clone(&self.control),
            };
            meters.push(client.meter.clone());
            let plan = self.plan.clone();
            let spawned = spawn("workload-client", move || client.run(&plan, began));
            clients.push(spawned.inspect_err(|_| self.control.stop())?);
        }
        Ok((clients, queue))
    }

    fn start_readers(&self, meters: &mut Vec<Meter>) -> Result<Vec<JoinHandle<()>>, WorkloadError> {
        let mut readers = Vec::new();
        for _ in 0..self.plan.readers {
            let meter = Meter::new()?;
            meters.push(meter.clone());
            let (bank, control, expected) = (self.bank.clone(), Arc::clone(&self.control), self.expected);
            let spawned = spawn("workload-reader", move || reader::read(&bank, expected, &meter, &control));
            readers.push(spawned.inspect_err(|_| self.control.stop())?);
        }
        Ok(readers)
    }
}

impl StoppedWorkload<'_> {
    /// Audits the database, looks for each acknowledged transfer in the journal, and says what was found.
    #[must_use]
    pub fn check(mut self) -> CheckedWorkload {
        let Workload { bank, control, expected, configuration, .. } = self.workload;
        let findings = check::find(&bank, expected, self.id, &mut self.books, &control);
        let (audit, not_audited) = match findings.audit {
            Ok(report) => (Some(report), None),
            Err(error) => (None, Some(error.into())),
        };
        let failure = control.take_failure().or(not_audited);
        let summary = Summary::new(Ended {
            elapsed: self.elapsed,
            interrupted: self.stop.load(Ordering::SeqCst),
            transfers: TransferCounts::new(&self.books, findings.in_journal),
            latencies: &self.monitor.latencies,
            retries: control.retries.read(),
            reads: self.monitor.reads,
            violations: control.violations(),
            is_audited: audit.is_some(),
            failure: failure.as_ref(),
            configuration,
        });
        CheckedWorkload { summary, samples: self.monitor.samples, audit, failure }
    }
}

const fn isolation_level(settings: &Settings) -> &'static str {
    match settings.isolation {
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::RepeatableRead => "REPEATABLE READ",
        Isolation::Serializable => "SERIALIZABLE",
    }
}

/// Returns the typed settings with a connection for each thread, and calls that end soon enough for Ctrl-C and for the
/// number of unknown outcomes to be seen: the clients repeat them anyway.
fn adjust(settings: Settings, plan: &WorkloadPlan, control: &Arc<Control>) -> Settings {
    const CALL_MAX: Duration = Duration::from_secs(5);
    const CONNECT_MAX: Duration = Duration::from_secs(2);
    let observer = Arc::clone(control);
    let batch = Duration::from_millis(plan.batch_size());
    Settings {
        pool_size: u32::from(plan.clients) + u32::from(plan.readers) + 1,
        connection_timeout: settings.connection_timeout.min(CONNECT_MAX),
        answer_timeout: settings.answer_timeout.max(batch),
        statement_timeout: settings.statement_timeout.max(batch),
        session: if plan.prepares { Session::Dedicated } else { Session::Pooled },
        retry: RetryPolicy { elapsed_max: settings.retry.elapsed_max.min(CALL_MAX), ..settings.retry },
        on_retry: Some(RetryObserver::new(move |event| observer.retries.observe(event))),
        ..settings
    }
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, WorkloadError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(WorkloadError::Thread)
}

/// Waits for all threads, and only then complains about one that panicked.
fn join<T>(threads: Vec<JoinHandle<T>>) -> Result<Vec<T>, WorkloadError> {
    let ended: Vec<_> = threads.into_iter().map(JoinHandle::join).collect();
    ended.into_iter().map(|result| result.map_err(|_| WorkloadError::Panicked)).collect()
}
