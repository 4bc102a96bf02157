//! The tables of the pages, generated from the code's own: `UPDATE=1` writes them.

use std::{collections::BTreeSet, fs, time::Duration};

use bottrade::{
    api::limits::{BODY_BYTES_MAX, Limits},
    error::{Error, RunLimit},
    ops::{Access, Method, OPS, OpDef},
};
use serde_json::{Value, json};
use sim::{
    num::{PRICE_MAX, QUANTITY_MAX},
    outcome::{Refusal, Reject},
    rules::{ORDERS_PER_TURN_MAX, WORKING_ORDERS_MAX},
};

use super::{SKILL, check, read};
use crate::files::root;

/// The same page where somebody looks for it who has the repository.
const COPY: &str = "SKILL.md";
const REST: &str = "skills/bottrade-benchmark/references/rest.md";

#[test]
fn the_tables_are_those_of_the_code() {
    let skill = generated(SKILL);
    check(SKILL, &skill);
    check(COPY, &skill);
    check(REST, &generated(REST));
}

/// The page with its tables as they must be.
fn generated(path: &str) -> String {
    let page = read(path);
    match path {
        SKILL => {
            let page = with_table(&page, "## Tools", &tools());
            let page = with_table(&page, "## Limits", &limits());
            with_table(&page, "## Errors", &errors())
        }
        _ => with_table(&with_table(&page, "## Operations", &operations()), "## Orders", &orders()),
    }
}

/// The page with the first table below this heading replaced.
fn with_table(page: &str, heading: &str, rows: &[Vec<String>]) -> String {
    let heading = format!("\n{heading}\n");
    let (before, after) = page.split_once(&heading).unwrap_or_else(|| panic!("no{heading}"));
    let (between, table) = after.split_once("\n|").unwrap();
    let end = table.find("\n\n").unwrap_or(table.trim_end().len());
    let (head, rows) = rows.split_first().unwrap();
    let line = |cells: &Vec<String>| format!("| {} |\n", cells.join(" | "));
    let body: String = rows.iter().map(line).collect();
    let rule = format!("|{}\n", "---|".repeat(head.len()));
    let rest = &table[end..];
    let new = format!("{}{rule}{body}", line(head));
    format!("{before}{heading}{between}\n{}{rest}", new.trim_end())
}

/// The cells of a row; a bar inside one would end it.
fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect()
}

fn address(op: &OpDef) -> String {
    let method = match op.route.method {
        Method::Get => "GET",
        Method::Post => "POST",
        Method::Patch => "PATCH",
        Method::Delete => "DELETE",
    };
    let path = op.route.path.trim_start_matches("/api/v1");
    format!("`{method} {path}`")
}

/// The first sentence of an operation's description.
fn sentence(op: &OpDef) -> String {
    let text = op.description().replace('\n', " ");
    let end = text.find(". ").map_or(text.len(), |at| at + 1);
    text[..end].to_owned()
}

fn tools() -> Vec<Vec<String>> {
    let tools = OPS.iter().filter(|op| op.tool);
    let rows = tools.map(|op| row([&format!("`{}`", op.name), &address(op), &sentence(op)]));
    [row(["tool", "REST", "what it does"])].into_iter().chain(rows).collect()
}

fn operations() -> Vec<Vec<String>> {
    let rows = OPS.iter().map(|op| {
        let key = if op.access == Access::Account { "yes" } else { "no" };
        row([&format!("`{}`", op.name), &address(op), key, &parameters(op)])
    });
    [row(["operation", "route", "key", "parameters"])].into_iter().chain(rows).collect()
}

/// The parameters that are not in the path.
fn parameters(op: &OpDef) -> String {
    let schema = (op.input)().to_value();
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let names = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name);
    let names = names.filter(|name| !op.route.path.contains(&format!("{{{name}}}")));
    let star = |name: &String| if required.contains(&json!(name)) { r"\*" } else { "" };
    names.map(|name| format!("`{name}`{}", star(name))).collect::<Vec<_>>().join(", ")
}

