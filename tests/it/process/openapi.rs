//! The OpenAPI document passes a validator that others wrote.

use crate::support::process::program;
use crate::support::scratch;
use std::process::Command;

#[test]
fn the_document_is_valid_openapi() {
    let file = scratch("openapi").join("openapi.json");
    let output = Command::new(program()).arg("openapi").output().unwrap();
    assert!(output.status.success());
    std::fs::write(&file, output.stdout).unwrap();
    let validator =
        std::env::var("OPENAPI_VALIDATOR").unwrap_or_else(|_| "openapi-spec-validator".to_owned());
    let output = Command::new(&validator)
        .arg(&file)
        .output()
        .unwrap_or_else(|error| panic!("{validator}: {error}; tests/run installs it"));
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
