//! Every problem of a request at once.
//!
//! A reader stops at the first thing it cannot read. Here each problem is mended once it is
//! named, and the rest is read again, so that one answer tells them all in the reader's words.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::{Path, Segment};

use super::plain;
use crate::{error::FieldProblem, scenarios::symbols::nearest};

/// Problems of one call that are told.
const PROBLEMS_MAX: usize = 20;

/// A problem, and how to go on without it.
struct Found {
    problem: FieldProblem,
    mend: Mend,
}

/// What makes a request readable again.
enum Mend {
    /// Members that the object lacks.
    Give(String),
    /// A member that the object cannot have.
    Drop(String),
    /// Another value.
    Replace,
}

/// The problems of a request that `T` cannot be read from, in the order of reading.
pub(super) fn problems<T: DeserializeOwned>(mut input: Value, schema: &Value) -> Vec<FieldProblem> {
    let mut problems: Vec<FieldProblem> = Vec::new();
    while let Err(error) = serde_path_to_error::deserialize::<_, T>(&input) {
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        let found = found(error.path(), &plain(&error.inner().to_string()), schema);
        // What was mended and is still wrong cannot be mended.
        let again = problems.iter().any(|it| it.location == found.problem.location);
        if again || problems.len() == PROBLEMS_MAX {
            break;
        }
        problems.push(found.problem);
        if mend(&mut input, schema, &path, &found.mend).is_none() {
            break;
        }
    }
    problems
}

fn found(path: &Path, message: &str, schema: &Value) -> Found {
    let quoted = |start: &str| Some(message.strip_prefix(start)?.split_once('`')?.0.to_owned());
    let place = path.to_string();
    let below = |name: &str| match place.as_str() {
        "" | "." => name.to_owned(),
        place if place == name || place.ends_with(&format!(".{name}")) => place.to_owned(),
        place => format!("{place}.{name}"),
    };
    if let Some(name) = quoted("missing field `") {
        let problem = FieldProblem { location: below(&name), message: message.to_owned() };
        return Found { problem, mend: Mend::Give(name) };
    }
    if let Some(name) = quoted("unknown field `") {
        let known = schema_at(schema, path.iter()).and_then(|it| it["properties"].as_object());
        let near = nearest(&name, known.into_iter().flat_map(Map::keys).map(String::as_str));
        let message = match near.first() {
            Some(near) => format!("unknown field `{name}`; did you mean `{near}`?"),
            None => message.to_owned(),
        };
        let problem = FieldProblem { location: below(&name), message };
        return Found { problem, mend: Mend::Drop(name) };
    }
    let place = if place == "." { "input".to_owned() } else { place };
    let problem = FieldProblem { location: place, message: message.to_owned() };
    Found { problem, mend: Mend::Replace }
}

/// The schema of a place; that of the object around it, where the place is unknown.
fn schema_at<'a>(
    mut schema: &'a Value,
    path: impl Iterator<Item = &'a Segment>,
) -> Option<&'a Value> {
    for segment in path {
        match segment {
            Segment::Seq { .. } => schema = schema.get("items")?,
            Segment::Map { key } => match schema.get("properties")?.get(key) {
                Some(inner) => schema = inner,
                None => return Some(schema),
            },
            Segment::Enum { .. } | Segment::Unknown => return None,
        }
    }
    Some(schema)
}

/// Makes the place readable; `None` when there is no such place.
fn mend(input: &mut Value, schema: &Value, path: &[Segment], mend: &Mend) -> Option<()> {
    let schema_here = schema_at(schema, path.iter());
    match mend {
        Mend::Give(name) => {
            let given = sample(&schema_here?["properties"][name]);
            place(input, path)?.as_object_mut()?.insert(name.clone(), given);
        }
        Mend::Drop(name) => {
            let object = match path.last() {
                Some(Segment::Map { key }) if key == name => &path[..path.len() - 1],
                _ => path,
            };
            place(input, object)?.as_object_mut()?.shift_remove(name)?;
        }
        Mend::Replace => *place(input, path)? = sample(schema_here?),
    }
    Some(())
}

fn place<'a>(input: &'a mut Value, path: &[Segment]) -> Option<&'a mut Value> {
    path.iter().try_fold(input, |value, segment| match segment {
        Segment::Seq { index } => value.get_mut(index),
        Segment::Map { key } => value.get_mut(key),
        Segment::Enum { .. } | Segment::Unknown => None,
    })
}

/// The simplest value of a schema.
fn sample(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match schema["type"].as_str() {
        Some("integer" | "number") => 1.into(),
        Some("boolean") => false.into(),
        Some("array") => Value::Array(Vec::new()),
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten();
            let names = required.filter_map(Value::as_str);
            let member = |name: &str| (name.to_owned(), sample(&schema["properties"][name]));
            names.map(member).collect::<Map<_, _>>().into()
        }
        _ => "x".into(),
    }
}
