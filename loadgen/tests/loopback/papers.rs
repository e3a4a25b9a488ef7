//! What goes with the program: completions, manual pages, and the schema of its summary.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::harness::Readers;
use crate::process::{run, told};

const COMMANDS: [&str; 6] = ["serve", "send", "check", "schema", "completions", "man"];

fn printed(arguments: &str) -> String {
    let (code, stdout, stderr) = run(arguments);
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{arguments}");
    stdout
}

/// What another program says of a text, or nothing where there is no such program.
fn said_of(text: &str, program: &str, arguments: &[&str]) -> Option<(Option<i32>, String, String)> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("there is no {program} on this machine: it is not asked");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    let writing = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    Some(told(output))
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let completions = printed(&format!("completions {shell}"));
        for command in COMMANDS {
            assert!(completions.contains(command), "{shell} does not name {command}");
        }
    }
}

#[test]
fn bash_and_zsh_can_read_their_completions() {
    for shell in ["bash", "zsh"] {
        let completions = printed(&format!("completions {shell}"));
        if let Some((code, _, stderr)) = said_of(&completions, shell, &["-n"]) {
            assert_eq!((code, stderr.as_str()), (Some(0), ""), "{shell}");
        }
    }
}

/// The headings of a page, in their order.
fn headings(page: &str) -> Vec<&str> {
    page.lines().filter_map(|line| line.strip_prefix(".SH ")).collect()
}

#[test]
fn every_command_has_a_page_that_says_what_its_help_says() {
    for command in [""].into_iter().chain(COMMANDS) {
        let (page, help) =
            (printed(&format!("man {command}")), printed(&format!("{command} --help")));
        let headings = headings(&page);
        for heading in ["NAME", "SYNOPSIS", "OPTIONS"] {
            assert!(headings.contains(&heading), "{command}: {headings:?}");
        }
        for (section, heading) in [("Examples:", "EXAMPLES"), ("Exit codes:", "\"EXIT STATUS\"")] {
            let both = (help.contains(section), headings.contains(&heading));
            assert!(both == (true, true) || both == (false, false), "{command}: {headings:?}");
        }
        assert!(!headings.contains(&"EXTRA"), "{command}: {headings:?}");
    }
}

#[test]
fn pages_are_set_without_a_warning() {
    for command in [""].into_iter().chain(COMMANDS) {
        let page = printed(&format!("man {command}"));
        let Some((code, set, warnings)) = said_of(&page, "groff", &["-man", "-Tutf8", "-ww"])
        else {
            return;
        };
        assert_eq!((code, warnings.as_str()), (Some(0), ""), "{command}");
        assert!(set.contains("loadgen 0.1.0"), "{command}: {set}");
    }
}

#[test]
fn a_page_of_no_command_is_refused_with_those_that_there_are() {
    let (code, _, stderr) = run("man sned");
    assert_eq!(code, Some(2));
    assert!(stderr.contains("there is no command \"sned\"; there are serve, send, "), "{stderr}");
}

/// Where a value is not as its schema says; the part of the language of schemas that ours is in.
fn faults(value: &Value, schema: &Value, root: &Value, at: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return faults(value, root.pointer(&reference[1..]).unwrap(), root, at);
    }
    if let Some(either) = schema["anyOf"].as_array() {
        let is_one = either.iter().any(|schema| faults(value, schema, root, at).is_empty());
        return if is_one { vec![] } else { vec![format!("{at}: {value} is none of {schema}")] };
    }
    let mut found = Vec::new();
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().collect(),
        Value::Null => vec![],
        one => vec![one],
    };
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name.as_str().unwrap())) {
        found.push(format!("{at}: {value} is not {}", schema["type"]));
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if value.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{at}: there is no {name}"));
        }
    }
    for (name, inner) in value.as_object().into_iter().flatten() {
        match schema["properties"].get(name) {
            Some(schema) => found.extend(faults(inner, schema, root, &format!("{at}/{name}"))),
            None => found.push(format!("{at}: {name} is not in the schema")),
        }
    }
    for inner in value.as_array().into_iter().flatten() {
        found.extend(faults(inner, &schema["items"], root, &format!("{at}/[]")));
    }
    found
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("{other} is no type"),
    }
}

#[test]
fn summaries_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(&printed("schema")).unwrap();
    for flags in ["", "--rate 10k --stamped", "--rate poisson:10k --warm-up 20ms"] {
        let readers = Readers::start();
        let send =
            format!("send --connect {} --records 500 --json --quiet {flags}", readers.target());
        let mut summary: Value = serde_json::from_str(&printed(&send)).unwrap();
        readers.finish();
        assert_eq!(faults(&summary, &schema, &schema, ""), [""; 0]);

        let fields = summary.as_object_mut().unwrap();
        fields.remove("records");
        fields.insert("bytes".to_owned(), "many".into());
        fields.insert("warm_up".to_owned(), serde_json::json!({"records": 1.5}));
        assert_eq!(faults(&summary, &schema, &schema, "").len(), 4, "planted faults are found");
    }
}
