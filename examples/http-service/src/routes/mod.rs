//! The routes of the service.

pub(crate) mod accounts;
pub(crate) mod groups;
pub(crate) mod operations;
pub(crate) mod transfers;

use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};

use crate::extract::{BODY_BYTES_MAX, GROUP_BYTES_MAX};
use crate::openapi;
use crate::problem::Problem;
use crate::service::Service;

/// Returns every path of the service, and what answers there. [`openapi`](crate::openapi) describes each.
pub(crate) fn paths() -> Vec<(&'static str, MethodRouter<Service>)> {
    vec![
        ("/accounts", get(accounts::list).post(accounts::open)),
        ("/accounts/{name}", get(accounts::find)),
        ("/transfers", post(transfers::create)),
        ("/transfers/{id}", get(transfers::find)),
        ("/groups", post(groups::create).layer(DefaultBodyLimit::max(GROUP_BYTES_MAX))),
        ("/groups/{id}", get(groups::find)),
        ("/health", get(operations::health)),
        ("/ready", get(operations::ready)),
        ("/metrics", get(operations::metrics)),
        ("/openapi.json", get(openapi::answer)),
    ]
}

/// Returns the whole service as one router.
pub fn router(service: Service) -> Router {
    let routes = paths().into_iter().fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    routes
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_described() {
        let mut served: Vec<&str> = paths().into_iter().map(|(path, _)| path).collect();
        served.sort_unstable();
        let document = openapi::document();
        let described: Vec<&str> = document.paths.paths.keys().map(String::as_str).collect();
        assert_eq!(described, served);
    }
}
