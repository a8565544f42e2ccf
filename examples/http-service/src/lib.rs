#![doc = include_str!("../README.md")]

pub mod extract;
pub mod known_accounts;
pub mod metrics;
pub mod money;
pub mod openapi;
pub mod options;
pub mod problem;
pub mod routes;
pub mod server;
pub mod service;
