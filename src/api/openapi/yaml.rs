//! JSON as YAML in block style, for those who read it.
//!
//! Keys and texts stay quoted as in JSON: YAML reads those quotes the same way, and no word is
//! taken for a number or a truth.

use serde_json::Value;

/// The value as a YAML 1.2 document.
pub(in crate::api) fn to_yaml(value: &Value) -> String {
    let mut text = String::new();
    block(value, 0, &mut text);
    text
}

/// Writes a value on lines of its own at this depth; what has no lines goes on the current one.
fn block(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                text.push_str(&"  ".repeat(depth));
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                below(value, depth, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                text.push_str(&"  ".repeat(depth));
                text.push('-');
                below(item, depth, text);
            }
        }
        scalar => {
            text.push_str(&scalar.to_string());
            text.push('\n');
        }
    }
}

/// Writes what stands behind a key or a dash.
fn below(value: &Value, depth: usize, text: &mut String) {
    let nested = match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    text.push(if nested { '\n' } else { ' ' });
    block(value, depth + 1, text);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nesting_is_indentation() {
        let value = json!({ "a": { "on": "no", "list": [1, [true, null], {}, { "b": "x\ny: #é" }] },
            "empty": [], "n": 0.5 });
        let text = "\"a\":\n  \"on\": \"no\"\n  \"list\":\n    - 1\n    -\n      - true\n      \
            - null\n    - {}\n    -\n      \"b\": \"x\\ny: #é\"\n\"empty\": []\n\"n\": 0.5\n";
        assert_eq!(to_yaml(&value), text);
    }
}
