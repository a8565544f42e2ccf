//! The parts of a PostgreSQL URL.

use super::error::UrlError;
use super::percent::{canonical, percent_decoded};

/// Options of YugabyteDB's smart drivers, which libpq refuses.
const SMART_DRIVER_OPTIONS: [&str; 5] = [
    "load_balance",
    "topology_keys",
    "yb_servers_refresh_interval",
    "fallback_to_topology_keys_only",
    "failed_host_reconnect_delay_secs",
];

pub(super) const MASK: &str = "***";

/// The parts of a PostgreSQL URL, still percent-encoded, split where libpq splits them.
///
/// Written by hand because the `url` crate does not fit: libpq's URLs may name several hosts with ports, or none.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct PostgresUrl {
    user: Option<String>,
    password: Option<String>,
    hosts: String,
    database: Option<String>,
    pub(super) query: Vec<(String, String)>,
}

impl PostgresUrl {
    pub(super) fn parse(rest: &str) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").ok_or(UrlError::NoScheme)?;
        // libpq looks for the '@' up to the first '/': a '?' before it belongs to the password.
        let authority_end = rest.find('/').unwrap_or(rest.len());
        let (user_info, rest) = match rest[..authority_end].rfind('@') {
            Some(at) => (Some(&rest[..at]), &rest[at.saturating_add(1)..]),
            None => (None, rest),
        };
        let (user, password) = match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            // libpq would end both at their first '@'; encoded, they mean what was meant.
            Some((user, password)) => (non_empty(&canonical(user)), non_empty(&canonical(password))),
            None => (None, None),
        };
        let (location, query) = rest.split_once('?').unwrap_or((rest, ""));
        if location.contains('@') {
            return Err(UrlError::UnencodedSlash);
        }
        let (hosts, database) = location.split_once('/').unwrap_or((location, ""));
        let query: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(key, value)| (canonical(key), canonical(value)))
            .collect();
        let known = |option: &&str| query.iter().any(|(key, _)| key == *option);
        if let Some(option) = SMART_DRIVER_OPTIONS.into_iter().find(known) {
            return Err(UrlError::SmartDriverOption { option });
        }
        let texts = query.iter().flat_map(|(key, value)| [key, value]).chain(&user).chain(&password);
        // libpq would quote the whole part.
        if texts.chain([&hosts.to_owned(), &database.to_owned()]).any(|text| text.contains("%00")) {
            return Err(UrlError::ControlCharacter);
        }
        check_hosts(hosts)?;
        Ok(Self { user, password, hosts: hosts.to_owned(), database: non_empty(&canonical(database)), query })
    }

    pub(super) fn to_text(&self, masked: bool) -> String {
        let mut text = "postgres://".to_owned();
        if self.user.is_some() || self.password.is_some() {
            text.push_str(self.user.as_deref().unwrap_or_default());
            if let Some(password) = &self.password {
                text.push(':');
                text.push_str(if masked { MASK } else { password });
            }
            text.push('@');
        }
        text.push_str(&self.hosts);
        text.push('/');
        text.push_str(self.database.as_deref().unwrap_or_default());
        for (index, (key, value)) in self.query.iter().enumerate() {
            text.push(if index == 0 { '?' } else { '&' });
            text.push_str(key);
            text.push('=');
            text.push_str(if masked && is_secret(key) { MASK } else { value });
        }
        text
    }

    pub(super) fn values(&self, key: &str) -> impl Iterator<Item = String> {
        self.query.iter().filter(move |(present, _)| present == key).map(|(_, value)| percent_decoded(value))
    }

    /// Returns every host, without its port.
    pub(super) fn hosts(&self) -> impl Iterator<Item = String> {
        let in_query: Vec<String> = self.values("host").chain(self.values("hostaddr")).collect();
        let in_authority = percent_decoded(&self.hosts);
        in_query.into_iter().chain([in_authority]).flat_map(|list| {
            let hosts = list.split(',').map(without_port).map(ToOwned::to_owned);
            hosts.collect::<Vec<_>>()
        })
    }

    /// Returns the ports in the URL.
    pub(super) fn ports(&self) -> Vec<u16> {
        let hosts = percent_decoded(&self.hosts);
        let of_host = |host: &str| host.strip_prefix(before_port(host))?.strip_prefix(':')?.parse().ok();
        let in_authority = hosts.split(',').filter_map(of_host).collect::<Vec<u16>>();
        let in_query = self
            .values("port")
            .flat_map(|list| list.split(',').filter_map(|port| port.parse().ok()).collect::<Vec<u16>>());
        in_query.chain(in_authority).collect()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let in_query = self.query.iter().filter(|(key, _)| is_secret(key));
        let in_query = in_query.map(|(_, value)| value.as_str());
        self.password.as_deref().into_iter().chain(in_query).filter(|secret| !secret.is_empty())
    }
}

/// Makes sure that libpq finds nothing wrong with the hosts, because it would quote what follows, too.
fn check_hosts(hosts: &str) -> Result<(), UrlError> {
    for host in hosts.split(',') {
        if host.starts_with('[') && !host.contains(']') {
            return Err(UrlError::UnclosedHost);
        }
        let after = &host[before_port(host).len()..];
        let is_port = |port: &str| port.is_empty() || port.parse::<u16>().is_ok_and(|port| port > 0);
        if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
            return Err(UrlError::BadPort);
        }
    }
    Ok(())
}

/// Returns the host as it is written, brackets included, up to the port.
fn before_port(host: &str) -> &str {
    match host.split_once(']') {
        Some((address, _)) => &host[..address.len() + 1],
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or(host),
        None => host,
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        Some((address, _)) => address,
        // More than one colon without brackets is an address, not a port.
        None if host.matches(':').count() == 1 => host.split(':').next().unwrap_or(host),
        None => host,
    }
}

/// Returns whether the host is this machine: a socket's directory, none at all, or a loopback address.
pub(super) fn is_local(host: &str) -> bool {
    host.is_empty()
        || host.starts_with(['/', '@'])
        || host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The options that libpq 18 holds for secret (`dispchar` in its table of options), and those that hold keys.
const SECRETS: [&str; 5] = ["password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"];

/// Returns whether the option's value must not be printed. Keys may be percent-encoded, which libpq decodes.
pub(super) fn is_secret(key: &str) -> bool {
    let key = percent_decoded(key);
    SECRETS.iter().any(|secret| key.eq_ignore_ascii_case(secret))
}
