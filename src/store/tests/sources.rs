//! What the sources promise about their SQL: portable, and every tenant's row under its owner.

use crate::store::migrations::MIGRATIONS;

const NOUNS: &[(&str, &str)] = &[
    ("accounts", include_str!("../accounts.rs")),
    ("audit", include_str!("../audit.rs")),
    ("billing", include_str!("../billing.rs")),
    ("clients", include_str!("../clients.rs")),
    ("erasure", include_str!("../erasure.rs")),
    ("feed", include_str!("../feed.rs")),
    ("grants", include_str!("../grants.rs")),
    ("identities", include_str!("../identities.rs")),
    ("sessions", include_str!("../sessions.rs")),
    ("tickets", include_str!("../tickets.rs")),
    ("idempotency", include_str!("../idempotency.rs")),
    ("journal", include_str!("../journal.rs")),
    ("keys", include_str!("../keys.rs")),
    ("links", include_str!("../links.rs")),
    ("paper", include_str!("../paper.rs")),
    ("runs", include_str!("../runs.rs")),
    ("scenarios", include_str!("../scenarios.rs")),
    ("scores", include_str!("../scores.rs")),
    ("usage", include_str!("../usage.rs")),
];

const TENANT_TABLES: &[&str] = &[
    "api_keys",
    "audit",
    "bot_usage",
    "checkouts",
    "customers",
    "grants",
    "idempotency",
    "identities",
    "journal",
    "paper_accounts",
    "paper_journal",
    "run_links",
    "runs",
    "scores",
    "sessions",
    "tokens",
];
const REASONS: &[&str] = &[
    "/* public */",
    "/* by run */",
    "/* by paper account */",
    "/* by hash */",
    "/* by identity */",
    "/* by grant */",
    "/* by stripe */",
    "/* upkeep */",
];
const VERBS: [&str; 4] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "];

/// The string literals of a source that are SQL, on one line each. Those that a `concat!` macro
/// completes are judged by their rest, which is where the condition stands.
fn statements(source: &str) -> Vec<String> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.map(str::trim_start).collect::<Vec<_>>().join(" ").replace("\\ ", "");
    let sql = |text: &&str| {
        let text = REASONS
            .iter()
            .fold(*text, |text, reason| text.strip_prefix(reason).unwrap_or(text).trim_start());
        VERBS.iter().any(|verb| text.starts_with(verb)) && text.len() > 12
    };
    code.split('"').filter(sql).map(str::to_owned).collect()
}

fn names_table(sql: &str, table: &str) -> bool {
    let words: Vec<&str> = sql.split([' ', '(', ')', ',']).collect();
    words
        .windows(2)
        .any(|pair| matches!(pair[0], "FROM" | "INTO" | "UPDATE" | "JOIN") && pair[1] == table)
}

#[test]
fn every_statement_on_a_tenants_table_names_its_owner_or_says_why_not() {
    let mut judged = 0;
    for (noun, source) in NOUNS {
        for sql in statements(source) {
            // The select macro of runs takes its reason and its condition as arguments.
            let tenant = TENANT_TABLES.iter().any(|table| names_table(&sql, table));
            if !tenant || sql.ends_with("FROM runs ") {
                continue;
            }
            judged += 1;
            let excused = REASONS.iter().any(|reason| sql.starts_with(reason));
            let insert = sql.starts_with("INSERT") && sql.contains("account_id");
            let owned = insert || sql.contains("account_id = $");
            assert!(excused || owned, "{noun}.rs: {sql}");
        }
    }
    assert!(judged >= 34, "only {judged} statements were found");
    let runs = NOUNS.iter().find(|(noun, _)| *noun == "runs").unwrap().1;
    let runs = runs.replace("\\\n", "");
    for call in runs.split("select_run!(").skip(1) {
        let call = call.split(");").next().unwrap();
        let excused = REASONS.iter().any(|reason| call.contains(reason));
        assert!(excused || call.contains("account_id = $1"), "select_run!({call})");
    }
}

#[test]
fn the_sql_stays_in_the_subset_of_both_engines() {
    let alien = [
        "AUTOINCREMENT",
        "INTEGER",
        "BLOB",
        "REAL",
        "BOOLEAN",
        "JSONB",
        "DATETIME",
        "REPLACE",
        "IFNULL",
        "STRFTIME",
        "ROWID",
        "GLOB",
        "PRAGMA",
        "NOW(",
        "::",
        "WITHOUT",
    ];
    let code = |sql: &str| sql.lines().filter(|line| !line.starts_with("--")).collect::<String>();
    let schema = MIGRATIONS.iter().map(|step| code(step.sql));
    let texts = NOUNS.iter().flat_map(|(_, source)| statements(source)).chain(schema);
    for sql in texts {
        let upper = sql.to_uppercase();
        for word in alien {
            assert!(!upper.contains(word), "{word} in {sql}");
        }
        assert!(!sql.contains('?'), "{sql}");
    }
}
