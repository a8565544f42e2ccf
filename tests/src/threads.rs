//! Threads that start together.

use std::sync::Barrier;

/// Runs the body on this many threads, which start together, and returns the results in the order of the threads.
///
/// # Panics
///
/// If a thread panics.
pub fn concurrently<T: Send>(threads: usize, body: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(threads);
    std::thread::scope(|scope| {
        let (barrier, body) = (&barrier, &body);
        let start = |thread| {
            scope.spawn(move || {
                barrier.wait();
                body(thread)
            })
        };
        let running: Vec<_> = (0..threads).map(start).collect();
        running.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
    })
}
