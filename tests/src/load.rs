//! A load: clients that post random transfers through the library while a test does damage, and readers that watch.
//!
//! A client records each transfer before it sends it, and the outcome afterwards. So the journal can be compared with
//! the clients' answers, whatever happened to the server in between.

mod check;
mod reader;
mod result;

pub use result::LoadResult;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bank_domain::{AccountId, Group, Outcome, Rejection, Transfer};
use bank_persistence::{Bank, BankError, DatabaseUrl, Settings, new_transfer_id};
use bank_workload::{Distribution, Draw};

use crate::fixtures::open_many;
use crate::wait::wait_until;
use reader::Reader;

/// The size of a load.
#[derive(Clone, Copy, Debug)]
pub struct LoadPlan {
    /// Number of threads that post.
    pub clients: usize,
    /// Number of accounts. The load opens them, so the tables must be empty.
    pub accounts: usize,
    /// Opening balance of each account.
    pub opening_balance: i64,
    /// Seed of the random transfers.
    pub seed: u64,
    /// Number of threads that sum all balances without a pause.
    pub readers: usize,
}

impl Default for LoadPlan {
    fn default() -> Self {
        Self { clients: 8, accounts: 20, opening_balance: 1_000, seed: 1, readers: 1 }
    }
}

/// A load that runs until it is stopped.
#[derive(Debug)]
pub struct Load {
    url: DatabaseUrl,
    plan: LoadPlan,
    progress: Arc<Progress>,
    clients: Vec<JoinHandle<Book>>,
    readers: Vec<JoinHandle<Reader>>,
}

#[derive(Debug)]
struct Progress {
    stopped: AtomicBool,
    acknowledged: AtomicU64,
    /// For each client, how many of its calls were given up.
    given_up: Vec<AtomicU64>,
}

impl Progress {
    fn new(clients: usize) -> Self {
        let given_up = (0..clients).map(|_| AtomicU64::new(0)).collect();
        Self { stopped: AtomicBool::new(false), acknowledged: AtomicU64::new(0), given_up }
    }

    fn given_up(&self) -> Vec<u64> {
        self.given_up.iter().map(|count| count.load(Ordering::SeqCst)).collect()
    }
}

impl Load {
    /// Opens the accounts and starts the threads. All clients share one [`Bank`] with the given settings.
    ///
    /// # Panics
    ///
    /// If the database cannot be reached, or has no tables.
    #[must_use]
    pub fn start(url: DatabaseUrl, settings: Settings, plan: LoadPlan) -> Self {
        let bank = Bank::connect(&url, settings).expect("the database can be reached before the damage");
        let accounts: Arc<[AccountId]> = open_many(&bank, plan.accounts, plan.opening_balance).into();
        let progress = Arc::new(Progress::new(plan.clients));
        let count = u32::try_from(accounts.len()).expect("few accounts");
        let clients = (1_u16..).zip(0..plan.clients).map(|(number, client)| {
            let (bank, accounts, progress) = (bank.clone(), Arc::clone(&accounts), Arc::clone(&progress));
            let draw = Draw::new(count, Distribution::Uniform, plan.seed, number);
            let random = fastrand::Rng::with_seed(plan.seed.wrapping_mul(1_000).wrapping_add(number.into()));
            let book = Book { client, ..Book::default() };
            thread::spawn(move || book.fill(&bank, &accounts, &progress, draw, random))
        });
        let readers = (0..plan.readers).map(|_| {
            let (reader, progress) = (Reader::connect(&url, plan), Arc::clone(&progress));
            thread::spawn(move || reader.read_until(&progress.stopped))
        });
        let (clients, readers) = (clients.collect(), readers.collect());
        Self { url, plan, progress, clients, readers }
    }

    /// Returns how many transfers have been acknowledged so far.
    #[must_use]
    pub fn acknowledged_count(&self) -> u64 {
        self.progress.acknowledged.load(Ordering::SeqCst)
    }

