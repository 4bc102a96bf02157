//! Schemas of requests and answers, to the letter and as a model reads them: one type is JSON,
//! schema and error path.

use schemars::{
    JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings, transform::RecursiveTransform,
};
use serde_json::{Value, json};

use super::decimal::NUMBER_OR_TEXT;

/// The schema of a request as a model reads it: inlined, without words that cost tokens and tell
/// nothing.
pub(crate) fn lean_schema<T: JsonSchema>() -> Schema {
    inlined(SchemaSettings::draft2020_12(), lean).into_root_schema_for::<T>()
}

/// The schema of a request's body to the letter: where null stands for an absent field, it says so.
pub(crate) fn body_schema<T: JsonSchema>() -> Schema {
    inlined(SchemaSettings::draft2020_12(), plain_words).into_root_schema_for::<T>()
}

/// The schema of an answer.
pub(crate) fn output_schema<T: JsonSchema>() -> Schema {
    inlined(SchemaSettings::draft2020_12().for_serialize(), answer).into_root_schema_for::<T>()
}

fn inlined(settings: SchemaSettings, transform: fn(&mut Schema)) -> SchemaGenerator {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
        settings.transforms.push(Box::new(RecursiveTransform(transform)));
    });
    settings.into_generator()
}

/// The format of an instant, the only one that says more than the type.
pub(crate) const INSTANT: &str = "date-time";

/// Drops other formats, `title` and null defaults; words become a plain `enum`.
fn plain_words(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if object.get("format").is_some_and(|it| it != INSTANT) {
        object.remove("format");
    }
    object.remove("title");
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
    if let Some(words) = object.get("oneOf").and_then(constants) {
        object.remove("oneOf");
        object.insert("enum".into(), words);
    }
}

/// Limits from here on are not worth a word to a model: nobody asks for so much.
const LIMIT_MIN: f64 = 1e9;

/// Drops patterns, lengths, huge limits and null alternatives too: errors name them when they
/// matter, and an absent field is shorter than null.
fn lean(schema: &mut Schema) {
    without_null(schema);
    plain_words(schema);
    schema.remove("pattern");
    schema.remove("maxLength");
    if schema.get("type") == Some(&json!(NUMBER_OR_TEXT)) {
        schema.insert("type".into(), json!("number"));
    }
    for limit in ["minimum", "maximum"] {
        if schema.get(limit).and_then(Value::as_f64).is_some_and(|it| it.abs() >= LIMIT_MIN) {
            schema.remove(limit);
        }
    }
}

/// A member that may be absent is never null instead.
fn answer(schema: &mut Schema) {
    plain_words(schema);
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for (name, property) in properties.into_iter().flatten() {
        if !required.iter().any(|it| it == name)
            && let Ok(property) = property.try_into()
        {
            without_null(property);
        }
    }
}

fn without_null(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(words)) = object.get_mut("enum") {
        words.retain(|it| !it.is_null());
    }
    if let Some(Value::Array(options)) = object.get_mut("anyOf") {
        options.retain(|it| it["type"] != "null");
        if let [Value::Object(only)] = options.as_slice() {
            let mut only = only.clone();
            object.remove("anyOf");
            // What is said of the field goes before what is said of its type, and a choice of
            // words speaks for itself.
            let words =
                only.contains_key("enum") || only.get("oneOf").and_then(constants).is_some();
            if words || object.contains_key("description") {
                only.remove("description");
            }
            object.extend(only);
        }
    }
}

/// The words of alternatives that are constants each.
fn constants(alternatives: &Value) -> Option<Value> {
    alternatives.as_array()?.iter().map(|it| it.get("const").cloned()).collect()
}
