//! `config.schema.json`, for editors: derived from the typed file, so only tests have it.
//!
//! `UPDATE_REFERENCE=1 cargo test --lib config::schema` writes it anew.

mod check;

use std::borrow::Cow;
use std::marker::PhantomData;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::defaults::AccountDefaults;
use super::ranges::{KLAR_WORDS, TAPRAIN_WORDS};
use super::{currency, defaults, duration, file, format_percent};
use crate::model::klar;
use crate::model::range::Range;

/// Declares what one kind of value looks like.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $schema:expr;)+) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap()
            }
        }
    )+};
}

fn text(pattern: &str) -> Value {
    json!({"type": "string", "pattern": pattern})
}

fn words<T: Copy>(all: &[T], word: fn(T) -> &'static str) -> Value {
    let words: Vec<&str> = all.iter().map(|each| word(*each)).collect();
    json!({"type": "string", "enum": words})
}

kinds! {
    /// Anything but nothing.
    Plain = json!({"type": "string", "minLength": 1});
    /// A label value.
    Name = json!({
        "type": "string",
        "minLength": 1,
        "maxLength": defaults::LONGEST_NAME,
        "pattern": r"^\S(.*\S)?$"
    });
    /// Scheme, host and path.
    Url = text(r"^https?://[^@?#\s]+$");
    /// A name of the IANA database; which there are changes too often for a list.
    Zone = text(r"^[A-Za-z][A-Za-z0-9_+/-]*$");
    /// A code of ISO 4217.
    Currency = json!({"type": "string", "enum": currency::codes().collect::<Vec<_>>()});
    /// Prometheus' durations.
    Span = json!({"type": "string", "minLength": 2, "pattern":
        "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"
    });
    /// A share.
    Percent = text(r"^[0-9]+(\.[0-9]+)? *%$");
    /// A number of bytes.
    Size = text(r"^[0-9]+ *([KMGT]i?)?B$");
    /// A code of ISO 3166-1.
    Country = text("^[A-Z]{2}$");
    /// What the API separates by commas.
    FilterValue = text(r"^[^,]*[^,\s][^,]*$");
    /// A day.
    Date = text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$");
    /// An attribution model.
    Model = words(klar::Model::ALL, klar::Model::as_str);
    /// An attribution window.
    Window = words(klar::Window::ALL, klar::Window::as_str);
    /// A date breakdown.
    DateBasis = words(klar::DateBasis::ALL, klar::DateBasis::as_str);
    /// A level of detail.
    Detail = words(klar::Detail::ALL, klar::Detail::as_str);
}

/// Declares a generic kind.
macro_rules! generic {
    ($(#[$doc:meta])* $name:ident<const $least:ident>, $schema:expr) => {
        $(#[$doc])*
        pub(super) struct $name<const $least: u32>;

        impl<const $least: u32> JsonSchema for $name<$least> {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                format!("{}{}", stringify!($name), $least).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap()
            }
        }
    };
}

generic! {
    /// A whole number, so large or larger.
    Count<const LEAST>, json!({"type": "integer", "minimum": LEAST})
}
generic! {
    /// A number of days, so many or fewer.
    Days<const MOST>, json!({"type": "integer", "minimum": 0, "maximum": MOST})
}

/// A list that says something.
pub(super) struct NonEmpty<T>(PhantomData<T>);

impl<T: JsonSchema> JsonSchema for NonEmpty<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("NonEmpty{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let items = generator.subschema_for::<T>();
        json_schema!({"type": "array", "minItems": 1, "items": items})
    }
}

/// Declares the ranges of one API: a custom one has dates, the others have none.
macro_rules! ranges_of {
    ($(#[$doc:meta])* $name:ident, $words:expr) => {
        $(#[$doc])*
        pub(super) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                with_words(file::RangeEvery::json_schema(generator), &$words)
            }
        }
    };
}

ranges_of! {
    /// A range of TapRain.
    TapRainRange, TAPRAIN_WORDS
}
ranges_of! {
    /// A range of Klar.
    KlarRange, KLAR_WORDS
}

fn with_words(schema: Schema, words: &[&str]) -> Schema {
    let mut value = schema.to_value();
    value["properties"]["range"]["enum"] = json!(words);
    value["if"] = json!({"properties": {"range": {"const": "custom"}}});
    value["then"] = json!({"required": ["name", "start", "end"]});
    value["else"] = json!({"properties": {"name": false, "start": false, "end": false}});
    value.try_into().unwrap()
}

/// Exactly one of these keys.
pub(super) fn one_of(keys: [&str; 2]) -> Value {
    json!(keys.map(|key| json!({"required": [key]})))
}

/// An API's own budget.
pub(super) fn budget(of: &AccountDefaults) -> Value {
    let terms = of.budget;
    json!({
        "requests": terms.requests,
        "per": duration::format(terms.per),
        "reserve": format_percent(terms.reserve)
    })
}

/// An API's default ranges.
pub(super) fn ranges(default: &[(Range, Duration)]) -> Value {
    let pair = |(range, every): &(Range, Duration)| json!({"range": range.label(), "every": duration::format(*every)});
    default.iter().map(pair).collect()
}

