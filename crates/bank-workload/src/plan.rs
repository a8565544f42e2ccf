//! What a run does; its summary repeats it.

use std::time::Duration;

use serde::{Serialize, Serializer};

/// The largest number of clients: the ids of their transfers encode which client sent them.
pub const CLIENTS_MAX: u16 = 1024;

/// No clock overflows within it.
const INTERVAL_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What a run does.
#[derive(Clone, Debug, Serialize)]
pub struct WorkloadPlan {
    /// Threads that post.
    pub clients: u16,
    /// How long to post.
    #[serde(serialize_with = "optional_seconds", rename = "duration_s")]
    pub duration: Option<Duration>,
    /// How many transfers to post.
    pub transfers: Option<u64>,
    /// Transfers a second; without a rate each client sends the next one as soon as the last one is answered.
    pub rate: Option<f64>,
    /// How the accounts of a transfer are chosen.
    pub distribution: Distribution,
    /// Accounts that take part in most transfers.
    pub hot: Option<HotAccounts>,
    /// What the clients send.
    pub mix: Mix,
    /// How the transfers are posted.
    pub mode: PostingMode,
    /// Whether each client keeps a session with prepared statements.
    pub prepares: bool,
    /// Threads that keep summing all balances.
    pub readers: u16,
    /// Decides each client's sequence of transfers; their ids are always new.
    pub seed: u64,
    /// The time over which the clients begin, one after the other.
    #[serde(serialize_with = "seconds", rename = "ramp_s")]
    pub ramp: Duration,
    /// How long, after the end, to go on resolving unknown outcomes.
    #[serde(serialize_with = "seconds", rename = "settle_s")]
    pub settle: Duration,
}

/// How the accounts of a transfer are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Each account as often as any other.
    Uniform,
    /// The first account most often, the n-th in proportion to 1/n to the power 0.99.
    Zipfian,
}

/// A few accounts that take part in most transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HotAccounts {
    /// The number of hot accounts.
    pub accounts: u32,
    /// The percentage of transfers that touch one of them.
    pub percent: u8,
}

/// What the clients send: the percentages of payments that stand by themselves and of groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Mix {
    payments: u8,
    groups: u8,
}

impl Mix {
    /// Returns the mix if its percentages sum up to 100.
    #[must_use]
    pub fn new(payments: u8, groups: u8) -> Option<Self> {
        (payments.checked_add(groups) == Some(100)).then_some(Self { payments, groups })
    }

    /// Returns the percentage of groups.
    #[must_use]
    pub const fn groups(self) -> u8 {
        self.groups
    }
}

impl Default for Mix {
    /// Nothing but payments.
    fn default() -> Self {
        Self { payments: 100, groups: 0 }
    }
}

/// How the transfers are posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PostingMode {
    /// Each in a transaction of its own.
    Single,
    /// This number of transfers in a transaction.
    Batch(u16),
    /// Through the posting queue, which gathers transfers of all clients into batches.
    Queue,
}

impl Default for WorkloadPlan {
    /// Eight clients that post one by one until they are stopped, and a reader.
    fn default() -> Self {
        Self {
            clients: 8,
            duration: None,
            transfers: None,
            rate: None,
            distribution: Distribution::Uniform,
            hot: None,
            mix: Mix::default(),
            mode: PostingMode::Single,
            prepares: true,
            readers: 1,
            seed: 1,
            ramp: Duration::ZERO,
            settle: Duration::from_secs(30),
        }
    }
}

impl WorkloadPlan {
    /// Returns how many transfers a client sends in one call.
    pub(crate) fn batch_size(&self) -> u16 {
        match self.mode {
            PostingMode::Batch(size) => size.max(1),
            PostingMode::Single | PostingMode::Queue => 1,
        }
    }

    /// Returns how many transfers a client sends in all, if there is a limit.
    pub(crate) fn quota(&self, client: u16) -> Option<u64> {
        let clients = u64::from(self.clients);
        self.transfers.map(|transfers| transfers / clients + u64::from(u64::from(client) < transfers % clients))
    }

    /// Returns when a client begins, counted from the beginning. With a rate, the clients take turns.
    pub(crate) fn begins_after(&self, client: u16) -> Duration {
        self.ramp.saturating_add(self.interval().unwrap_or_default()) / u32::from(self.clients) * u32::from(client)
    }

    /// Returns the time from one call of a client to the next, if there is a rate.
    pub(crate) fn interval(&self) -> Option<Duration> {
        let size = f64::from(self.clients) * f64::from(self.batch_size());
        self.rate.map(|rate| Duration::try_from_secs_f64(size / rate).unwrap_or(INTERVAL_MAX).min(INTERVAL_MAX))
    }
}

fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

fn optional_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_is_divided_without_a_rest() {
        let plan = WorkloadPlan {
            clients: 3,
            transfers: Some(10),
            rate: Some(30.0),
            mode: PostingMode::Batch(20),
            ramp: Duration::from_secs(3),
            ..WorkloadPlan::default()
        };
        assert_eq!([0, 1, 2].map(|client| plan.quota(client)), [Some(4), Some(3), Some(3)]);
        assert_eq!(plan.interval(), Some(Duration::from_secs(2)));
        assert_eq!(WorkloadPlan { rate: None, ..plan }.begins_after(2), Duration::from_secs(2));
    }
}
