//! The lines of the charts and the numbers beside them, in the units in which the templates draw.

use minijinja::value::Serde;
use minijinja::{Value, context};

use super::axis::Axis;
use crate::sample::{Percentiles, Sample, float};
use crate::summary::Bucket;

// Where the axes begin and end.
const LEFT: f64 = 72.0;
const RIGHT: f64 = 948.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 244.0;

/// Returns the speed and the latency over time, and the scale of the histogram.
pub(super) fn charts(samples: &[Sample], buckets: &[Bucket]) -> Value {
    let last = samples.last().map_or(1.0, |sample| sample.elapsed_s);
    let time = Axis::linear(last, LEFT, RIGHT);
    let most = samples.iter().map(|sample| sample.per_second).fold(0.0, f64::max);
    let speed = Axis::linear(most * 1.05, BOTTOM, TOP);
    let busy = || samples.iter().map(|sample| sample.latency_ms).filter(|latency| latency.max > 0.0);
    let least = busy().map(|latency| latency.p50).reduce(f64::min).unwrap_or(1.0);
    let latency = Axis::logarithmic(least, busy().map(|latency| latency.p99).fold(1.0, f64::max), BOTTOM, TOP);
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0);
    let count = Axis::linear(float(most) * 1.08, BOTTOM, TOP);

    let minutes_or_seconds =
        |tick| if last >= 1200.0 { format!("{:.0} min", tick / 60.0) } else { format!("{tick} s") };
    let columns = Serde(numbered(time, 10.0, minutes_or_seconds));
    let speeds = stretches(samples, time, |sample| Some(speed.at(sample.per_second)));
    // A second without a transfer has no latency.
    let percentile = |class: &'static str, number: fn(&Percentiles) -> f64| {
        let at = |number: f64| (number > 0.0).then(|| latency.at(number));
        (class, stretches(samples, time, |sample| at(number(&sample.latency_ms))))
    };
    let latencies = [percentile("p99", |l| l.p99), percentile("p95", |l| l.p95), percentile("p50", |l| l.p50)];
    let plain = |tick: f64| tick.to_string();
    context! {
        left => LEFT, right => RIGHT, top => TOP, bottom => BOTTOM,
        at_time => Value::from_function(move |seconds: f64| time.at(seconds)),
        at_count => Value::from_function(move |transfers: f64| count.at(transfers)),
        speed => context! {
            rows => Serde(numbered(speed, 5.0, plain)), columns => columns.clone(), lines => Serde([("speed", speeds)]),
        },
        latency => context! {
            rows => Serde(numbered(latency, 5.0, decade)), columns => columns, lines => Serde(latencies),
        },
        histogram => context! { rows => Serde(numbered(count, 5.0, plain)) },
    }
}

/// Returns where the numbers beside an axis are written, and the numbers.
fn numbered(axis: Axis, wanted: f64, label: impl Fn(f64) -> String) -> Vec<(f64, String)> {
    axis.ticks(wanted).into_iter().map(|tick| (axis.at(tick), label(tick))).collect()
}

fn decade(time: f64) -> String {
    if time >= 1000.0 { format!("{:.0} s", time / 1000.0) } else { format!("{} ms", (time * 1000.0).round() / 1000.0) }
}

/// Returns the points of a line, which a missing one interrupts. Leaves out samples that are too short to tell a speed.
fn stretches(samples: &[Sample], time: Axis, y: impl Fn(&Sample) -> Option<f64>) -> Vec<Vec<(f64, f64)>> {
    let is_long = |sample: &&Sample| sample.lasted_s >= 0.5 || samples.len() == 1;
    let point = |sample: &Sample| Some((time.at(sample.elapsed_s - sample.lasted_s / 2.0), y(sample)?));
    let points: Vec<_> = samples.iter().filter(is_long).map(point).collect();
    let stretches = points.split(Option::is_none).filter(|stretch| !stretch.is_empty());
    stretches.map(|stretch| stretch.iter().copied().flatten().collect()).collect()
}
