//! Calls as tests have played them: a tool's is the example of its page, and in `recorded/` is what
//! REST answers to the calls that have no page, or in full where the page is concise.
//!
//! Ids and digests differ from call to call. Stand-ins such as `<new run>` and `<id 2>` are kept in
//! their places, and the document shows an id of its own for each.

use rust_embed::Embed;
use serde_json::{Map, Value, json};

use super::example::{ORDER, RUN};
use crate::{
    error::Dialect,
    ops::{OpDef, page},
};

#[derive(Embed)]
#[folder = "src/api/openapi/recorded/"]
struct Recorded;

/// The request on the page of an operation.
pub(super) fn request(op: &OpDef) -> Option<Map<String, Value>> {
    json(page::fenced(&op.page(), page::REQUEST)?)
}

/// What the operation answers over REST: the members of a media type that show examples.
pub(super) fn answer(op: &OpDef) -> Map<String, Value> {
    let shown: Option<Value> = page::fenced(&op.page(), page::RESPONSE).and_then(json);
    // What a model is shown of the bots' contract leaves out what this one promises.
    let shown = shown.filter(|_| op.dialect == Dialect::Benchmark);
    let shown = shown.map(|answer| op.route.shown(answer));
    let file = Recorded::get(&format!("{}.json", op.name));
    let recorded: Option<Value> = file.and_then(|it| json(str::from_utf8(&it.data).ok()?));
    let (name, examples) = match (shown, recorded) {
        (Some(concise), Some(detailed)) => {
            let both =
                json!({ "detailed": { "value": detailed }, "concise": { "value": concise } });
            ("examples", both)
        }
        (Some(only), None) | (None, Some(only)) => ("example", only),
        (None, None) => return Map::new(),
    };
    Map::from_iter([(name.to_owned(), examples)])
}

/// JSON with an id in the place of every stand-in.
fn json<T: serde::de::DeserializeOwned>(text: &str) -> Option<T> {
    let mut parts = text.split('<');
    let mut filled = parts.next()?.to_owned();
    for part in parts {
        let named = part.split_once('>').and_then(|(name, rest)| Some((stand_in(name)?, rest)));
        match named {
            Some((id, rest)) => filled.extend([&id, rest]),
            None => filled.extend(["<", part]),
        }
    }
    serde_json::from_str(&filled).ok()
}

/// What this stand-in stands for.
fn stand_in(name: &str) -> Option<String> {
    match name.rsplit_once(' ')? {
        (_, "run") => Some(RUN.into()),
        (_, "order") => Some(ORDER.into()),
        ("id", number) => {
            Some(format!("5b0f3f0a-7a39-5a52-8c0e-{:012x}", number.parse::<u64>().ok()?))
        }
        ("digest", number) => Some(format!("{:064x}", number.parse::<u64>().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins_are_filled_in_and_nothing_else() {
        let text =
            r#"{ "a": "<held run>", "b": ["<id 10>", "<id x>"], "c": "1 < 2 <b> > <", "d": 0 }"#;
        let value: Value = json(text).unwrap();
        let expected = json!({ "a": RUN, "b": ["5b0f3f0a-7a39-5a52-8c0e-00000000000a", "<id x>"],
            "c": "1 < 2 <b> > <", "d": 0 });
        assert_eq!(value, expected);
        let digest: String = json("\"<digest 1>\"").unwrap();
        assert_eq!((digest.len(), &digest[62..]), (64, "01"));
    }
}
