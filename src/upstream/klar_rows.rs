//! Klar's rows, read one by one while the answer arrives: memory holds one piece of the network
//! and one unfinished row, however long the answer is (trap K17).

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::answer::sniff;
use super::failure::Failure;
use super::json::{Json, malformed, text};
use super::klar_scan::{self, Plain};
use crate::figures::klar::{Entity, Line, Values};
use crate::number::Figure;
use crate::snapshot::KLAR_COLUMNS;

/// A single row longer than this is no row of a report (real ones have some 550 bytes).
const LONGEST_ROW: usize = 256 * 1024;

/// How much is looked at in one go: a fast network hands over some 400 KiB at once, which need not be
/// copied as a whole.
const PORTION: usize = 64 * 1024;

/// What a reader saw besides good rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// All rows.
    pub rows: u64,
    /// Rows without a date or channel (trap K5).
    pub bad_rows: u64,
    /// Figures that were no numbers (trap T8).
    pub bad_numbers: u64,
}

/// Reads the rows of one answer.
#[derive(Debug, Default)]
pub struct Rows {
    buffer: String,
    /// The beginning of a character that the network has cut.
    cut: Vec<u8>,
    place: Place,
    seen: Seen,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    BeforeFirst,
    AfterRow,
    AfterComma,
    End,
}

impl Rows {
    /// Takes the next piece of the answer and hands every finished row to `each`.
    ///
    /// # Errors
    /// `not_json` or `api_error` as soon as the answer cannot be a report any more.
    pub fn feed(&mut self, piece: &[u8], each: &mut dyn FnMut(&Line<'_>)) -> Result<(), Failure> {
        piece.chunks(PORTION).try_for_each(|portion| self.digest(portion, each))
    }

    fn digest(&mut self, portion: &[u8], each: &mut dyn FnMut(&Line<'_>)) -> Result<(), Failure> {
        let is_text = self.take(portion);
        let mut at = 0;
        while let Some(step) = self.step(at, each)? {
            at += step;
        }
        self.buffer.drain(..at);
        if !is_text {
            return Err(Failure::not_json("the answer is no UTF-8"));
        }
        if self.buffer.len() > LONGEST_ROW {
            return Err(too_long());
        }
        Ok(())
    }

    /// Ends the answer.
    ///
    /// # Errors
    /// `not_json` when the array was not closed.
    pub fn finish(self) -> Result<Seen, Failure> {
        match self.place {
            Place::End if self.cut.is_empty() => Ok(self.seen),
            Place::Start => Err(sniff(self.buffer.as_bytes()).err().unwrap_or_else(broken_off)),
            _ => Err(broken_off()),
        }
    }

    /// Adds a piece to the text, which is looked at as a whole: that costs far less than at each of its
    /// values. Returns whether it is text to its end, but for a character that the network cut.
    fn take(&mut self, piece: &[u8]) -> bool {
        let mut joined = std::mem::take(&mut self.cut);
        let bytes = if joined.is_empty() {
            piece
        } else {
            joined.extend_from_slice(piece);
            &joined
        };
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.buffer.push_str(text);
                return true;
            }
            Err(error) => error,
        };
        let (text, rest) = bytes.split_at(error.valid_up_to());
        self.buffer.push_str(std::str::from_utf8(text).unwrap_or_default());
        self.cut = rest.to_vec();
        error.error_len().is_none()
    }

