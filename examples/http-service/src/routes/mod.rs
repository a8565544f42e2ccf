//! The routes of the service.

mod accounts;
mod operations;
mod transfers;

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};

use crate::extract::BODY_BYTES_MAX;
use crate::problem::Problem;
use crate::service::Service;

/// Returns the whole service as one router.
pub fn router(service: Service) -> Router {
    Router::new()
        .route("/accounts", get(accounts::list).post(accounts::open))
        .route("/accounts/{name}", get(accounts::find))
        .route("/transfers", post(transfers::create))
        .route("/transfers/{id}", get(transfers::find))
        .route("/health", get(operations::health))
        .route("/ready", get(operations::ready))
        .route("/metrics", get(operations::metrics))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(middleware::from_fn_with_state(service.clone(), count))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .with_state(service)
}

async fn no_such_path() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "no_such_path", "there is nothing at this path", "the README lists all paths")
}

async fn no_such_method() -> Problem {
    let message = "this path does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message, "the header Allow says which it takes")
}

/// Counts every answer by its route.
async fn count(State(service): State<Service>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    service.metrics().answered(label(&method), route, response.status().as_u16(), started.elapsed());
    response
}

/// Returns the method's name; a client may invent methods, and must not invent time series.
fn label(method: &Method) -> &str {
    let known = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::PUT, Method::PATCH, Method::DELETE];
    if known.contains(method) { method.as_str() } else { "OTHER" }
}
