//! A validator for the keywords that the schema has; whoever adds another is told so.

use regex::Regex;
use serde_json::{Map, Value};

/// What is wrong with `value`, one place a line.
pub(super) fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Judge { root: schema }.judge(schema, value, "", &mut found);
    found
}

struct Judge<'a> {
    root: &'a Value,
}

impl Judge<'_> {
    fn judge(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
        let schema = match schema {
            Value::Bool(true) => return,
            Value::Object(schema) => schema,
            _ => return found.push(format!("{place}: is not allowed")),
        };
        let mut fail = |what: String| found.push(format!("{place}: {what}"));
        for (keyword, wanted) in schema {
            match keyword.as_str() {
                "$schema"
                | "$defs"
                | "title"
                | "description"
                | "default"
                | "format"
                | "then"
                | "else"
                | "required"
                | "properties"
                | "additionalProperties"
                | "items"
                | "$ref"
                | "oneOf"
                | "if" => {}
                "type" if is_of(wanted, value) => {}
                "enum" if wanted.as_array().unwrap().contains(value) => {}
                "const" if wanted == value => {}
                "minimum" if value.as_f64().is_none_or(|is| is >= wanted.as_f64().unwrap()) => {}
                "maximum" if value.as_f64().is_none_or(|is| is <= wanted.as_f64().unwrap()) => {}
                "minLength" if length(value).is_none_or(|is| is >= wanted.as_u64().unwrap()) => {}
                "maxLength" if length(value).is_none_or(|is| is <= wanted.as_u64().unwrap()) => {}
                "minItems"
                    if value
                        .as_array()
                        .is_none_or(|is| is.len() as u64 >= wanted.as_u64().unwrap()) => {}
                "pattern"
                    if value.as_str().is_none_or(|is| {
                        Regex::new(wanted.as_str().unwrap()).unwrap().is_match(is)
                    }) => {}
                "type" | "enum" | "const" | "minimum" | "maximum" | "minLength" | "maxLength"
                | "minItems" | "pattern" => fail(format!("{keyword} {wanted}")),
                other => panic!("the validator does not know {other}"),
            }
        }
        self.parts(schema, value, place, found);
    }

    fn parts(
        &self,
        schema: &Map<String, Value>,
        value: &Value,
        place: &str,
        found: &mut Vec<String>,
    ) {
        if let Some(name) = schema.get("$ref") {
            let name = name.as_str().unwrap().strip_prefix('#').unwrap();
            self.judge(self.root.pointer(name).unwrap(), value, place, found);
        }
        if let Some(Value::Array(choices)) = schema.get("oneOf") {
            let fits = choices.iter().filter(|choice| self.fits(choice, value)).count();
            if fits != 1 {
                found.push(format!("{place}: fits {fits} of oneOf"));
            }
        }
        if let Some(condition) = schema.get("if") {
            let branch = if self.fits(condition, value) { "then" } else { "else" };
            schema.get(branch).into_iter().for_each(|then| self.judge(then, value, place, found));
        }
        if let (Some(items), Value::Array(values)) = (schema.get("items"), value) {
            for (index, value) in values.iter().enumerate() {
                self.judge(items, value, &format!("{place}/{index}"), found);
            }
        }
        if let Value::Object(object) = value {
            self.object(schema, object, place, found);
        }
    }

    fn object(
        &self,
        schema: &Map<String, Value>,
        object: &Map<String, Value>,
        place: &str,
        found: &mut Vec<String>,
    ) {
        for key in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
            if !object.contains_key(key.as_str().unwrap()) {
                found.push(format!("{place}: lacks {key}"));
            }
        }
        let closed = schema.get("additionalProperties") == Some(&Value::Bool(false));
        for (key, value) in object {
            let place = format!("{place}/{key}");
            match schema.get("properties").and_then(|known| known.get(key)) {
                Some(property) => self.judge(property, value, &place, found),
                None if closed => found.push(format!("{place}: is not known")),
                None => {}
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.judge(schema, value, "", &mut found);
        found.is_empty()
    }
}

fn length(value: &Value) -> Option<u64> {
    value.as_str().map(|text| text.chars().count() as u64)
}

fn is_of(wanted: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("the validator does not know the type {other}"),
    };
    match wanted {
        Value::Array(kinds) => kinds.iter().any(|kind| is(kind.as_str().unwrap())),
        kind => is(kind.as_str().unwrap()),
    }
}