    /// Consumes one token or row from `at` on; `None` when more bytes are needed.
    fn step(
        &mut self,
        at: usize,
        each: &mut dyn FnMut(&Line<'_>),
    ) -> Result<Option<usize>, Failure> {
        let rest = self.buffer.get(at..).unwrap_or_default();
        let blank = rest.bytes().take_while(u8::is_ascii_whitespace).count();
        if blank > 0 {
            return Ok(Some(blank));
        }
        let Some(&byte) = rest.as_bytes().first() else { return Ok(None) };
        self.place = match (self.place, byte) {
            (Place::Start, b'[') => Place::BeforeFirst,
            (Place::Start, _) => {
                sniff(rest.as_bytes())?;
                return Err(Failure::undocumented("the answer is an object, not a list of rows"));
            }
            (Place::BeforeFirst | Place::AfterRow, b']') => Place::End,
            (Place::AfterRow, b',') => Place::AfterComma,
            (Place::BeforeFirst | Place::AfterComma, b'{') => {
                let used = row(rest, &mut self.seen, each)?;
                self.place = if used.is_some() { Place::AfterRow } else { self.place };
                return Ok(used);
            }
            (Place::BeforeFirst | Place::AfterComma, _) => return Err(no_row(byte)),
            _ => {
                return Err(Failure::not_json(
                    "the answer goes on after its rows, or lacks a comma",
                ));
            }
        };
        Ok(Some(1))
    }
}

fn broken_off() -> Failure {
    Failure::not_json("the list of rows breaks off")
}

fn too_long() -> Failure {
    Failure::undocumented(format!("a row is longer than {LONGEST_ROW} bytes"))
}

/// What stands where a row belongs, by its first byte alone: the rest may be on its way.
fn no_row(byte: u8) -> Failure {
    match byte {
        b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
            Failure::undocumented("a row is no object")
        }
        _ => Failure::not_json("the list of rows holds what is no JSON"),
    }
}

/// Reads the row that begins `rest`; `None` when it is not all there yet.
fn row(
    rest: &str,
    seen: &mut Seen,
    each: &mut dyn FnMut(&Line<'_>),
) -> Result<Option<usize>, Failure> {
    let mut plain = Raw::default();
    let (raw, used) = match klar_scan::object(rest, |name, value| plain.set(name, value)) {
        Some(used) => (plain, used),
        None => match parsed(rest)? {
            Some(read) => read,
            None => return Ok(None),
        },
    };
    if used > LONGEST_ROW {
        return Err(too_long());
    }
    seen.rows += 1;
    seen.bad_numbers += raw.bad;
    match raw.line() {
        Some(line) => each(&line),
        None => seen.bad_rows += 1,
    }
    Ok(Some(used))
}

/// The same by a general parser.
fn parsed(rest: &str) -> Result<Option<(Raw<'_>, usize)>, Failure> {
    let mut rows = serde_json::Deserializer::from_str(rest).into_iter::<Raw<'_>>();
    match rows.next() {
        Some(Ok(raw)) => Ok(Some((raw, rows.byte_offset()))),
        Some(Err(error)) if is_cut(&error, rest) => Ok(None),
        Some(Err(error)) => Err(malformed(&error)),
        None => Ok(None),
    }
}

/// Whether a row is bad only because the rest of it is still on its way: a number cut behind its
/// point is called a syntax error, so the place decides.
fn is_cut(error: &serde_json::Error, rest: &str) -> bool {
    let lines = rest.split_inclusive('\n');
    let before: usize = lines.take(error.line().saturating_sub(1)).map(str::len).sum();
    error.is_eof() || (error.is_syntax() && before + error.column() >= rest.len())
}

/// A row as it stands: every field may be missing or null (trap K5), unknown ones are skipped.
#[derive(Default)]
#[expect(non_snake_case, reason = "the vendor's own field names")]
struct Raw<'a> {
    channelName: Json<'a>,
    date: Json<'a>,
    campaignName: Json<'a>,
    campaignId: Json<'a>,
    adGroupName: Json<'a>,
    adGroupId: Json<'a>,
    adName: Json<'a>,
    adId: Json<'a>,
    figures: Values,
    /// Which of the figures are there, as whatever.
    there: [bool; KLAR_COLUMNS.len()],
    /// How many are there and are no numbers.
    bad: u64,
}

