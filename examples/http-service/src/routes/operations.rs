//! Requests of operators and their monitoring.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemBody};
use crate::service::Service;

/// The body of an answer that says no more than that all is well.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusBody {
    status: &'static str,
}

const OK: Json<StatusBody> = Json(StatusBody { status: "ok" });

/// Answers as long as the process runs: a lost database is no reason to restart it.
#[utoipa::path(get, path = "/health", tag = "operations", responses(
    (status = 200, description = "The process runs", body = StatusBody),
))]
pub(super) async fn health() -> Json<StatusBody> {
    OK
}

/// Answers whether requests can be served now.
#[utoipa::path(get, path = "/ready", tag = "operations", responses(
    (status = 200, description = "The database answers, and its tables are up to date", body = StatusBody),
    (status = 503, description = "It does not, or they are not", body = ProblemBody),
))]
pub(super) async fn ready(State(service): State<Service>) -> Response {
    if service.is_ready().await {
        OK.into_response()
    } else {
        let message = "the database does not answer, or its tables are not up to date";
        let hint = "the service's log has the reason";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message, hint).into_response()
    }
}

/// Answers with all metrics.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, description = "Counters and times for Prometheus", body = String, content_type = "text/plain"),
))]
pub(super) async fn metrics(State(service): State<Service>) -> Response {
    match service.metrics().text() {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            Problem::internal().into_response()
        }
    }
}