/// The fields of an order, from the schema of those that take several.
fn orders() -> Vec<Vec<String>> {
    let of_trades = |op: &OpDef| (op.input)().to_value()["properties"]["trades"]["items"].clone();
    let order = OPS.iter().map(of_trades).find(Value::is_object).unwrap();
    let required = order["required"].as_array().unwrap();
    let fields = order["properties"].as_object().unwrap().iter().map(|(name, field)| {
        let star = if required.contains(&json!(name)) { r"\*" } else { "" };
        let meaning = field["description"].as_str().unwrap_or_default();
        row([&format!("`{name}`{star}"), &kind(field), meaning])
    });
    [row(["field", "type", "meaning"])].into_iter().chain(fields).collect()
}

/// The type of a field, or the words it may be.
fn kind(field: &Value) -> String {
    let words = field["enum"].as_array().cloned().or_else(|| {
        let variants = field["oneOf"].as_array()?;
        Some(variants.iter().map(|it| it["const"].clone()).collect())
    });
    match words {
        Some(words) => {
            let words: Vec<String> =
                words.iter().map(|it| format!("`{}`", it.as_str().unwrap())).collect();
            words.join(", ")
        }
        None => field["type"].as_str().unwrap().to_owned(),
    }
}

fn limits() -> Vec<Vec<String>> {
    let port = Limits::default();
    let seconds = |it: std::time::Duration| format!("{} s", it.as_secs());
    let fixed = [
        row(["orders in one call", &grouped(ORDERS_PER_TURN_MAX as u64)]),
        row(["orders that wait in one run", &grouped(WORKING_ORDERS_MAX as u64)]),
        row(["units of one order", &grouped(QUANTITY_MAX.unsigned_abs())]),
        row(["a limit or stop price", &grouped(PRICE_MAX.unsigned_abs())]),
        row(["bytes of a body", &grouped(BODY_BYTES_MAX as u64)]),
        row(["connections from one address", &grouped(port.connections_per_address as u64)]),
        row(["time for a body to arrive", &seconds(port.body)]),
        row(["time for an answer", &seconds(port.answer)]),
    ];
    let head = row(["what", "at most"]);
    [head]
        .into_iter()
        .chain(fixed)
        .chain(OPS.iter().filter(|op| op.tool).flat_map(bounds))
        .collect()
}

/// What the schema of an operation says of its parameters' sizes.
fn bounds(op: &OpDef) -> Vec<Vec<String>> {
    let schema = (op.input)().to_value();
    let properties = schema["properties"].as_object().cloned().unwrap_or_default();
    let rows = properties.iter().filter_map(|(name, property)| {
        let most = |word: &str| property[word].as_u64().map(grouped);
        let most = most("maximum")
            .or_else(|| Some(format!("{} items", most("maxItems")?)))
            .or_else(|| Some(format!("{} characters", most("maxLength")?)))?;
        Some(row([&format!("`{name}` of `{}`", op.name), &most]))
    });
    rows.collect()
}

/// 1234567 as 1,234,567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let (head, rest) = digits.split_at(head);
    let groups = rest.as_bytes().chunks(3).map(|it| str::from_utf8(it).unwrap());
    [head].into_iter().filter(|it| !it.is_empty()).chain(groups).collect::<Vec<_>>().join(",")
}

