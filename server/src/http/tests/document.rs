//! The OpenAPI document, and calls that are held against it.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::*;

/// The document as it is served.
pub(super) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../v1/openapi.json")).unwrap());

/// What a path takes by a method.
pub(super) struct Operation {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) described: &'static Value,
}

/// All of them.
pub(super) fn operations() -> Vec<Operation> {
    let paths = DOCUMENT["paths"].as_object().unwrap().iter();
    let of_path = |(path, item): (&String, &'static Value)| {
        let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
        let operation = |(method, described): (&String, &'static Value)| {
            let (method, path) = (method.to_uppercase(), path.clone());
            Operation { method, path, described }
        };
        methods.map(operation).collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// The operation that answers a request line.
pub(super) fn operation(line: &str) -> Operation {
    let (method, target) = line.split_once(' ').unwrap();
    let path = target.split('?').next().unwrap();
    let found = operations().into_iter().find(|operation| {
        let (found, expected) = (path.split('/'), operation.path.split('/'));
        let resource = path.strip_prefix(v1::PREFIX).and_then(|_| Resource::of(path));
        let fits = found.clone().count() == expected.clone().count()
            && found.zip(expected).all(|(found, name)| found == name || name.starts_with('{'));
        operation.method == method && fits && resource == Resource::of(&operation.path)
    });
    found.unwrap_or_else(|| panic!("{line} is not in the document"))
}

impl Operation {
    /// The schema of a JSON body that it takes.
    pub(super) fn body(&self) -> Option<&'static Value> {
        self.described.pointer("/requestBody/content/application~1json/schema")
    }

    /// The names of the parameters in its query string.
    pub(super) fn parameters(&self) -> Vec<&'static str> {
        let given = self.described["parameters"].as_array().into_iter().flatten();
        given.map(|parameter| parameter["name"].as_str().unwrap()).collect()
    }

    /// Holds an answer against the document.
    #[track_caller]
    pub(super) fn check(&self, got: &Got) {
        let at = format!("{} {}: {}", self.method, self.path, got.status);
        let response = &self.described["responses"][got.status.to_string()];
        assert!(response.is_object(), "{at} is not in the document: {}", got.body);
        let response = resolved(response);
        let Some(content) = response["content"].as_object() else {
            assert_eq!(got.body, "", "{at}");
            return;
        };
        let media_type = got.header("content-type").split(';').next().unwrap();
        let content = content.get(media_type).unwrap_or_else(|| panic!("{at}: {media_type}"));
        if media_type == "application/json" {
            let body = serde_json::from_str(&got.body).unwrap_or_else(|_| panic!("{at}"));
            check_schema(&content["schema"], &body, &at);
        }
    }
}

/// What a reference stands for.
pub(super) fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => resolved(DOCUMENT.pointer(&reference[1..]).unwrap()),
        None => value,
    }
}

/// Holds a value against a schema of the document.
#[track_caller]
pub(super) fn check_schema(schema: &Value, value: &Value, at: &str) {
    let problems: Vec<_> = validator(schema).iter_errors(value).map(|e| e.to_string()).collect();
    assert!(problems.is_empty(), "{at}: {problems:?}\n{value:#}");
}

fn validator(schema: &Value) -> Validator {
    let mut root: Map<String, Value> = schema.as_object().unwrap().clone();
    root.insert("$schema".into(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("components".into(), DOCUMENT["components"].clone());
    jsonschema::validator_for(&Value::Object(root)).unwrap()
}

#[test]
fn the_document_and_the_paths_are_the_same() {
    let mut described: Vec<_> = DOCUMENT["paths"].as_object().unwrap().keys().collect();
    described.retain(|path| path.starts_with(v1::PREFIX));
    let mut paths = v1::PATHS.map(|(path, _)| format!("{}{path}", v1::PREFIX));
    paths.sort_unstable();
    assert_eq!(described, paths.iter().collect::<Vec<_>>());
    for (path, resource) in v1::PATHS {
        let path = format!("{}{path}", v1::PREFIX);
        let item = &DOCUMENT["paths"][&path];
        let mut methods: Vec<_> = resource.allow().split(", ").collect();
        methods.sort_unstable();
        let described = item.as_object().unwrap().keys().filter(|name| *name != "parameters");
        let mut described: Vec<_> = described.map(|name| name.to_uppercase()).collect();
        if item["get"].is_object() {
            described.push("HEAD".to_owned());
        }
        described.push("OPTIONS".to_owned());
        described.sort_unstable();
        assert_eq!(described, methods, "{path}");
        let of_path = item["parameters"].as_array().map_or(0, Vec::len);
        assert_eq!(of_path, path.matches('{').count(), "{path}");
    }
}

#[test]
fn the_document_names_the_parameters_that_are_taken() {
    for operation in operations() {
        let Some(resource) = Resource::of(&operation.path) else { continue };
        assert_eq!(operation.parameters(), resource.parameters(), "{}", operation.path);
    }
}

#[test]
fn every_schema_is_one_and_is_used() {
    let text = DOCUMENT.to_string();
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().unwrap() {
        validator(schema);
        assert!(text.contains(&format!("\"#/components/schemas/{name}\"")), "{name} is not used");
    }
    let names: Vec<_> = operations().iter().map(|of| of.described["operationId"].clone()).collect();
    let distinct: std::collections::BTreeSet<_> = names.iter().map(Value::to_string).collect();
    assert_eq!(distinct.len(), names.len());
}

#[test]
fn examples_and_defaults_fit_their_schemas() {
    fn walk(schema: &Value, at: &str) {
        if let Value::Object(fields) = schema {
            let examples = fields.get("examples").and_then(Value::as_array).into_iter().flatten();
            for value in examples.chain(fields.get("default")) {
                check_schema(schema, value, at);
            }
            fields.iter().for_each(|(name, field)| walk(field, &format!("{at}/{name}")));
        }
        if let Value::Array(items) = schema {
            items.iter().for_each(|item| walk(item, at));
        }
    }
    walk(&DOCUMENT["components"]["schemas"], "");
    walk(&DOCUMENT["paths"], "");
}
