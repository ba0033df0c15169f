//! The secrets that are planted, and the search for them in every form a leak may take.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The key in TapRain's file.
pub(super) const TAPRAIN_FILE: &str = "planted/taprain+file==f7d2ZQ";
/// The key in TapRain's environment variable.
pub(super) const TAPRAIN_VARIABLE: &str = "planted/taprain+variable==b3c8ZQ";
/// The refresh token in Klar's file.
pub(super) const KLAR_REFRESH: &str = "planted/klar+refresh==a91eZQ";
/// The access token that the upstream hands out.
pub(super) const KLAR_ACCESS: &str = "planted/klar+access==c40bZQ";
/// The cookie that the upstream sets.
pub(super) const COOKIE: &str = "planted/cookie+session==d65aZQ";
/// The password of a client of ours, and what another one guesses.
pub(super) const BASIC_PASSWORD: &str = "planted/basic+password==e7e1ZQ";
pub(super) const BASIC_GUESS: &str = "planted/basic+guess==f02dZQ";
/// The bcrypt hash of that password.
pub(super) const BASIC_HASH: &str = "$2y$10$zVHmKQtGGQob.b/Nc7l9NOZrtMvqniRyiD5q5Z7.xyhCGD11k2t2S";
/// A credential in a configuration, at a place where none belongs.
pub(super) const MISPLACED: &str = "planted_misplaced_e8830f17";

/// Everything that must be seen nowhere; what a later part plants is added here.
const PLANTED: [&str; 9] = [
    TAPRAIN_FILE,
    TAPRAIN_VARIABLE,
    KLAR_REFRESH,
    KLAR_ACCESS,
    COOKIE,
    BASIC_PASSWORD,
    BASIC_GUESS,
    BASIC_HASH,
    MISPLACED,
];

/// The lines of `text` that show a secret, as `place: line`.
pub(super) fn sightings(place: &str, text: &str) -> Vec<String> {
    let forms: Vec<String> = PLANTED.iter().flat_map(|secret| forms(secret)).collect();
    let shows = |line: &&str| forms.iter().any(|form| line.contains(form));
    text.lines().filter(shows).map(|line| format!("{place}: {line}")).collect()
}

/// As it is, percent-encoded, as JSON escapes it, and base64 of any text that it stands in.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let plain = [secret.to_owned(), percent.to_lowercase(), percent, secret.replace('/', "\\/")];
    // What stands before it shifts the digits; those that also depend on what is around go.
    let within = (0..3).flat_map(|before| {
        let text = [&b"   "[..before], secret.as_bytes()].concat();
        let sure = |digits: String| {
            let first = [0, 2, 3][before];
            digits[first..text.len() * 4 / 3].to_owned()
        };
        [sure(STANDARD_NO_PAD.encode(&text)), sure(URL_SAFE_NO_PAD.encode(&text))]
    });
    plain.into_iter().chain(within).collect()
}

#[test]
fn a_secret_is_seen_in_any_form() {
    let basic = |before: &str| STANDARD_NO_PAD.encode(format!("{before}{KLAR_ACCESS}:x"));
    for text in
        ["Bearer planted/klar+access==c40bZQ".to_owned(), basic(""), basic("u"), basic("us")]
    {
        assert_eq!(sightings("here", &text).len(), 1, "{text}");
    }
    assert_eq!(sightings("a URL", "?t=planted%2Fklar%2Baccess%3D%3Dc40bZQ&x").len(), 1);
    assert_eq!(sightings("nothing", "planted klar access"), [""; 0]);
}