/// An error of every code.
fn failures() -> Vec<Error> {
    let symbol = || "NVDA".to_owned();
    vec![
        Error::malformed_body("expected `,` or `}` at line 1 column 27"),
        Error::refused(Refusal::Orders(vec![(0, Reject::NoLong { symbol: symbol() })]), "trades"),
        Error::invalid_field("trades[0].quantity", "expected a number"),
        Error::key_required(),
        Error::key_invalid(),
        Error::foreign_run(),
        Error::no_such_run(),
        Error::method_not_allowed("PUT", "/api/v1/runs"),
        Error::not_acceptable(
            "image/png",
            "application/json, text/csv, application/vnd.apache.arrow.stream",
            ".json, .csv, .arrow",
        ),
        Error::too_slow(),
        Error::key_reused(),
        Error::body_too_large(BODY_BYTES_MAX),
        Error::too_many("calls of this account", Duration::from_millis(1)),
        used_up(true),
        used_up(false),
        Error::scope_required("bottrade:trade"),
        Error::internal("an example"),
        Error::nothing_sold(),
        Error::no_room(),
        Error::malformed_request("no colon in a header"),
    ]
}

/// The refusal of a run more than the month of a plan has.
fn used_up(payable: bool) -> Error {
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    let limit = RunLimit {
        runs_used: if payable { 25 } else { 1_000 },
        runs_limit: if payable { 25 } else { 1_000 },
        resets_at: at("2030-02-01T00:00:00Z"),
        checkout_url: "https://example.com/pricing".into(),
        upgrade_hint: if payable { "pro has more" } else { "there is no larger plan" }.into(),
    };
    let plan = if payable { "free" } else { "max" };
    Error::run_limit(plan, payable, limit, at("2030-01-15T00:00:00Z"))
}

/// Codes that no agent meets: only a browser on a page of another site does.
const OF_BROWSERS: &[&str] = &["foreign_origin"];

/// Every code that the source of the errors names.
fn codes() -> BTreeSet<String> {
    let folder = fs::read_dir(root().join("src/error")).unwrap();
    let source: String = folder.map(|it| fs::read_to_string(it.unwrap().path()).unwrap()).collect();
    let names = source.split("Code::").skip(1).map(|rest| {
        let end = rest.find(|it: char| !it.is_alphanumeric()).unwrap_or(rest.len());
        snake_case(&rest[..end])
    });
    names.collect()
}

fn snake_case(name: &str) -> String {
    let word = |letter: char| {
        let low = letter.to_ascii_lowercase();
        if letter.is_ascii_uppercase() { format!("_{low}") } else { low.to_string() }
    };
    name.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
}

#[test]
fn every_code_that_an_agent_meets_has_its_example() {
    let shown: BTreeSet<String> =
        failures().iter().map(|it| json!(it.code).as_str().unwrap().to_owned()).collect();
    let codes = codes();
    assert!(codes.len() > 10, "{codes:?}");
    let missing: Vec<_> = codes.difference(&shown).collect();
    let missing: Vec<_> = missing.iter().filter(|it| !OF_BROWSERS.contains(&it.as_str())).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");
}

fn errors() -> Vec<Vec<String>> {
    let mut failures = failures();
    failures.sort_by_key(|error| error.status().as_u16());
    let rows = failures.iter().map(|error| {
        let code = json!(error.code);
        let (code, status) = (code.as_str().unwrap(), error.status().as_u16().to_string());
        row([&status, &format!("`{code}`"), &error.message, error.hint.as_deref().unwrap()])
    });
    [row(["status", "code", "for example", "what to do next"])].into_iter().chain(rows).collect()
}

#[test]
fn a_table_is_replaced_and_nothing_else() {
    let page = "# A\n\n## T\n\ntext\n\n| old |\n|---|\n| 1 |\n\nafter\n";
    let new = with_table(page, "## T", &[row(["a", "b"]), row(["1", "x|y"])]);
    assert_eq!(new, "# A\n\n## T\n\ntext\n\n| a | b |\n|---|---|\n| 1 | x\\|y |\n\nafter\n");
    let last = "\n## T\n\n| old |\n|---|\n";
    assert_eq!(with_table(last, "## T", &[row(["a"])]), "\n## T\n\n| a |\n|---|\n");
    assert_eq!([grouped(7), grouped(1_000), grouped(123_456)], ["7", "1,000", "123,456"]);
}
