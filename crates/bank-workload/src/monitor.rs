//! The thread that watches: once a second it collects what all others have measured, and passes it on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::control::Control;
use crate::error::WorkloadError;
use crate::meter::{Interval, Latencies, Meter, no_latencies};
use crate::retries::Retries;
use crate::sample::Sample;

const TICK: Duration = Duration::from_secs(1);
/// How soon the monitor sees that the caller wants to stop, or that the clients have ended.
const GLANCE: Duration = Duration::from_millis(20);

/// Watches the threads of a run.
pub(crate) struct Monitor<'a> {
    control: &'a Control,
    meters: &'a [Meter],
    began: Instant,
    last: Instant,
    measured: Measured,
}

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) samples: Vec<Sample>,
    pub(crate) latencies: Latencies,
    pub(crate) acknowledged: u64,
    pub(crate) retries: Retries,
    pub(crate) reads: u64,
}

impl<'a> Monitor<'a> {
    /// Returns a monitor of the threads that measure with these meters.
    pub(crate) fn new(control: &'a Control, meters: &'a [Meter], began: Instant) -> Result<Self, WorkloadError> {
        let measured = Measured {
            samples: Vec::new(),
            latencies: no_latencies()?,
            acknowledged: 0,
            retries: Retries::default(),
            reads: 0,
        };
        Ok(Self { control, meters, began, last: began, measured })
    }

    /// Watches until `are_done`, and stops the run when its time is over or `stop` is true.
    pub(crate) fn watch<E: From<WorkloadError>>(
        mut self,
        duration: Option<Duration>,
        stop: &AtomicBool,
        are_done: impl Fn() -> bool,
        mut on_second: impl FnMut(&Sample) -> Result<(), E>,
    ) -> Result<Measured, E> {
        let mut next_tick = self.began + TICK;
        while !are_done() {
            if stop.load(Ordering::SeqCst) || duration.is_some_and(|duration| self.began.elapsed() >= duration) {
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
        on_second(&self.tick()?)?;
        Ok(self.measured)
    }

    fn tick(&mut self) -> Result<Sample, WorkloadError> {
        let mut interval = Interval::empty()?;
        for meter in self.meters {
            meter.collect_into(&mut interval);
        }
        let (now, retries) = (Instant::now(), self.control.retries.take());
        let measured = &mut self.measured;
        measured.retries += retries;
        measured.acknowledged += interval.acknowledged;
        measured.reads += interval.reads;
        // Fails only for a histogram that does not grow.
        measured.latencies.add(&interval.latencies).ok();
        let sample = Sample::new(
            &interval,
            now.duration_since(std::mem::replace(&mut self.last, now)),
            now.duration_since(self.began),
            measured.acknowledged,
            retries,
            self.control.unresolved.load(Ordering::Relaxed),
        );
        measured.samples.push(sample);
        Ok(sample)
    }
}
