//! The thread that watches: once a second it collects what all others have measured, and passes it on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::control::Control;
use crate::error::WorkloadError;
use crate::meter::{Interval, Meter};
use crate::sample::Sample;

const TICK: Duration = Duration::from_secs(1);
/// How soon the monitor sees that the caller wants to stop, or that the clients have ended.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that was measured.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) samples: Vec<Sample>,
    pub(crate) total: Interval,
}

/// Watches the threads that measure with these meters until `are_done`, and stops the run when its time is over or
/// `stop` is true.
pub(crate) fn watch<E: From<WorkloadError>>(
    control: &Control,
    meters: &[Meter],
    began: Instant,
    duration: Option<Duration>,
    stop: &AtomicBool,
    are_done: impl Fn() -> bool,
    mut on_second: impl FnMut(&Sample) -> Result<(), E>,
) -> Result<Measured, E> {
    let mut measured = Measured { samples: Vec::new(), total: Interval::empty()? };
    let mut last = began;
    let mut tick = || -> Result<(), E> {
        let mut interval = Interval::empty()?;
        for meter in meters {
            interval.add(&meter.take()?);
        }
        interval.retries = control.retries.take();
        measured.total.add(&interval);
        let now = Instant::now();
        let lasted = now.duration_since(std::mem::replace(&mut last, now));
        let unknown = control.unresolved.load(Ordering::Relaxed);
        let so_far = measured.total.acknowledged;
        let sample = Sample::new(&interval, lasted, now.duration_since(began), so_far, unknown);
        measured.samples.push(sample);
        on_second(&sample)
    };
    let mut next_tick = began + TICK;
    while !are_done() {
        if stop.load(Ordering::SeqCst) || duration.is_some_and(|duration| began.elapsed() >= duration) {
            control.stop();
        }
        if Instant::now() >= next_tick {
            tick()?;
            // After a pause of the whole machine the seconds that were missed are one long one.
            while next_tick <= Instant::now() {
                next_tick += TICK;
            }
        }
        std::thread::sleep(GLANCE);
    }
    control.stop();
    tick()?;
    Ok(measured)
}
