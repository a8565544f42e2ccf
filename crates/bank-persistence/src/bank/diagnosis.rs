//! Looking for trouble.

use std::sync::{Arc, Mutex, PoisonError};

use super::Bank;
use crate::database_url::Backend;
use crate::diagnosis::{Diagnosis, Kind, ServerFacts, probe_server, probe_sqlite};
use crate::error::BankError;
use crate::pool;

impl Bank {
    /// Asks the database everything that helps to find trouble; changes nothing. What it does not know, or does not
    /// answer within the settings' answer timeout, is unknown.
    ///
    /// # Errors
    ///
    /// [`BankError::PoolTimeout`] if no connection becomes free; no other.
    pub fn diagnose(&self) -> Result<Diagnosis, BankError> {
        match self.backend() {
            Backend::Sqlite => self.with_connection(|connection| probe_sqlite(connection, &self.settings)),
            Backend::Postgres => self.diagnose_server(),
        }
    }

    fn diagnose_server(&self) -> Result<Diagnosis, BankError> {
        let found = Arc::new(Mutex::new(Diagnosis::unknown(Kind::Server(Box::<ServerFacts>::default()))));
        let mut slot = pool::take(&self.pool)?;
        let mut connection = slot.take()?;
        let (url, settings, asked) = (Arc::clone(&self.url), Arc::clone(&self.settings), Arc::clone(&found));
        // Somebody who has no limit for transactions still wants to see the report.
        let limit = self.answer_limit().unwrap_or(self.settings.connection_timeout);
        let asking = self.threads.run_within(Some(limit), move |_| {
            probe_server(&mut connection, &url, &settings, &asked);
            Ok(connection)
        });
        match asking {
            Ok(connection) => slot.put(connection),
            Err(failure) => tracing::info!(cause = %failure.error, "the diagnosis is not complete"),
        }
        let found = found.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(found.clone())
    }
}
