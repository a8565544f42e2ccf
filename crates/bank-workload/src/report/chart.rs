//! The charts, as SVG. Nothing here comes from the user: only numbers and our own words.

use std::fmt::Write as _;

use super::axis::Axis;
use super::numbers::{milliseconds, thousands};
use super::series::Marks;
use crate::sample::{Sample, float};
use crate::summary::Bucket;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 280.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 948.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 244.0;

/// A drawing that grows.
struct Svg(String);

impl Svg {
    fn new(title: &str) -> Self {
        Self(format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\"><title>{title}</title>"))
    }

    fn add(&mut self, shape: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        self.0.write_fmt(shape).ok();
    }

    fn end(mut self) -> String {
        self.0.push_str("</svg>");
        self.0
    }

    fn rows(&mut self, axis: Axis, label: impl Fn(f64) -> String) {
        for tick in axis.ticks(5.0) {
            let (y, label) = (axis.at(tick), label(tick));
            self.add(format_args!("<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>"));
            let text_y = y + 4.0;
            self.add(format_args!("<text class=\"end\" x=\"{}\" y=\"{text_y:.1}\">{label}</text>", LEFT - 8.0));
        }
    }

    fn seconds(&mut self, axis: Axis, last: f64) {
        for tick in axis.ticks(10.0) {
            let x = axis.at(tick);
            let label = if last >= 1200.0 { format!("{:.0} min", tick / 60.0) } else { format!("{tick} s") };
            self.add(format_args!("<text class=\"middle\" x=\"{x:.1}\" y=\"{}\">{label}</text>", BOTTOM + 22.0));
        }
        self.add(format_args!("<line class=\"axis\" x1=\"{LEFT}\" y1=\"{BOTTOM}\" x2=\"{RIGHT}\" y2=\"{BOTTOM}\"/>"));
    }

    /// Draws a band over each sample in which connections were lost or nothing was answered, and a tick under each in
    /// which retries rose.
    fn marks(&mut self, samples: &[Sample], marks: &Marks, time: Axis) {
        self.bands("idle", samples, &marks.idle, time, (TOP, BOTTOM - TOP));
        self.bands("lost", samples, &marks.lost, time, (TOP, BOTTOM - TOP));
        self.bands("risen", samples, &marks.risen, time, (BOTTOM + 1.0, 5.0));
    }

    fn bands(&mut self, class: &str, samples: &[Sample], places: &[usize], time: Axis, (y, height): (f64, f64)) {
        for sample in places.iter().filter_map(|place| samples.get(*place)) {
            let (x, width) = extent(sample, time);
            let words = words(sample);
            self.add(format_args!(
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{height}\"><title>{words}</title></rect>"
            ));
        }
    }

    /// Draws a line through the points; a missing one interrupts it, and one alone is a dot.
    fn line(&mut self, class: &str, points: impl Iterator<Item = Option<(f64, f64)>>) {
        let points: Vec<_> = points.collect();
        for stretch in points.split(Option::is_none) {
            let stretch: Vec<(f64, f64)> = stretch.iter().copied().flatten().collect();
            if let [(x, y)] = stretch[..] {
                self.add(format_args!("<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"/>"));
            } else if !stretch.is_empty() {
                let corners: Vec<String> = stretch.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                self.add(format_args!("<polyline class=\"{class}\" points=\"{}\"/>", corners.join(" ")));
            }
        }
    }
}

fn extent(sample: &Sample, time: Axis) -> (f64, f64) {
    let x = time.at((sample.elapsed_s - sample.lasted_s).max(0.0));
    (x, (time.at(sample.elapsed_s) - x).max(2.0))
}

fn words(sample: &Sample) -> String {
    let retries = sample.retries;
    format!(
        "{:.0} s: {} attempts repeated after a lost connection, {} for other reasons, {} transfers of unknown outcome",
        sample.elapsed_s,
        retries.connection,
        retries.total() - retries.connection,
        sample.unknown
    )
}

/// Returns the axis of time and its last second.
fn time(samples: &[Sample]) -> (Axis, f64) {
    let last = samples.last().map_or(1.0, |sample| sample.elapsed_s);
    (Axis::linear(last, LEFT, RIGHT), last)
}

/// Returns the points of a line; what lasted too short a time to tell a speed is left out.
fn points<'a>(
    samples: &'a [Sample],
    time: Axis,
    y: impl Fn(&Sample) -> Option<f64> + 'a,
) -> impl Iterator<Item = Option<(f64, f64)>> + 'a {
    let is_long = move |sample: &&Sample| sample.lasted_s >= 0.5 || samples.len() == 1;
    let middle = |sample: &Sample| sample.elapsed_s - sample.lasted_s / 2.0;
    samples.iter().filter(is_long).map(move |sample| y(sample).map(|y| (time.at(middle(sample)), y)))
}

