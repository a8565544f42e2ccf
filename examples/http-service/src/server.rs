//! The life of the process: start, listen, drain, end.

use std::io;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use bank_persistence::{BankError, DatabaseUrl, DbError, UrlError};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::options::Options;
use crate::routes;
use crate::service::{OpenError, Service};

/// How long open connections may take to end after the signal to stop.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(20);

/// Why the process ends with an error.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The database's URL is wrong.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// The database cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The service cannot listen on this address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the operating system; part of the text.
        source: io::Error,
    },
    /// The server ended.
    #[error("the server ended: {0}")]
    Serve(io::Error),
    /// The service was still starting when its thread ended.
    #[error("the service did not start: {0}")]
    Start(#[from] tokio::task::JoinError),
}

impl RunError {
    /// Returns a hint, if there is one.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Url(_) => Some("write sqlite:path/to/file.db or postgres://user:password@host:port/database"),
            Self::Open(OpenError::Database(
                BankError::Database(DbError::SchemaOutOfDate { .. }) | BankError::Database(DbError::FileMissing { .. }),
            )) => Some("start once with --migrate, or run `bank-cli setup`"),
            Self::Listen { .. } => Some("choose another address with --listen"),
            _ => None,
        }
    }
}

/// Runs the service until a signal stops it. Prints its address on standard output.
///
/// # Errors
///
/// Returns an error if the service cannot start, or if the server fails.
pub async fn run(options: &Options) -> Result<(), RunError> {
    let url: DatabaseUrl = options.database_url.parse()?;
    let opening = options.clone();
    let service = spawn_blocking(move || Service::open(&url, &opening)).await??;
    let listen_error = |source| RunError::Listen { address: options.listen, source };
    let listener = TcpListener::bind(options.listen).await.map_err(listen_error)?;
    let address = listener.local_addr().map_err(listen_error)?;
    // Standard output may be closed.
    writeln!(io::stdout(), "listening on http://{address}").ok();
    serve(listener, &service).await?;
    // Dropping the last handle would do this, too, but on a thread that must not block.
    service.close().await;
    tracing::info!("stopped; every transfer that was taken has its outcome");
    Ok(())
}

/// Answers requests until the signal to stop, and then finishes the requests in progress.
async fn serve(listener: TcpListener, service: &Service) -> Result<(), RunError> {
    let (tell, mut told) = watch::channel(false);
    let stop = async move {
        stop_signal().await;
        tracing::info!("stopping: no new connections, finishing what is under way");
        tell.send_replace(true);
    };
    let overdue = async move {
        if told.wait_for(|stopping| *stopping).await.is_ok() {
            tokio::time::sleep(DRAIN_TIME_MAX).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    let server = axum::serve(listener, routes::router(service.clone())).with_graceful_shutdown(stop);
    tokio::select! {
        result = server => result.map_err(RunError::Serve),
        () = overdue => {
            tracing::warn!("connections that are still open are cut");
            Ok(())
        }
    }
}

/// Returns on Ctrl-C and on SIGTERM, which a container's runtime sends.
async fn stop_signal() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "cannot listen for Ctrl-C");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminate() => {}
    }
}

#[cfg(unix)]
async fn terminate() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(error) => {
            tracing::error!(%error, "cannot listen for SIGTERM");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(not(unix))]
async fn terminate() {
    std::future::pending::<()>().await;
}
