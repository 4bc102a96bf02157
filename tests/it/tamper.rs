//! Damage that no server does.

use std::path::Path;

use rusqlite::Connection;

/// Changes rows of a database behind the server's back, past the triggers that forbid it; how many.
pub(crate) fn tamper(database: &Path, sql: &str) -> usize {
    let file = Connection::open(database).unwrap();
    let triggers: Vec<String> = file
        .prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for trigger in triggers {
        file.execute(&format!("DROP TRIGGER {trigger}"), []).unwrap();
    }
    file.execute(sql, []).unwrap()
}