impl<'de> Deserialize<'de> for Raw<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Raw<'de>, A::Error> {
        let mut raw = Raw::default();
        while let Some(name) = fields.next_key::<String>()? {
            let json = fields.next_value::<&RawValue>()?.get();
            if !raw.set(&name, Plain { json, number: None }) {
                return Err(A::Error::custom("a field stands there twice"));
            }
        }
        Ok(raw)
    }
}

impl<'a> Raw<'a> {
    /// Sets a field; false when it is set already. Others than these are nobody's business.
    fn set(&mut self, name: &str, value: Plain<'a>) -> bool {
        let text = match name {
            "channelName" => &mut self.channelName,
            "date" => &mut self.date,
            "campaignName" => &mut self.campaignName,
            "campaignId" => &mut self.campaignId,
            "adGroupName" => &mut self.adGroupName,
            "adGroupId" => &mut self.adGroupId,
            "adName" => &mut self.adName,
            "adId" => &mut self.adId,
            _ => return column(name).is_none_or(|column| self.set_figure(column, value)),
        };
        text.0.replace(value.json).is_none()
    }

    fn set_figure(&mut self, column: usize, value: Plain<'a>) -> bool {
        let figure = value.number.map_or_else(|| Figure::read(Some(value.json)), Figure::Known);
        match figure {
            Figure::Known(value) => self.figures.0[column] = Some(value),
            Figure::Absent => {}
            Figure::Bad => self.bad += 1,
        }
        !std::mem::replace(&mut self.there[column], true)
    }

    /// `None` without a date or a channel.
    fn line(self) -> Option<Line<'a>> {
        let date = text(self.date)?;
        let date: Date = date.get(..10)?.parse().ok()?;
        let channel = text(self.channelName).filter(|name| !name.is_empty())?;
        let entity = |id, name| Entity { id: identity(id), name: text(name) };
        let below = [
            entity(self.campaignId, self.campaignName),
            entity(self.adGroupId, self.adGroupName),
            entity(self.adId, self.adName),
        ];
        Some(Line { date, channel, below, values: self.figures })
    }
}

/// The place of a field among [`KLAR_COLUMNS`].
fn column(name: &str) -> Option<usize> {
    Some(match name {
        "orders" => 0,
        "nc" => 1,
        "rc" => 2,
        "netRevenue" => 3,
        "grossRevenue" => 4,
        "ncNetRevenue" => 5,
        "ncGrossRevenue" => 6,
        "rcNetRevenue" => 7,
        "rcGrossRevenue" => 8,
        "cost" => 9,
        "cm1" => 10,
        "cm2" => 11,
        "acm2" => 12,
        "clv_30" => 13,
        "clv_60" => 14,
        "clv_90" => 15,
        "clicks" => 16,
        "impressions" => 17,
        _ => return None,
    })
}

