//! What the service counts, in a registry of its own, as Prometheus reads it.

use std::time::Duration;

use prometheus::{
    Encoder, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, Opts, Registry, TextEncoder, exponential_buckets,
};

/// Counters and times.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    durations: HistogramVec,
    transfers: IntCounterVec,
    waiting: IntGauge,
}

impl Metrics {
    /// Returns metrics that are all zero.
    ///
    /// # Errors
    ///
    /// If two metrics have the same name, which a test excludes.
    pub fn new() -> Result<Self, prometheus::Error> {
        let registry = Registry::new();
        let requests = Opts::new("bank_http_requests_total", "Requests that were answered");
        let requests = IntCounterVec::new(requests, &["method", "route", "status"])?;
        let buckets = exponential_buckets(0.0005, 2.0, 17)?;
        let durations = HistogramOpts::new("bank_http_request_duration_seconds", "How long an answer took");
        let durations = HistogramVec::new(durations.buckets(buckets), &["method", "route"])?;
        let transfers =
            Opts::new("bank_transfers_total", "What transfers were answered with: posted, replayed or a code");
        let transfers = IntCounterVec::new(transfers, &["outcome"])?;
        let waiting = IntGauge::new("bank_transfers_waiting", "Requests that wait for the outcome of a transfer")?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(transfers.clone()))?;
        registry.register(Box::new(waiting.clone()))?;
        Ok(Self { registry, requests, durations, transfers, waiting })
    }

    /// Counts an answer. `route` is the pattern and not the path, so that the number of time series is bounded.
    pub fn answered(&self, method: &str, route: &str, status: u16, duration: Duration) {
        self.requests.with_label_values(&[method, route, &status.to_string()]).inc();
        self.durations.with_label_values(&[method, route]).observe(duration.as_secs_f64());
    }

    /// Counts what a transfer was answered with.
    pub fn transfer(&self, outcome: &str) {
        self.transfers.with_label_values(&[outcome]).inc();
    }

    /// Counts a request as waiting until the result is dropped, be it because the client has hung up.
    #[must_use]
    pub fn wait(&self) -> Waiting {
        self.waiting.inc();
        Waiting(self.waiting.clone())
    }

    /// Returns everything in Prometheus' text format.
    ///
    /// # Errors
    ///
    /// Returns an error if a metric cannot be written as text.
    pub fn text(&self) -> Result<String, prometheus::Error> {
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        String::from_utf8(text).map_err(|error| prometheus::Error::Msg(error.to_string()))
    }
}

/// A request that is counted as waiting.
#[derive(Debug)]
pub struct Waiting(IntGauge);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_transfers_can_be_read() {
        let metrics = Metrics::new().unwrap();
        metrics.transfer("posted");
        let waiting = metrics.wait();
        assert!(metrics.text().unwrap().contains("bank_transfers_waiting 1"));
        drop(waiting);
        let text = metrics.text().unwrap();
        assert!(text.contains("bank_transfers_total{outcome=\"posted\"} 1"), "{text}");
        assert!(text.contains("bank_transfers_waiting 0"), "{text}");
    }
}
