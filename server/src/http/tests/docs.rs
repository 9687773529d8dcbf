//! The examples in `docs/http.md`, run one after another against the real engine.

use serde_json::Value;

use super::*;
use crate::embedded::Embedded;
use crate::query::QueryLimits;
use crate::store::StoreOptions;

const DOCS: &str = include_str!("../../../../docs/http.md");
const SERVER: &str = "http://127.0.0.1:8080";

/// A call of curl, and what it prints; none where the page does not say.
#[derive(Debug, Default)]
struct Example {
    line: String,
    headers: Vec<String>,
    body: Option<String>,
    output: Option<String>,
}

/// The words of a command, as a shell has them.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in command.chars() {
        match (letter, quote) {
            (letter, Some(open)) if letter == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            (letter, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

fn example(command: &str, output: Option<String>) -> Example {
    let mut example = Example { output, ..Example::default() };
    let (mut method, mut target) = (None, String::new());
    let mut words = words(command).into_iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" => method = words.next(),
            "-H" => {
                example.headers.push(words.next().unwrap().replace("Content-Type", "content-type"))
            }
            "--data" => example.body = words.next(),
            "--output" => drop(words.next()),
            "-g" => {}
            url => target = url.strip_prefix(SERVER).expect(command).to_owned(),
        }
    }
    if example.body.is_some() && example.headers.is_empty() {
        example.headers.push(FORM.to_owned());
    }
    // As curl does with brackets that it was told to leave alone.
    let target = target.replace('[', "%5B").replace(']', "%5D");
    example.line = format!("{} {target}", method.unwrap_or_else(|| "GET".to_owned()));
    example
}

/// The examples of the page but for those whose answer has no end.
fn examples() -> Vec<Example> {
    let blocks = DOCS.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let mut examples = Vec::new();
    for block in blocks.filter(|block| block.starts_with("curl") && !block.contains("curl -N")) {
        let block = block.replace("\\\n", "");
        let (outputs, commands): (Vec<_>, Vec<_>) =
            block.lines().partition(|l| l.starts_with("# "));
        let output: Vec<_> = outputs.iter().map(|line| &line[2..]).collect();
        let output = (!output.is_empty()).then(|| output.join("\n"));
        examples.push(example(commands[0], output));
    }
    examples
}

/// What an answer took is another time at each run.
fn without_times(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap_or_else(|_| text.trim_end().into());
    if let Some(fields) = value.as_object_mut() {
        fields.remove("elapsed_ms");
    }
    value
}

#[tokio::test]
async fn every_example_is_answered_as_the_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { map_size_bytes: 1 << 30, ..StoreOptions::default() };
    let engine = Embedded::open(folder.path(), options, QueryLimits::default()).unwrap();
    let service = service(Arc::new(engine), open());
    let mut wrong = Vec::new();
    for example in examples() {
        let headers: Vec<_> = example.headers.iter().map(String::as_str).collect();
        let body = example.body.clone().unwrap_or_default();
        let got = ask(&service, &example.line, &headers, body).await;
        match &example.output {
            Some(output) if without_times(output) != without_times(&got.body) => {
                wrong.push(format!("{}\n# {}", example.line, got.body));
            }
            None if got.status >= 300 => wrong.push(format!("{}\n# {}", example.line, got.body)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_path_of_the_json_api_has_an_example() {
    let examples = examples();
    for (path, resource) in v1::PATHS {
        let asked = |example: &Example| {
            let path = example.line.split(' ').nth(1).unwrap().split('?').next().unwrap();
            Resource::of(path) == Some(resource)
        };
        assert!(resource == Resource::EventStream || examples.iter().any(asked), "{path}");
    }
}
