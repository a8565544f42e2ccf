//! The thread that looks on: once a second it collects what all others have measured, shows it and writes it down.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde::Serialize;

use super::control::{Control, Retries};
use super::display::Display;
use super::file;
use super::meter::{Interval, Latencies, Meter, no_latencies};
use super::sample::Sample;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::out_file::OutFile;

const TICK: Duration = Duration::from_secs(1);
/// How soon Ctrl-C and the end of the clients are noticed.
const GLANCE: Duration = Duration::from_millis(20);

/// Everything that was measured.
pub(crate) struct Monitor {
    control: Arc<Control>,
    meters: Vec<Meter>,
    began: Instant,
    display: Display,
    lines: Option<OutFile>,
    last: (Instant, Retries),
    pub(crate) samples: Vec<Sample>,
    pub(crate) latencies: Latencies,
    pub(crate) acknowledged: u64,
    pub(crate) reads: u64,
}

impl Monitor {
    /// Returns a monitor of these threads; `lines` takes a JSON object for each second.
    pub(crate) fn new(
        control: Arc<Control>,
        meters: Vec<Meter>,
        began: Instant,
        display: Display,
        lines: Option<OutFile>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            control,
            meters,
            began,
            display,
            lines,
            last: (began, Retries::default()),
            samples: Vec::new(),
            latencies: no_latencies()?,
            acknowledged: 0,
            reads: 0,
        })
    }

    /// Looks on until `are_done`, and stops the run when its time is over or somebody interrupts it.
    pub(crate) fn watch(
        &mut self,
        duration: Option<Duration>,
        interrupt: &Interrupt,
        are_done: impl Fn() -> bool,
    ) -> Result<(), Failure> {
        let mut next_tick = self.began + TICK;
        while !are_done() {
            let is_over = duration.is_some_and(|duration| self.began.elapsed() >= duration);
            if (is_over || interrupt.is_asked()) && !self.control.is_stopped() {
                self.control.stop();
            }
            if Instant::now() >= next_tick {
                self.tick()?;
                // After a pause of the whole machine the seconds that were missed are one long one.
                while next_tick <= Instant::now() {
                    next_tick += TICK;
                }
            }
            std::thread::sleep(GLANCE);
        }
        self.control.stop();
        self.tick()?;
        self.display.clear();
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Failure> {
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
        self.display.show(&sample);
        self.samples.push(sample);
        self.line("second", &sample)
    }

    /// Writes a JSON object as a line of its own.
    pub(crate) fn line(&mut self, kind: &str, record: &impl Serialize) -> Result<(), Failure> {
        let Some(file) = &mut self.lines else {
            return Ok(());
        };
        let text = serde_json::to_string(&Line { kind, record }).map_err(std::io::Error::from)?;
        file::write(file, &format!("{text}\n"))
    }
}

#[derive(Serialize)]
struct Line<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    record: &'a T,
}
