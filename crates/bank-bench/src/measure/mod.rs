//! What is measured, the clock, and what a run gave.

mod clock;
mod contestant;
mod sample;

pub(crate) use clock::{Latencies, rate};
pub(crate) use contestant::{Among, Contestant, Form, Ids, Load, Names, Spread, many};
pub(crate) use sample::{Latency, Sample, Summary};