    /// Waits until this many transfers have been acknowledged in all.
    ///
    /// # Panics
    ///
    /// If that takes longer than the timeout: the load is stuck.
    #[track_caller]
    pub fn wait_for_acknowledged(&self, count: u64, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        while self.acknowledged_count() < count {
            let so_far = self.acknowledged_count();
            assert!(Instant::now() < deadline, "{so_far} of {count} transfers acknowledged within {timeout:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until this many further transfers have been acknowledged, and returns how long that took.
    ///
    /// # Panics
    ///
    /// For the same reason as [`Load::wait_for_acknowledged`].
    #[track_caller]
    pub fn wait_for_more(&self, count: u64, timeout: Duration) -> Duration {
        let started = Instant::now();
        self.wait_for_acknowledged(self.acknowledged_count() + count, timeout);
        started.elapsed()
    }

    /// Waits until each client has given up a further call.
    ///
    /// # Panics
    ///
    /// If one does not within a minute: its call hangs.
    #[track_caller]
    pub fn wait_until_each_client_gives_up(&self) {
        let before = self.progress.given_up();
        let has_given_up = || self.progress.given_up().iter().zip(&before).all(|(now, before)| now > before);
        wait_until("each client has given up a call", has_given_up);
    }

    /// Lets every client finish its call, and returns the answers they got.
    ///
    /// # Panics
    ///
    /// If a client or a reader has panicked.
    #[must_use]
    pub fn stop(self) -> LoadResult {
        self.progress.stopped.store(true, Ordering::SeqCst);
        let mut result = LoadResult::new(self.url, self.plan);
        for client in self.clients {
            let book = client.join().expect("no client panics");
            result.submissions.extend(book.submissions);
            result.surprises.extend(book.surprises);
            result.longest_call = result.longest_call.max(book.longest_call);
        }
        for reader in self.readers {
            let reader = reader.join().expect("no reader panics");
            result.reads += reader.reads;
            result.connection_losses += reader.connection_losses;
            result.read_violations.extend(reader.violations);
        }
        result
    }
}

/// The answer that a client got for a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The last attempt of this call posted it.
    Posted,
    /// An earlier attempt, whose answer was lost, had posted it.
    Replayed,
    /// It was rejected.
    Rejected,
    /// It may or may not have been posted.
    Unknown,
    /// It has not been posted.
    Failed,
}

impl Verdict {
    /// Returns whether the client may rely on the transfer.
    #[must_use]
    pub const fn is_acknowledged(self) -> bool {
        matches!(self, Self::Posted | Self::Replayed)
    }

    const fn is_given_up(self) -> bool {
        matches!(self, Self::Unknown | Self::Failed)
    }
}

/// A transfer that was sent, and its answer.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The transfer.
    pub transfer: Transfer,
    /// The answer; unknown until there is one.
    pub verdict: Verdict,
}

/// The submissions of one client.
#[derive(Debug, Default)]
struct Book {
    client: usize,
    submissions: Vec<Submission>,
    surprises: Vec<String>,
    longest_call: Duration,
}

impl Book {
    fn fill(
        mut self,
        bank: &Bank,
        accounts: &[AccountId],
        progress: &Progress,
        mut draw: Draw,
        mut random: fastrand::Rng,
    ) -> Self {
        let mut next = || draw.transfer(new_transfer_id(), |index| accounts[index]);
        while !progress.stopped.load(Ordering::SeqCst) {
            let (count, is_group) = match random.u8(..20) {
                0 => (random.usize(2..=50), false),
                1..=3 => (random.usize(2..=4), true),
                _ => (1, false),
            };
            let mut transfers: Vec<Transfer> = std::iter::repeat_with(&mut next).take(count).collect();
            if is_group {
                let group = Group::new(transfers).expect("few transfers with ids of their own");
                transfers = group.into_iter().map(|member| member.transfer).collect();
            }
            let before = self.submissions.len();
            let unsent = |transfer: &Transfer| Submission { transfer: transfer.clone(), verdict: Verdict::Unknown };
            self.submissions.extend(transfers.iter().map(unsent));
            let started = Instant::now();
            let verdicts = self.send(bank, &transfers);
            self.longest_call = self.longest_call.max(started.elapsed());
            if verdicts.iter().any(|verdict| verdict.is_given_up()) {
                progress.given_up[self.client].fetch_add(1, Ordering::SeqCst);
            }
            let acknowledged = verdicts.iter().filter(|verdict| verdict.is_acknowledged()).count();
            progress.acknowledged.fetch_add(acknowledged.try_into().expect("few"), Ordering::SeqCst);
            for (submission, verdict) in self.submissions[before..].iter_mut().zip(verdicts) {
                submission.verdict = verdict;
            }
        }
        self
    }

    fn send(&mut self, bank: &Bank, transfers: &[Transfer]) -> Vec<Verdict> {
        let answer = match transfers {
            [transfer] => bank.post(transfer).map(|outcome| vec![outcome]),
            several => bank.post_batch(several),
        };
        match answer {
            Ok(outcomes) => outcomes.iter().map(|outcome| self.verdict(outcome)).collect(),
            Err(error) => vec![self.verdict_of_error(&error); transfers.len()],
        }
    }

    fn verdict(&mut self, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Posted(_) => Verdict::Posted,
            Outcome::Replayed(_) => Verdict::Replayed,
            Outcome::Rejected(Rejection::InsufficientFunds { .. } | Rejection::GroupRejected { .. }) => {
                Verdict::Rejected
            }
            Outcome::Rejected(reason) => {
                self.surprises.push(format!("a transfer was rejected: {reason}"));
                Verdict::Rejected
            }
        }
    }

    fn verdict_of_error(&mut self, error: &BankError) -> Verdict {
        match error {
            BankError::OutcomeUnknown { .. } => Verdict::Unknown,
            BankError::RetriesExhausted { .. } => Verdict::Failed,
            // The product retries every error that a fault can cause, so none of them is returned as it is.
            other => {
                self.surprises.push(format!("a call failed without being retried: {other:?}"));
                Verdict::Failed
            }
        }
    }
}