/// An id as its text: null, 0 and "" are none, digits stay digits (trap K4).
fn identity(raw: Json<'_>) -> Option<Cow<'_, str>> {
    text(raw).filter(|id| !id.is_empty() && id != "0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::to_f64;
    use crate::telemetry::Outcome;
    use proptest::prelude::*;

    const SAMPLE: &[u8] = include_bytes!("../../tests/fixtures/klar-attribution.json");

    /// (channel, campaign id, net revenue) of every good row.
    type Found = Vec<(String, Option<String>, Option<f64>)>;

    fn read(body: &[u8], piece: usize) -> Result<(Found, Seen), Failure> {
        let (mut rows, mut found) = (Rows::default(), Vec::new());
        for piece in body.chunks(piece) {
            rows.feed(piece, &mut |line| {
                let id = line.below[0].id.clone().map(Cow::into_owned);
                found.push((line.channel.to_string(), id, line.values.0[3].map(to_f64)));
            })?;
        }
        Ok((found, rows.finish()?))
    }

    #[test]
    fn the_vendors_sample_comes_out_exactly_however_it_is_cut() {
        for piece in 1..SAMPLE.len() {
            let (found, seen) = read(SAMPLE, piece).unwrap();
            assert_eq!(found[0].0, "Google Generic Paid Search");
            assert_eq!(found[0].2, Some(126.884_027_848_3));
            assert_eq!(found[1], ("Organic Social".to_owned(), Some("cmp_67890".to_owned()), None));
            assert_eq!(seen, Seen { rows: 2, ..Seen::default() });
        }
    }

    #[test]
    fn a_field_twice_is_no_documented_row_however_it_is_written() {
        for twice in [r#"[{"date": 1, "date": 1}]"#, r#"[{"date": "\u0031", "date": 1}]"#] {
            assert_eq!(outcome(twice.as_bytes()), Outcome::ApiError, "{twice}");
        }
        assert!(read(br#"[{"other": 1, "other": {"a": 2}}]"#, 7).is_ok());
    }

    #[test]
    fn rows_before_a_broken_character_are_handed_over_however_it_is_cut() {
        let body = b"[{\"date\": \"2026-03-01\", \"channelName\": \"A\"}, {\"channelName\": \x80}]";
        for piece in 1..=body.len() {
            let (mut rows, mut count, mut failed) = (Rows::default(), 0, false);
            for piece in body.chunks(piece) {
                failed = failed || rows.feed(piece, &mut |_| count += 1).is_err();
            }
            assert_eq!((count, failed), (1, true), "{piece}");
        }
    }

    #[test]
    fn every_column_has_its_place() {
        for (place, name) in KLAR_COLUMNS.into_iter().enumerate() {
            assert_eq!(column(name), Some(place), "{name}");
        }
    }

    fn outcome(body: &[u8]) -> Outcome {
        read(body, 7).unwrap_err().outcome
    }

    #[test]
    fn what_is_no_report_is_refused() {
        assert_eq!(outcome(b"<!doctype html>"), Outcome::NotJson);
        assert_eq!(outcome(b""), Outcome::NotJson);
        assert_eq!(outcome(b"[{\"date\": \"2026-01-01\""), Outcome::NotJson);
        assert_eq!(outcome(b"[{} {}]"), Outcome::NotJson);
        assert_eq!(outcome(b"[]x"), Outcome::NotJson);
        assert_eq!(outcome(b"[{},]"), Outcome::NotJson);
        assert_eq!(outcome(b"[{\"channelName\": \"\xff\"}]"), Outcome::NotJson);
        assert_eq!(outcome(b"{\"error\": \"no\"}"), Outcome::ApiError);
        assert_eq!(outcome(b"[1, 2]"), Outcome::ApiError);
    }

    #[test]
    fn k4_ids_keep_their_digits() {
        let body =
            br#"[{"date": "2026-01-01", "channelName": "a", "campaignId": 1234567890123456789},
            {"date": "2026-01-01", "channelName": "a", "campaignId": "cmp_6"},
            {"date": "2026-01-01", "channelName": "a", "campaignId": 0},
            {"date": "2026-01-01", "channelName": "a", "campaignId": null},
            {"date": "2026-01-01", "channelName": "a", "campaignId": ""}]"#;
        let ids: Vec<_> = read(body, 9).unwrap().0.into_iter().map(|row| row.1).collect();
        let wanted = [Some("1234567890123456789"), Some("cmp_6"), None, None, None];
        assert_eq!(ids, wanted.map(|id| id.map(str::to_owned)));
    }

    #[test]
    fn k5_a_row_without_date_or_channel_is_counted_and_skipped() {
        let body = br#"[{"channelName": "a"}, {"date": "2026-01-01"}, {"date": "soon", "channelName": "a"},
            {"date": "2026-01-01T00:00:00Z", "channelName": "ok", "orders": []}]"#;
        let (found, seen) = read(body, 11).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(seen, Seen { rows: 4, bad_rows: 3, bad_numbers: 1 });
    }

    #[test]
    fn a_row_that_is_too_long_is_refused_however_it_is_cut() {
        let long = format!("[{{}}, {{\"x\": \"{}\"}}]", "a".repeat(LONGEST_ROW));
        for piece in [long.len(), 60_000, 4096] {
            assert_eq!(read(long.as_bytes(), piece).unwrap_err().outcome, Outcome::ApiError);
        }
    }

    #[test]
    fn blanks_before_a_row_do_not_count_as_the_row_however_it_is_cut() {
        let mut blank = vec![b' '; LONGEST_ROW + 1];
        blank[0] = b'[';
        let body = [blank, b"{}]".to_vec()].concat();
        for piece in [body.len(), body.len() - 2, 60_000] {
            assert_eq!(read(&body, piece).unwrap().1.rows, 1, "{piece}");
        }
    }

    #[test]
    fn what_is_no_row_is_named_alike_however_it_is_cut() {
        for (body, wanted) in [
            (&b"[1.x]"[..], Outcome::ApiError),
            (b"[\"a\"]", Outcome::ApiError),
            (b"[null]", Outcome::ApiError),
            (b"[[\"channel\", \"2026-01-01\"]]", Outcome::ApiError),
            (b"[x]", Outcome::NotJson),
        ] {
            for piece in 1..=body.len() {
                let outcome = read(body, piece).unwrap_err().outcome;
                assert_eq!(outcome, wanted, "{} {piece}", String::from_utf8_lossy(body));
            }
        }
    }

    #[test]
    fn k17_memory_does_not_grow_with_the_answer() {
        let row = br#"{"date": "2026-01-01", "channelName": "a", "netRevenue": 1.5},"#;
        let mut rows = Rows::default();
        rows.feed(b"[", &mut |_| {}).unwrap();
        for _ in 0..50_000 {
            rows.feed(row, &mut |_| {}).unwrap();
        }
        assert!(rows.buffer.capacity() < 4096, "{}", rows.buffer.capacity());
        let endless = vec![b' '; 100_000];
        for _ in 0..20 {
            rows.feed(&endless, &mut |_| {}).unwrap();
        }
        let long = [b"{\"x\": \"".to_vec(), vec![b'a'; LONGEST_ROW]].concat();
        assert_eq!(rows.feed(&long, &mut |_| {}).unwrap_err().outcome, Outcome::ApiError);
    }

    /// What a hostile answer may be made of.
    fn crumb() -> impl Strategy<Value = Vec<u8>> {
        let crumbs =
            vec!["{},", "{", "{\"a\": \"", "aaaaaaaa", " ", "\"}", ",", "[", "]", "\\", "ä"];
        let times = prop_oneof![3 => 1_usize..3, 1 => 1_usize..8000];
        (prop::sample::select(crumbs), times).prop_map(|(crumb, times)| crumb.repeat(times).into())
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&body, 13);
        }

        #[test]
        fn k17_memory_is_bounded_by_a_row_and_a_piece_whatever_arrives(
            pieces in prop::collection::vec(crumb(), 1..40)
        ) {
            let mut rows = Rows::default();
            rows.feed(b"[", &mut |_| {}).unwrap();
            for piece in pieces {
                if rows.feed(&piece, &mut |_| {}).is_err() {
                    break;
                }
                prop_assert!(rows.buffer.len() <= LONGEST_ROW);
                // A vector doubles when it grows.
                prop_assert!(rows.buffer.capacity() <= 2 * (LONGEST_ROW + 64_000));
            }
        }

        #[test]
        fn a_sample_cut_or_bent_anywhere_is_survived(at in 0..SAMPLE.len() - 2, byte in any::<u8>()) {
            prop_assert!(read(&SAMPLE[..at], 50).is_err());
            let mut bent = SAMPLE.to_vec();
            bent[at] = byte;
            let _ = read(&bent, 50);
        }
    }
}
