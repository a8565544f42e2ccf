//! Requests of operators and their monitoring.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::service::Service;

/// Answers as long as the process runs: a lost database is no reason to restart it.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Answers whether requests can be served now.
pub(super) async fn ready(State(service): State<Service>) -> Response {
    if service.is_ready().await {
        Json(json!({ "status": "ok" })).into_response()
    } else {
        let message = "the database does not answer, or its tables are not up to date";
        let hint = "the service's log has the reason";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message, hint).into_response()
    }
}

/// Answers with all metrics.
pub(super) async fn metrics(State(service): State<Service>) -> Response {
    match service.metrics().text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            Problem::internal().into_response()
        }
    }
}
