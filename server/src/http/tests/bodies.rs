//! Bodies made from the schemas of the OpenAPI document.

use serde_json::{Map, Value, json};

use super::document::resolved;

/// One of so many values is not what its schema says.
const RARE: usize = 60;
/// How deep a body is.
const DEPTH_MAX: usize = 8;
/// Texts that mean something to some field, or nothing to any.
const TEXTS: [&str; 18] = [
    "a",
    "",
    "b",
    "any",
    "is",
    "exists",
    "day",
    "2024-03-01",
    "2024-04-01",
    "1970-01-01",
    "9999-99-99",
    "Europe/Paris",
    "external_user_id",
    "(",
    "^[ab]+$",
    "1e999",
    "\u{0}\u{e9}~1/",
    "null",
];

/// Choices, which a test takes from what it is given; when they run out, all are 0.
pub(super) struct Choices<'a>(std::slice::Iter<'a, u32>);

impl<'a> Choices<'a> {
    pub(super) fn new(choices: &'a [u32]) -> Self {
        Self(choices.iter())
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: usize) -> usize {
        *self.0.next().unwrap_or(&0) as usize % end.max(1)
    }

    pub(super) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub(super) fn text(&mut self) -> String {
        match self.below(RARE) {
            0..20 => TEXTS[0].to_owned(),
            20 => "x".repeat(300),
            _ => TEXTS[self.below(TEXTS.len())].to_owned(),
        }
    }

    fn number(&mut self) -> Value {
        let numbers =
            [json!(0), json!(1), json!(2), json!(-1), json!(1.5), json!(u64::MAX), json!(1e308)];
        numbers[self.below(numbers.len())].clone()
    }

    /// Makes a text what is hardly JSON any more.
    pub(super) fn damage(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len());
        match self.below(4) {
            0 => text.truncate(at),
            1 => text[at] = self.below(256) as u8,
            2 => text.insert(at, b'"'),
            _ => {
                text.remove(at);
            }
        }
    }

    /// A value that no schema has a say in.
    fn junk(&mut self) -> Value {
        match self.below(6) {
            0 => Value::Null,
            1 => json!(true),
            2 => self.number(),
            3 => json!(self.text()),
            4 => json!([self.text(), self.number()]),
            _ => json!({ self.text(): self.number() }),
        }
    }

    /// A body that follows a schema more or less.
    pub(super) fn body(&mut self, schema: &'static Value) -> Value {
        self.value(schema, 0)
    }

    fn value(&mut self, schema: &'static Value, depth: usize) -> Value {
        if self.once_in(RARE) || depth > DEPTH_MAX {
            return self.junk();
        }
        let schema = resolved(schema);
        if let Some(variants) = schema["oneOf"].as_array() {
            let variant = self.below(variants.len());
            return self.value(&variants[variant], depth + 1);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[self.below(values.len())].clone();
        }
        if let Some(examples) = schema["examples"].as_array().filter(|_| !self.once_in(10)) {
            return examples[0].clone();
        }
        let types = types(schema);
        match types[self.below(types.len())] {
            "object" => self.object(schema, depth),
            "array" => {
                let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
                let count = least + self.below(3);
                (0..count).map(|_| self.value(&schema["items"], depth + 1)).collect()
            }
            "string" => json!(self.text()),
            "boolean" => json!(self.below(2) == 0),
            "null" => Value::Null,
            _ if self.once_in(RARE) => self.number(),
            _ => json!(schema["minimum"].as_u64().unwrap_or(0) + self.below(2) as u64),
        }
    }

    fn object(&mut self, schema: &'static Value, depth: usize) -> Value {
        let mut object = Map::new();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let left_out =
                if is_required(schema, name) { self.once_in(RARE) } else { self.below(2) == 0 };
            if !left_out {
                object.insert(name.clone(), self.value(field, depth + 1));
            }
        }
        let other = &schema["additionalProperties"];
        if other.is_object() || self.once_in(RARE) {
            for _ in 0..self.below(3) {
                let value =
                    if other.is_object() { self.value(other, depth + 1) } else { self.junk() };
                object.insert(self.text(), value);
            }
        }
        Value::Object(object)
    }
}

/// A body with every field of a schema, each with its example or the least that it takes.
pub(super) fn full(schema: &'static Value) -> Value {
    full_value(schema, &mut 0)
}

fn full_value(schema: &'static Value, keys: &mut u32) -> Value {
    let schema = resolved(schema);
    let first = |name: &str| schema[name].as_array().and_then(|values| values.first());
    if let Some(variants) = schema["oneOf"].as_array() {
        return full_value(variants.last().unwrap(), keys);
    }
    if let Some(value) = first("examples").or(first("enum")) {
        return value.clone();
    }
    match types(schema)[0] {
        "object" => {
            let fields = schema["properties"].as_object().into_iter().flatten();
            let mut object: Map<_, _> =
                fields.map(|(name, field)| (name.clone(), full_value(field, keys))).collect();
            let other = &schema["additionalProperties"];
            if other.is_object() {
                *keys += 1;
                object.insert(format!("key{keys}"), full_value(other, keys));
            }
            Value::Object(object)
        }
        "array" => (0..2).map(|_| full_value(&schema["items"], keys)).collect(),
        "string" => json!("a"),
        "boolean" => json!(true),
        _ => schema.get("minimum").cloned().unwrap_or(json!(1)),
    }
}

/// The JSON pointers of all objects in a body that take no other fields than those in their schema.
pub(super) fn closed_objects(schema: &'static Value, body: &Value) -> Vec<String> {
    fn walk(schema: &'static Value, body: &Value, at: String, found: &mut Vec<String>) {
        let schema = match resolved(schema)["oneOf"].as_array() {
            Some(variants) => variants.last().unwrap(),
            None => resolved(schema),
        };
        for (index, item) in body.as_array().into_iter().flatten().enumerate() {
            walk(&schema["items"], item, format!("{at}/{index}"), found);
        }
        for (name, field) in body.as_object().into_iter().flatten() {
            if let Some(schema) = schema["properties"].get(name) {
                walk(schema, field, format!("{at}/{name}"), found);
            }
        }
        if body.is_object() && schema["additionalProperties"] == json!(false) {
            found.push(at);
        }
    }
    let mut found = Vec::new();
    walk(schema, body, String::new(), &mut found);
    found
}

fn types(schema: &'static Value) -> Vec<&'static str> {
    match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["object", "string", "number"],
    }
}

fn is_required(schema: &Value, name: &str) -> bool {
    let mut required = schema["required"].as_array().into_iter().flatten();
    required.any(|required| required == name)
}
