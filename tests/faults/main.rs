//! Faults: whatever fails, every transfer takes effect exactly once, and every caller learns what happened.
//!
//! Each test prints the faults that it injected, and fails if there were none. `BANK_FAULTS_SCALE=20` makes every count
//! 20 times as large.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod clients;
mod servers;

/// Returns the factor by which `BANK_FAULTS_SCALE` multiplies every count.
fn scale() -> u16 {
    std::env::var("BANK_FAULTS_SCALE")
        .map_or(1, |text| text.parse().expect("BANK_FAULTS_SCALE is a whole number"))
        .max(1)
}
