//! What `clearway` and `clearway simulators` say once they serve.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::ran::{Place, Ran};

/// A process that is ended with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has told by then.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the process says on standard error, up to the line that begins so.
fn said(process: &mut Child, last: &str) -> String {
    let mut text = String::new();
    for line in BufReader::new(process.stderr.take().unwrap()).lines() {
        let line = line.unwrap();
        text.push_str(&line);
        text.push('\n');
        if line.starts_with(last) {
            return text;
        }
    }
    panic!("it never said {last}: {text}");
}

fn is_there(tool: &str) -> bool {
    Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

#[test]
fn the_lines_that_are_said_pay_a_payroll_when_they_are_pasted() {
    let place = Place::new();
    let mut command = place.command(["--port", "0", "--store", "memory"]);
    let mut serving = Serving(command.stderr(Stdio::piped()).spawn().unwrap());
    let text = said(&mut serving.0, "curl -s \"$API/health\"");
    for words in ["/docs", "/openapi.json", "export PERSON=", "export OPERATOR="] {
        assert!(text.contains(words), "{words}: {text}");
    }
    if ["bash", "curl", "jq"].into_iter().any(|tool| !is_there(tool)) {
        eprintln!("left out: the lines need bash, curl and jq");
        return;
    }
    let (_, lines) = text.split_once("# These lines paste").unwrap();
    let script = format!("set -euo pipefail\n#{}", lines.replace("--rows 1000", "--rows 20"));
    let pasted = Command::new("bash").arg("-c").arg(script).current_dir(place.path()).output().unwrap();
    let ran = Ran::of(pasted).ended_with(0);
    ran.told(&["\"ready\": true", "\"approved_by\": \"approver@local\"", "\"debits\":", "\"link_token\":"]);
}

#[test]
fn simulators_say_where_they_are_for_people_and_for_programs() {
    let place = Place::new();
    for (options, is_json) in [(vec!["simulators"], false), (vec!["simulators", "--json"], true)] {
        let mut command = place.command(options);
        let mut serving = Serving(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(serving.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).is_ok(), is_json, "{line}");
        assert!(line.contains("http://127.0.0.1:"), "{line}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let ran = Place::new().run(&format!("--store memory --port {port}")).ended_with(1);
    ran.told(&[&format!("127.0.0.1:{port} cannot be listened at"), "--port"]);
}
