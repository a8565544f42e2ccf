//! One run, from its first thread to its summary.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bank_domain::AccountId;
use bank_persistence::{
    Backend, Bank, Isolation, PostingQueue, QueueSettings, RetryObserver, RetryPolicy, Session, Settings,
};

use super::accounts::Accounts;
use super::book::Book;
use super::client::{Client, Path};
use super::control::Control;
use super::display::Display;
use super::draw::Draw;
use super::ids::RunId;
use super::meter::Meter;
use super::monitor::Monitor;
use super::plan::{Mode, Plan};
use super::reader::{self, Expected};
use super::sample::Sample;
use super::summary::{Configuration, Ended, Summary, Transfers};
use super::target::Target;
use super::verdict;
use crate::exit_code::ExitCode;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::out_file::OutFile;
use crate::output::Messages;

/// What is written while a run goes on.
pub(crate) struct Outputs {
    pub(crate) display: Display,
    pub(crate) lines: Option<OutFile>,
    pub(crate) messages: Messages,
}

/// A run that is about to begin.
pub(crate) struct Run {
    plan: Plan,
    bank: Bank,
    control: Arc<Control>,
    accounts: Arc<[AccountId]>,
    expected: Expected,
    configuration: Configuration,
}

/// A run that has ended.
pub(crate) struct Report {
    pub(crate) summary: Summary,
    pub(crate) samples: Vec<Sample>,
    /// Why the run ended early or could not be audited.
    pub(crate) failure: Option<Failure>,
}

impl Run {
    /// Connects to the workload's place and looks what is there.
    pub(crate) fn prepare(plan: Plan, target: &Target, settings: Settings) -> Result<Self, Failure> {
        let control = Arc::new(Control::new(plan.settle));
        let isolation = isolation_level(&settings);
        let bank = target.connect(adjust(settings, &plan, &control))?;
        let accounts = Accounts::find(&bank, target)?;
        if accounts.own.len() < 2 {
            return Err(target.missing());
        }
        let totals = bank.totals()?;
        let whole = (accounts.others == 0 && !target.is_here()).then_some((totals.accounts, totals.opening_balance));
        let configuration = Configuration {
            plan: plan.clone(),
            accounts: u64::try_from(accounts.own.len()).unwrap_or(u64::MAX),
            place: target.describe(),
            engine: bank.engine()?.to_string(),
            isolation: if bank.backend() == Backend::Sqlite { "SERIALIZABLE" } else { isolation },
            version: env!("CARGO_PKG_VERSION"),
        };
        let expected = Expected { whole };
        Ok(Self { plan, bank, control, accounts: accounts.own.into(), expected, configuration })
    }

    /// Runs to the end, whatever happens meanwhile, and says what it has found.
    pub(crate) fn run(self, outputs: Outputs, interrupt: &Interrupt) -> Result<Report, Failure> {
        let (run, began) = (RunId::new(), Instant::now());
        let mut meters = Vec::new();
        let (clients, queue) = self.start_clients(run, began, &mut meters)?;
        let readers = self.start_readers(&mut meters)?;
        let mut monitor = Monitor::new(Arc::clone(&self.control), meters, began, outputs.display, outputs.lines)?;
        let are_done = || clients.iter().all(JoinHandle::is_finished);
        let watched = monitor.watch(self.plan.duration, interrupt, are_done);
        // The threads end on their own when nobody watches them any more.
        self.control.stop();
        let books = join(clients);
        let elapsed = began.elapsed();
        let read = join(readers);
        if let Some(queue) = queue {
            queue.close();
        }
        let (mut books, _) = (books?, read?);
        watched?;

        let find = || verdict::find(&self.bank, self.expected, run, &mut books, &self.control);
        let findings = outputs.messages.while_waiting("recomputing every balance", find);
        let (audit, not_audited) = match findings.audit {
            Ok(report) => (Some(report), None),
            Err(failure) => (None, Some(failure)),
        };
        let failure = self.control.take_failure().or(not_audited);
        let summary = Summary::new(Ended {
            elapsed,
            interrupted: interrupt.is_asked(),
            transfers: Transfers::of(&books, findings.in_journal),
            latencies: &monitor.latencies,
            retries: self.control.retries.read(),
            reads: monitor.reads,
            violations: self.control.violations(),
            audit: audit.as_ref(),
            failure: failure.as_ref(),
            configuration: self.configuration,
        });
        monitor.line("summary", &summary)?;
        Ok(Report { summary, samples: monitor.samples, failure })
    }

    fn start_clients(
        &self,
        run: RunId,
        began: Instant,
        meters: &mut Vec<Meter>,
    ) -> Result<(Vec<JoinHandle<Book>>, Option<PostingQueue>), Failure> {
        let queue = match self.plan.mode {
            Mode::Queue => Some(PostingQueue::start(&self.bank, QueueSettings::default())?),
            Mode::Single | Mode::Batch(_) => None,
        };
        let path = || queue.clone().map_or_else(|| Path::Bank(self.bank.clone()), Path::Queue);
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

    fn start_readers(&self, meters: &mut Vec<Meter>) -> Result<Vec<JoinHandle<()>>, Failure> {
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

const fn isolation_level(settings: &Settings) -> &'static str {
    match settings.isolation {
        Isolation::ReadCommitted => "READ COMMITTED",
        Isolation::RepeatableRead => "REPEATABLE READ",
        Isolation::Serializable => "SERIALIZABLE",
    }
}

/// Returns the typed settings with a connection for each thread, and calls that end soon enough for Ctrl-C and for the
/// number of unknown outcomes to be seen: the clients repeat them anyway.
fn adjust(settings: Settings, plan: &Plan, control: &Arc<Control>) -> Settings {
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

fn spawn<T: Send + 'static>(name: &str, body: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>, Failure> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|error| {
        Failure::new(ExitCode::Other, "no_thread", format!("cannot start a thread: {error}"))
            .hint("ask for fewer --clients and --readers")
    })
}

/// Waits for all threads, and only then complains about one that panicked.
fn join<T>(threads: Vec<JoinHandle<T>>) -> Result<Vec<T>, Failure> {
    let ended: Vec<_> = threads.into_iter().map(JoinHandle::join).collect();
    let panicked = |_| Failure::new(ExitCode::Other, "panicked", "a thread of the workload panicked");
    ended.into_iter().map(|result| result.map_err(panicked)).collect()
}
