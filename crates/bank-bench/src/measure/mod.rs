//! The contestants by name, the clock, and the samples that it gives.

mod clock;
mod contestant;
mod sample;

pub(crate) use clock::{Latencies, rate, time_batches, time_calls};
pub(crate) use contestant::{BACKENDS, Contestant, Form, Ids, Load, Names, Spread, Work, many};
pub(crate) use sample::{Latency, Sample, Summary};
