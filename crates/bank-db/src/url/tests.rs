//! What is a database URL, what is not, and what never shows.

use super::*;
use crate::connection::libpq_defaults;
use crate::settings::Settings;
use proptest::prelude::*;

fn url(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

fn libpq(text: &str) -> String {
    let text = url(text).for_libpq(&libpq_defaults(&Settings::default()));
    text.split("connect_timeout=10").next().unwrap().to_owned()
}

#[test]
fn the_scheme_decides_the_backend() {
    assert_eq!(url("postgres://h/db").backend(), Backend::Postgres);
    assert_eq!(url("postgresql://").backend(), Backend::Postgres);
    assert_eq!(url("sqlite:bank.db").backend(), Backend::Sqlite);
    assert_eq!(url("sqlite::memory:").sqlite_path(), None);
    assert_eq!(url("sqlite:///var/bank.db").sqlite_path(), Some(Path::new("/var/bank.db")));
    assert_eq!(url("sqlite:a b?.db").for_sqlite(Access::Write), "file:a%20b%3F.db?mode=rw");
}

#[test]
fn anything_else_is_refused_without_being_quoted() {
    let error = |text: &str| text.parse::<DatabaseUrl>().unwrap_err();
    for text in ["", "bank.db", "/var/bank.db", "./a:b", "C:\\bank.db", "host=h password=p:q", "postgres:h"] {
        assert_eq!(error(text), UrlError::NoScheme, "{text}");
    }
    let scheme = "mysql".to_owned();
    assert_eq!(error("mysql://u:secret@h/db"), UrlError::UnknownScheme { scheme });
    assert_eq!(error("sqlite:"), UrlError::NoPath);
    assert_eq!(error("sqlite:a\0b"), UrlError::ControlCharacter);
    assert_eq!(error("postgres://u:pass/word@h/db"), UrlError::UnencodedSlash);
    let option = "load_balance";
    assert_eq!(error("postgres://h/db?load_balance=true"), UrlError::SmartDriverOption { option });
}

#[test]
fn every_form_of_libpq_passes_through() {
    for text in [
        "postgres://h/db?",
        "postgres://u:p%40ss@h1:5432,h2:5433/db?target_session_attrs=read-write&",
        "postgres:///db?host=/tmp&port=6543&",
        "postgres://u@[::1]:5433/db?sslmode=verify-full&sslrootcert=/ca.pem&",
    ] {
        assert_eq!(libpq(text), text);
    }
    assert_eq!(libpq("postgresql://h"), "postgres://h/?");
    let own = url("postgres://h/db?connect_timeout=3").for_libpq(&libpq_defaults(&Settings::default()));
    assert_eq!(own.matches("connect_timeout").count(), 1);
}

#[test]
fn libpq_waits_for_a_connection_as_long_as_the_settings_say() {
    for (milliseconds, seconds) in [(0, 0), (1, 1), (1000, 1), (1001, 2), (10_000, 10)] {
        let connection_timeout = std::time::Duration::from_millis(milliseconds);
        let text =
            url("postgres://h/db").for_libpq(&libpq_defaults(&Settings { connection_timeout, ..Settings::default() }));
        assert!(text.contains(&format!("connect_timeout={seconds}&")), "{milliseconds}: {text}");
    }
}

#[test]
fn a_search_path_joins_the_options_that_are_there() {
    assert_eq!(libpq(&url_text("postgres://h/db")), "postgres://h/db?options=-csearch_path%3Ddemo&");
    let joined = libpq(&url_text("postgres://h/db?options=-cgeqo%3Doff"));
    assert_eq!(joined, "postgres://h/db?options=-cgeqo%3Doff%20-csearch_path%3Ddemo&");
}

fn url_text(text: &str) -> String {
    url(text).with_search_path("demo").to_string()
}

#[test]
fn a_password_never_shows() {
    for text in [
        "postgres://u:hunter%32@h/db",
        "postgres://h/db?password=hunter2&sslmode=require",
        "postgres://h/db?sslpassword=hunter2",
        "postgres://h/db?%70assword=hunter2",
        "postgres://u:a?b@hunter2@h/db",
    ] {
        let url = url(text);
        for shown in [url.to_string(), format!("{url:?}"), url.mask(&format!("bad URI {text}"))] {
            assert!(!shown.contains("hunter"), "{shown}");
            assert!(shown.contains(MASK), "{shown}");
        }
    }
    assert_eq!(url("postgres://u:hunter%32@h/db").mask("password hunter2"), "password ***");
}

#[test]
fn a_host_elsewhere_should_be_verified() {
    let trusts = |text: &str| url(text).trusts_unverified_host();
    assert!(trusts("postgres://u@db.example.org/bank"));
    assert!(trusts("postgres://u@db.example.org/bank?sslmode=require"));
    assert!(trusts("postgres://u@localhost,10.0.0.1:5433/bank"));
    assert!(trusts("postgres:///bank?host=db.example.org"));
    assert!(!trusts("postgres://u@db.example.org/bank?sslmode=verify-full"));
    for local in ["", "localhost", "localhost:5432", "127.0.0.1:2521", "[::1]:5432", "%2Ftmp"] {
        assert!(!trusts(&format!("postgres://{local}/bank")), "{local}");
    }
    assert!(!trusts("postgres:///bank?host=/tmp"));
    assert!(!trusts("sqlite:bank.db"));
}

#[test]
fn ports_are_found_wherever_they_stand() {
    let ports = |text: &str| url(text).ports();
    assert_eq!(ports("postgres://u:9@h:5433/bank"), [5433]);
    assert_eq!(ports("postgres://[::1]:6432,b,c:6433/bank"), [6432, 6433]);
    assert_eq!(ports("postgres:///bank?host=/tmp&port=1,2"), [1, 2]);
    for none in ["postgres://h/bank", "postgres://[::1]/bank", "postgres://fe80::1/bank", "sqlite:a:1"] {
        assert!(ports(none).is_empty(), "{none}");
    }
}

#[test]
fn tcp_and_sockets_differ() {
    for tcp in ["postgres://127.0.0.1/b", "postgres://a,b:1/c", "postgres:///b?host=h"] {
        assert!(url(tcp).is_tcp(), "{tcp}");
    }
    for other in
        ["postgres:///b", "postgres://%2Ftmp/b", "postgres:///b?host=/tmp", "postgres://h,%2Ftmp/b", "sqlite:a"]
    {
        assert!(!url(other).is_tcp(), "{other}");
    }
}

#[test]
fn options_are_told_unless_they_are_secrets() {
    let shown = url("postgres://h/db?sslmode=require&sslmode=verify-full&password=x&sslpassword=y");
    assert_eq!(shown.option("sslmode").as_deref(), Some("verify-full"));
    assert_eq!((shown.option("password"), shown.option("sslpassword"), shown.option("port")), (None, None, None));
    assert_eq!(url("sqlite:bank.db").option("sslmode"), None);
}

proptest! {
    #[test]
    fn parsing_any_text_never_panics(text in "(postgres://|sqlite:|[a-z]*:?)?\\PC*") {
        if let Ok(url) = text.parse::<DatabaseUrl>() {
            let shown = url.to_string();
            prop_assert!(!shown.is_empty());
            prop_assert!(!url.mask(&text).is_empty() || text.is_empty());
        }
    }

    #[test]
    fn no_password_shows_wherever_it_stands(password in "[A-Za-z0-9!$*+?:@;~]{8,20}") {
        let text = format!("postgres://u:{password}@h/db");
        if let Ok(url) = text.parse::<DatabaseUrl>() {
            prop_assert!(!url.to_string().contains(&password));
            let masked = url.mask(&format!("oops: {text}"));
            prop_assert!(!masked.contains(&password));
        }
    }

    #[test]
    fn percent_encoding_survives_a_round_trip(text in "\\PC{0,20}") {
        prop_assert_eq!(percent_decoded(&percent_encoded(text.as_bytes())), text);
    }
}
