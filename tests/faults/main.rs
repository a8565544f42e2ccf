//! Faults: every transfer takes effect exactly once, every caller learns what happened, and the checker that says so is
//! itself checked.
//!
//! Each test prints what was injected and fails if nothing was. `BANK_FAULTS_SCALE=20` makes every count so many times
//! larger.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests stop at the first surprise")]

mod clients;
mod servers;
