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
    assert_eq!(url("SQLite:bank.db").sqlite_path(), Some(Path::new("bank.db")));
    assert_eq!(url("POSTGRES://u@h/db").to_string(), "postgres://u@h/db");
    assert_eq!(url("sqlite:a b?.db").for_sqlite(Access::Write), "file:a%20b%3F.db?mode=rw");
}

#[test]
fn anything_else_is_refused_without_being_quoted() {
    let error = |text: &str| text.parse::<DatabaseUrl>().unwrap_err();
    for text in [
        "",
        "bank.db",
        "/var/bank.db",
        "./a:b",
        "C:\\bank.db",
        "host=h password=p:q",
        "Server=h;Password=p:q",
        "s3cret:word",
        "postgres:h",
    ] {
        assert_eq!(error(text), UrlError::NoScheme, "{text}");
    }
    for (text, scheme) in [("mysql://u:secret@h/db", "mysql"), ("jdbc:postgresql://h/db?password=secret", "jdbc")] {
        assert_eq!(error(text), UrlError::UnknownScheme { scheme });
    }
    assert_eq!(error("postgres://u:secret@h:port/db"), UrlError::BadPort);
    assert_eq!(error("postgres://u:secret@h:0/db"), UrlError::BadPort);
    assert_eq!(error("postgres://u:secret@[::1/db"), UrlError::UnclosedHost);
    assert_eq!(error("postgres://u:sec%00ret@h/db"), UrlError::ControlCharacter);
    assert_eq!(error("sqlite://bank.db?mode=rwc"), UrlError::SqliteOptions);
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
        "postgres://u@%2Ftmp/db?",
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

#[test]
fn the_search_path_of_a_url_is_known() {
    let path = |text: &str| url(text).search_path();
    let schemas = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
    assert_eq!(url("postgres://h/db").with_search_path("demo").search_path(), schemas(&["demo"]));
    assert_eq!(path("postgres://h/db?options=-csearch_path%3Da%2Cb%20-cgeqo%3Doff"), schemas(&["a", "b"]));
    assert_eq!(path("postgres://h/db?options=--search_path%3Da%20-csearch_path%3Db"), schemas(&["b"]));
    for text in [
        "postgres://h/db",
        "postgres://h/db?options=-cgeqo%3Doff",
        "postgres://h/db?options=-csearch_path%3D%22%24user%22",
    ] {
        assert_eq!(path(text), None, "{text}");
    }
    assert_eq!(url("sqlite:a").search_path(), None);
}

fn url_text(text: &str) -> String {
    url(text).with_search_path("demo").to_string()
}

#[test]
fn the_sqlite_urls_of_other_programs_lead_to_their_file_or_are_refused() {
    let path = |text: &str| url(text).sqlite_path().map(ToOwned::to_owned);
    for (text, expected) in [
        ("sqlite:bank.db", "bank.db"),
        ("sqlite://bank.db", "bank.db"),
        ("sqlite:./bank.db", "./bank.db"),
        ("sqlite:/srv/bank.db", "/srv/bank.db"),
        ("sqlite:///srv/bank.db", "/srv/bank.db"),
        ("sqlite:////srv/bank.db", "/srv/bank.db"),
        ("sqlite://///srv/bank.db", "/srv/bank.db"),
        ("sqlite:////bank.db", "/bank.db"),
    ] {
        assert_eq!(path(text), Some(expected.into()), "{text}");
        assert!(!url(text).for_sqlite(Access::Write).starts_with("file://"), "{text}");
    }
    let ambiguous = "sqlite:///bank.db".parse::<DatabaseUrl>().unwrap_err();
    assert_eq!(ambiguous, UrlError::AmbiguousPath("bank.db".to_owned()));
}

#[test]
fn the_user_may_have_an_at_sign() {
    assert_eq!(libpq("postgres://app@server:p@ss@h/db"), "postgres://app%40server:p%40ss@h/db?");
    assert_eq!(url("postgres://app@server:pw@h/db").to_string(), "postgres://app%40server:***@h/db");
}

#[test]
fn words_of_a_message_are_not_mistaken_for_a_secret() {
    for (password, message) in [
        ("on", "connection to server at \"127.0.0.1\", port 1 failed: Connection refused"),
        ("127", "connection to server at \"127.0.0.1\", port 1 failed"),
        ("password", "password authentication failed for user \"app\""),
    ] {
        assert_eq!(url(&format!("postgres://app:{password}@h/db")).mask(message), message);
    }
    let masked = url("postgres://app:a%20b@h/db").mask("invalid value \"a b\", in \"postgres://app:a%20b@h\"");
    assert_eq!(masked, "invalid value \"***\", in \"***\"");
}

#[test]
fn a_password_never_shows() {
    for text in [
        "postgres://u:hunter%32@h/db",
        "postgres://h/db?password=hunter2&sslmode=require",
        "postgres://h/db?sslpassword=hunter2",
        "postgres://h/db?oauth_client_secret=hunter2",
        "postgres://h/db?scram_client_key=hunter2",
        "postgres://h/db?SCRAM_server_key=hunter2",
        "postgres://h/db?%70assword=hunter2",
        "postgres://u:a?b@hunter2@h/db",
    ] {
        let url = url(text);
        for shown in [url.to_string(), format!("{url:?}"), url.mask(&format!("bad URI \"{text}\""))] {
            assert!(!shown.contains("hunter"), "{shown}");
            assert!(shown.contains(MASK), "{shown}");
        }
    }
    assert_eq!(url("postgres://u:hunter%32@h/db").mask("password \"hunter2\""), "password \"***\"");
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
            let masked = url.mask(&format!("oops: \"{text}\""));
            prop_assert!(!masked.contains(&password));
        }
    }

    #[test]
    fn no_secret_shows_in_any_place_or_error(
        secret in "[A-Z]{4}[A-Za-z0-9!$*+?:@;~/#%=&, \\[\\]]{4,16}",
        place in prop::sample::select(vec![
            "postgres://u:S@h/db", "postgres://S@h/db?", "postgres://u@h/db?password=S", "postgres://u@h/db?sslpassword=S&x=1",
            "postgres://u@h/db?oauth_client_secret=S", "host=h password=S", "Server=h;Password=S;", "S", "S://u@h", "u:S@h/db",
            "postgres://u:S@[::1/db", "postgres://u:S@h:x/db", "postgres:u:S@h", "mysql://u:S@h/db",
        ]),
    ) {
        let text = place.replace('S', &secret);
        match text.parse::<DatabaseUrl>() {
            Err(error) => {
                let shown = format!("{error} {error:?}");
                prop_assert!(!shown.contains(&secret), "{}", shown);
            }
            // The whole authority without a colon is a user, who is no secret.
            Ok(_) if place.starts_with("postgres://S@") => {}
            Ok(url) => {
                let libpq = url.for_libpq(&[]);
                let shown = format!("{url} {url:?} {}", url.mask(&format!("cannot parse \"{libpq}\"")));
                // A secret that ends its own place is a part of another one: `&`, `/` and `#` must be encoded.
                if !secret.contains(['&', '/', '@', '?']) {
                    prop_assert!(!shown.contains(&secret), "{}", shown);
                }
            }
        }
    }

    #[test]
    fn percent_encoding_survives_a_round_trip(text in "\\PC{0,20}") {
        prop_assert_eq!(percent_decoded(&percent_encoded(text.as_bytes())), text);
    }
}
