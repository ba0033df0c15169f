//! Answers of any bytes, and the vendors' samples with anything put into them.

use jiff::Timestamp;
use proptest::prelude::*;
use revenue_exporter::upstream::{klar, taprain};

use super::{cuts, judge};

const TAPRAIN: &str = include_str!("../fixtures/taprain-today.json");
const KLAR: &str = include_str!("../fixtures/klar-attribution.json");
const TOKEN: &str = r#"{"accessToken": "e30.eyJleHAiOjE3MDAwMDAxMjB9.sig", "expiresIn": 300000}"#;

/// What may take the place of a stretch of an answer: values of every kind, and nonsense.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let json = prop::sample::select(vec![
        "null",
        "true",
        "\"\"",
        "0",
        "-1.5e3",
        "1e400",
        "1e-400",
        "79228162514264337593543950335",
        "[]",
        "{}",
        "[{}]",
        "\"(other)\"",
        "\"(none)\"",
        "\"a\\u0000b\"",
        "\"\\ud83d\"",
        "\"\\u2028\"",
        "\"2026-03-18 01:00\"",
        "\"US\"",
        "\"us\"",
        "},{",
        "\"\\\"\\\\\\n{}=,\"",
    ]);
    prop_oneof![
        4 => json.prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..6),
        1 => (190_usize..210).prop_map(|length| format!("\"{}\"", "ä".repeat(length)).into_bytes()),
    ]
}

/// `sample` with some of its values replaced, and sometimes some of its bytes.
fn mutated(sample: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<bool>(), piece());
    prop::collection::vec(change, 0..6).prop_map(move |changes| {
        let mut body = sample.as_bytes().to_vec();
        for (place, whole, piece) in changes {
            let at = place.index(body.len());
            let (at, end) = if whole { value(&body, at) } else { (at, (at + 2).min(body.len())) };
            body.splice(at..end, piece);
        }
        body
    })
}

/// The first value behind a colon from `from` on.
fn value(body: &[u8], from: usize) -> (usize, usize) {
    let after = |at: usize, of: &[u8]| body[at..].iter().position(|byte| of.contains(byte));
    let start = after(from, b":").map_or(body.len(), |colon| from + colon + 1);
    let end = after(start, b",}\n").map_or(body.len(), |end| start + end);
    (start, end)
}

#[test]
fn the_vendors_samples_show_what_is_judged() {
    let report = taprain::read(TAPRAIN.as_bytes()).unwrap();
    assert_eq!(judge::taprain(&report, 9), report.breakdowns.iter().flatten().flatten().count());
    // One of its rows has orders, which four levels show.
    assert_eq!(judge::klar(&cuts::same(KLAR.as_bytes(), &[7]), 9), 4);
}

proptest! {
    #[test]
    fn any_bytes_are_an_answer_or_a_failure(
        body in prop::collection::vec(any::<u8>(), 0..300),
        lengths in prop::collection::vec(1_usize..40, 1..4),
    ) {
        let _ = taprain::read(&body);
        let _ = klar::read_token(&body, Timestamp::UNIX_EPOCH);
        cuts::same(&body, &lengths);
    }

    #[test]
    fn whatever_taprain_answers_is_a_page_that_parses(body in mutated(TAPRAIN), limit in 0_usize..4) {
        if let Ok(report) = taprain::read(&body) {
            judge::taprain(&report, limit);
        }
    }

    #[test]
    fn whatever_klar_answers_is_the_same_page_however_it_is_cut(
        body in mutated(KLAR),
        lengths in prop::collection::vec(1_usize..90, 1..4),
        limit in 0_usize..3,
    ) {
        judge::klar(&cuts::same(&body, &lengths), limit);
    }

    #[test]
    fn whatever_a_token_request_is_answered_is_a_token_or_a_failure(body in mutated(TOKEN)) {
        if let Ok(token) = klar::read_token(&body, Timestamp::UNIX_EPOCH) {
            prop_assert!(!token.secret.header().is_empty());
        }
    }
}
