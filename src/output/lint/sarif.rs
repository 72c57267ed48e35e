//! SARIF 2.1.0 (OASIS, `sarif-schema-2.1.0.json`), as far as findings need it: one run, a rule for each id, a result
//! for each finding. A place in a file is a physical location; one in a Secret of a cluster is a logical one.

use serde::Serialize;

use crate::{
    lint::{Finding, RULES, Severity},
    output::rows::one_line,
    report::lint::LintReport,
};

/// A log with one run.
#[derive(Serialize)]
pub(super) struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    information_uri: &'static str,
    rules: Vec<ReportingDescriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportingDescriptor {
    id: &'static str,
    short_description: Message,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    properties: Properties,
}

#[derive(Serialize)]
struct Properties {
    readers: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_location: Option<PhysicalLocation>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u64,
    start_column: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

/// The log of a report.
pub(super) fn log(report: &LintReport) -> Log {
    let rules = RULES.iter().map(|(_, id, severity, text)| ReportingDescriptor {
        id,
        short_description: Message { text: (*text).to_owned() },
        default_configuration: Configuration { level: level(*severity) },
    });
    let driver = Driver {
        name: "kubectl-tapmc",
        version: env!("CARGO_PKG_VERSION"),
        information_uri: env!("CARGO_PKG_REPOSITORY"),
        rules: rules.collect(),
    };
    let results = report.findings.iter().map(result).collect();
    Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    }
}

fn level(severity: Severity) -> &'static str {
    severity.word()
}

fn result(finding: &Finding) -> SarifResult {
    let place = &finding.place;
    let region = place.line.zip(place.column).map(|(start_line, start_column)| Region { start_line, start_column });
    let physical = place
        .file
        .as_ref()
        .map(|file| PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(file) }, region });
    let logical = Some(one_line(&place.logical())).filter(|name| !name.is_empty());
    let logical = logical.map(|fully_qualified_name| LogicalLocation { fully_qualified_name, kind: "member" });
    SarifResult {
        rule_id: finding.rule.id(),
        rule_index: RULES.iter().position(|(rule, ..)| *rule == finding.rule).unwrap_or_default(),
        level: level(finding.severity),
        message: Message { text: one_line(&format!("{}; {}", finding.message, finding.remedy)) },
        locations: [Location { physical_location: physical, logical_locations: logical.into_iter().collect() }],
        properties: Properties { readers: finding.readers.clone() },
    }
}

/// A file's name as a URI: what no URI may hold is encoded.
fn uri(file: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/:@!$&'()*+,;=".contains(&byte);
    file.replace('\\', "/")
        .bytes()
        .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
