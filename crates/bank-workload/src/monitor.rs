//! The thread that looks on: once a second it collects what all others have measured, and hands it on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::control::{Control, Retries};
use crate::error::WorkloadError;
use crate::meter::{Interval, Latencies, Meter, no_latencies};
use crate::sample::Sample;

const TICK: Duration = Duration::from_secs(1);
/// How soon the caller's wish to stop and the end of the clients are noticed.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Monitor {
    control: Arc<Control>,
    meters: Vec<Meter>,
    began: Instant,
    last: (Instant, Retries),
    pub(crate) samples: Vec<Sample>,
    pub(crate) latencies: Latencies,
    pub(crate) acknowledged: u64,
    pub(crate) reads: u64,
}

impl Monitor {
    /// Returns a monitor of these threads.
    pub(crate) fn new(control: Arc<Control>, meters: Vec<Meter>, began: Instant) -> Result<Self, WorkloadError> {
        Ok(Self {
            control,
            meters,
            began,
            last: (began, Retries::default()),
            samples: Vec::new(),
            latencies: no_latencies()?,
            acknowledged: 0,
            reads: 0,
        })
    }

    /// Looks on until `are_done`, and stops the run when its time is over or the caller wants it to stop.
    pub(crate) fn watch<E: From<WorkloadError>>(
        &mut self,
        duration: Option<Duration>,
        stop: &AtomicBool,
        are_done: impl Fn() -> bool,
        mut on_second: impl FnMut(&Sample) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut next_tick = self.began + TICK;
        while !are_done() {
            let is_over = duration.is_some_and(|duration| self.began.elapsed() >= duration);
            if (is_over || stop.load(Ordering::SeqCst)) && !self.control.is_stopped() {
                self.control.stop();
            }
            if Instant::now() >= next_tick {
                on_second(&self.tick()?)?;
                // After a pause of the whole machine the seconds that were missed are one long one.
                while next_tick <= Instant::now() {
                    next_tick += TICK;
                }
            }
            std::thread::sleep(GLANCE);
        }
        self.control.stop();
        on_second(&self.tick()?)
    }

    fn tick(&mut self) -> Result<Sample, WorkloadError> {
        let mut interval = Interval::empty()?;
        for meter in &self.meters {
            meter.collect_into(&mut interval);
        }
        let (now, retries) = (Instant::now(), self.control.retries.read());
        let (last, earlier) = std::mem::replace(&mut self.last, (now, retries));
        self.acknowledged += interval.acknowledged;
        self.reads += interval.reads;
        // Fails only for a histogram that does not grow.
        self.latencies.add(&interval.latencies).ok();
        let sample = Sample::new(
            &interval,
            now.duration_since(last),
            now.duration_since(self.began),
            self.acknowledged,
            retries.since(earlier),
            self.control.unresolved.load(Ordering::Relaxed),
        );
        self.samples.push(sample);
        Ok(sample)
    }
}