/// Returns transfers a second over time.
pub(super) fn throughput(samples: &[Sample], marks: &Marks) -> String {
    let mut svg = Svg::new("Transfers per second over time");
    let (time, last) = time(samples);
    let most = samples.iter().map(|sample| sample.per_second).fold(0.0, f64::max);
    let speed = Axis::linear(most * 1.05, BOTTOM, TOP);
    svg.marks(samples, marks, time);
    svg.rows(speed, |tick| format!("{tick}"));
    svg.seconds(time, last);
    let line: Vec<_> = points(samples, time, |sample| Some(speed.at(sample.per_second))).flatten().collect();
    if let (Some((first, _)), Some((end, _))) = (line.first(), line.last()) {
        let mut area = format!("M{first:.1} {BOTTOM}");
        for (x, y) in &line {
            write!(area, "L{x:.1} {y:.1}").ok();
        }
        svg.add(format_args!("<path class=\"area\" d=\"{area}L{end:.1} {BOTTOM}Z\"/>"));
    }
    svg.line("speed", line.into_iter().map(Some));
    svg.end()
}

/// Returns three percentiles of the latency over time; seconds without a transfer are gaps.
pub(super) fn latency(samples: &[Sample], marks: &Marks) -> String {
    let mut svg = Svg::new("Latency over time: p50, p95 and p99");
    let (time, last) = time(samples);
    let busy = || samples.iter().filter(|sample| sample.latency_ms.max > 0.0).map(|sample| sample.latency_ms);
    let least = busy().map(|latency| latency.p50).fold(f64::INFINITY, f64::min);
    let most = busy().map(|latency| latency.p99).fold(0.0, f64::max);
    let scale = Axis::logarithmic(if least.is_finite() { least } else { 1.0 }, most.max(1.0), BOTTOM, TOP);
    svg.marks(samples, marks, time);
    svg.rows(scale, decade);
    svg.seconds(time, last);
    let at = |number: f64| (number > 0.0).then(|| scale.at(number));
    svg.line("p99", points(samples, time, |sample| at(sample.latency_ms.p99)));
    svg.line("p95", points(samples, time, |sample| at(sample.latency_ms.p95)));
    svg.line("p50", points(samples, time, |sample| at(sample.latency_ms.p50)));
    svg.end()
}

fn decade(time: f64) -> String {
    if time >= 1000.0 { format!("{:.0} s", time / 1000.0) } else { format!("{} ms", (time * 1000.0).round() / 1000.0) }
}

/// Returns how many transfers took how long.
pub(super) fn histogram(buckets: &[Bucket]) -> String {
    let mut svg = Svg::new("How many transfers took how long");
    let most = buckets.iter().map(|bucket| bucket.count).max().unwrap_or(0);
    let share = Axis::linear(float(most) * 1.08, BOTTOM, TOP);
    svg.rows(share, |tick| format!("{tick}"));
    let count = float(u64::try_from(buckets.len().max(1)).unwrap_or(u64::MAX));
    let width = ((RIGHT - LEFT) / count).min(110.0);
    let mut x = LEFT;
    for bucket in buckets {
        let (y, middle) = (share.at(float(bucket.count)), x + width / 2.0);
        let (bar, height) = (width - 6.0, BOTTOM - y);
        let (shown, up_to) = (thousands(bucket.count), milliseconds(bucket.up_to_ms));
        svg.add(format_args!(
            "<rect class=\"bar\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{bar:.1}\" height=\"{height:.1}\">\
             <title>{shown} transfers took at most {up_to}</title></rect>",
            x + 3.0
        ));
        svg.add(format_args!(
            "<text class=\"middle small\" x=\"{middle:.1}\" y=\"{}\">{}</text>",
            BOTTOM + 20.0,
            edge(bucket.up_to_ms)
        ));
        x += width;
    }
    svg.add(format_args!("<line class=\"axis\" x1=\"{LEFT}\" y1=\"{BOTTOM}\" x2=\"{RIGHT}\" y2=\"{BOTTOM}\"/>"));
    svg.end()
}

fn edge(up_to: f64) -> String {
    match up_to {
        _ if up_to >= 1000.0 => format!("{:.0} s", up_to / 1000.0),
        _ if up_to >= 1.0 => format!("{up_to:.0} ms"),
        _ => format!("{:.0} µs", up_to * 1000.0),
    }
}
