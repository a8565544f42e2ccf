#![doc = include_str!("../README.md")]

pub mod account_ids;
pub mod extract;
pub mod metrics;
pub mod options;
pub mod problem;
pub mod routes;
pub mod server;
pub mod service;