/// The whole schema as it stands in the file.
fn generated() -> Value {
    let mut schema = schemars::schema_for!(file::File).to_value();
    schema["title"] = "revenue-exporter".into();
    schema["description"] = "The configuration of revenue-exporter.".into();
    without_null(&mut schema);
    // `directory:` with nothing behind it says something: that nothing is kept.
    schema["$defs"]["State"]["properties"]["directory"]["type"] = json!(["string", "null"]);
    schema
}

/// Keys that are left out are left out, not null: that is most often a value forgotten.
fn without_null(value: &mut Value) {
    if let Value::Object(object) = value {
        if let Some(Value::Array(any)) = object.get("anyOf")
            && let [Value::Object(inner), null] = &any[..]
            && *null == json!({"type": "null"})
        {
            let inner = inner.clone();
            object.remove("anyOf");
            object.extend(inner);
        }
        if let Some(Value::Array(types)) = object.get_mut("type") {
            types.retain(|kind| kind != "null");
            if let [only] = &types[..] {
                let only = only.clone();
                object.insert("type".to_owned(), only);
            }
        }
        object.retain(|key, value| key != "default" || !value.is_null());
        if let Some(Value::Array(words)) = object.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        object.values_mut().for_each(without_null);
    } else if let Value::Array(array) = value {
        array.iter_mut().for_each(without_null);
    }
}

mod tests {
    use std::fs;
    use std::path::Path;

    use super::check::faults;
    use super::*;

    const PLACE: &str = "config.schema.json";

    /// What only the loader knows: files, environment, zones, calendars, names that repeat, and how
    /// long or large a text says something is.
    const BEYOND: [&str; 36] = [
        "budget-per-too-short",
        "custom-impossible-date",
        "custom-named-like-a-range",
        "custom-named-like-an-expectation",
        "custom-reversed",
        "custom-too-long-klar",
        "custom-too-long-taprain",
        "duplicate-account",
        "duplicate-range",
        "duplicate-range-name",
        "duplicate-view",
        "every-too-short",
        "every-zero",
        "filter-control-character",
        "history-quantile-whole",
        "history-settle-too-long",
        "max-response-tiny",
        "reserve-everything",
        "reserve-leaves-nothing",
        "same-secret-klar",
        "same-secret-taprain",
        "secret-as-path",
        "secret-as-timezone",
        "secret-as-variable-name",
        "secret-file-binary",
        "secret-file-device",
        "secret-file-empty",
        "secret-file-is-directory",
        "secret-file-missing",
        "secret-file-two-lines",
        "secret-variable-empty",
        "secret-variable-two-lines",
        "secret-variable-unset",
        "unknown-zone",
        "unknown-zone-city",
        "unknown-zone-far",
    ];

    fn yaml(text: &str) -> Option<Value> {
        // As editors read it, by YAML 1.2: there `NO` is Norway.
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options(text, options).ok()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "whoever runs the test decides")]
    fn the_file_is_what_the_types_say() {
        let text = format!("{}\n", serde_json::to_string_pretty(&generated()).unwrap());
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            fs::write(PLACE, &text).unwrap();
        }
        let known = fs::read_to_string(PLACE).unwrap_or_default();
        assert!(
            known == text,
            "{PLACE} is not what the types say: UPDATE_REFERENCE=1 writes it anew"
        );
    }

    #[test]
    fn every_key_says_what_it_is_and_no_other_is_let_through() {
        let schema = generated();
        let objects = schema["$defs"].as_object().unwrap().values().chain([&schema]);
        for object in objects.filter(|object| object["type"] == "object") {
            assert_eq!(object["additionalProperties"], json!(false), "{object}");
            for (key, property) in object["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{key}");
            }
        }
    }

    #[test]
    fn what_the_loader_takes_in_files_and_documents_the_schema_takes() {
        let good = fs::read_dir("tests/config/good").unwrap().map(|entry| entry.unwrap().path());
        let good = good.filter(|path| path.extension().is_some_and(|end| end == "yaml"));
        let mut texts: Vec<(String, String)> = good
            .chain(["examples/revenue-exporter.yml".into()])
            .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
            .collect();
        let readme = fs::read_to_string("README.md").unwrap();
        let blocks =
            readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
        let ours =
            blocks.filter(|block| block.starts_with("taprain:") || block.starts_with("klar:"));
        texts.extend(ours.map(|block| ("README.md".to_owned(), block.to_owned())));
        assert!(texts.len() > 10 && texts.last().unwrap().0 == "README.md");
        let schema = generated();
        for (name, text) in texts {
            assert_eq!(faults(&schema, &yaml(&text).unwrap()), [""; 0], "{name}");
        }
    }

    #[test]
    fn what_the_loader_refuses_the_schema_refuses_where_it_can() {
        let schema = generated();
        let mut passed = Vec::new();
        for entry in fs::read_dir("tests/config/bad").unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.extension().is_none_or(|end| end != "yaml") {
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else { continue };
            if yaml(&text).is_some_and(|value| faults(&schema, &value).is_empty()) {
                passed.push(name);
            }
        }
        passed.sort();
        assert_eq!(passed, BEYOND, "and nothing else");
    }

    #[test]
    fn the_complete_example_names_its_schema() {
        let example = fs::read_to_string("examples/revenue-exporter.yml").unwrap();
        let line = "# yaml-language-server: $schema=../config.schema.json";
        assert_eq!(example.lines().next(), Some(line));
        assert!(Path::new("examples/../config.schema.json").is_file());
    }
}
